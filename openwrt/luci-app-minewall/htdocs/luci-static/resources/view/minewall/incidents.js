'use strict';
'require view';
'require dom';
'require ui';
'require minewall.common as mw';
'require minewall.reasons as rules';

/* Incidents: which host mines where and how much; all that is known of one; files for others. */

/* The columns of the CSV file: those of `minewall incidents --format csv`. */
const COLUMNS = [
	[ 'id', (i) => i.id ],
	[ 'state', (i) => i.state ],
	[ 'first_utc', (i) => utc(i.first_us) ],
	[ 'last_utc', (i) => utc(i.last_us) ],
	[ 'ip', (i) => i.ip ],
	[ 'mac', (i) => i.mac ],
	[ 'hostname', (i) => i.who?.hostname ],
	[ 'account', (i) => i.who?.account ],
	[ 'unit', (i) => i.who?.unit ],
	[ 'room', (i) => i.who?.room ],
	[ 'person', (i) => i.who?.person ],
	[ 'contact', (i) => i.who?.contact ],
	[ 'coin', (i) => i.coin ],
	[ 'pool', (i) => i.pool ],
	[ 'endpoint', (i) => (i.endpoints ?? []).slice(-1)[0] ],
	[ 'wallet', (i) => i.wallet ],
	[ 'rigs', (i) => i.rigs?.count ],
	[ 'attempts', (i) => i.attempts ],
	[ 'blocked', (i) => i.blocked ],
	[ 'sessions', (i) => i.sessions ],
	[ 'active_s', (i) => i.total?.active_s ],
	[ 'accepted', (i) => i.total?.accepted ],
	[ 'hashrate', (i) => i.hashrate?.value ],
	[ 'hashrate_low', (i) => i.hashrate?.low ],
	[ 'hashrate_high', (i) => i.hashrate?.high ],
	[ 'declared', (i) => i.declared ],
	[ 'watts', (i) => i.energy?.watts ],
	[ 'kwh', (i) => i.energy?.kwh ],
	[ 'kwh_low', (i) => i.energy?.low_kwh ],
	[ 'kwh_high', (i) => i.energy?.high_kwh ]
];

/* Days shown of one incident. */
const DAYS = 14;

/* Rows shown at one time: a browser of a telephone holds no more with ease. */
const ROWS = 200;

function utc(us) {
	return new Date(us / 1000).toISOString().slice(0, 19).replace('T', ' ');
}

/* A text of others is no formula of a spreadsheet, whatever it begins with. */
function cell(value) {
	let text = String(value ?? '');

	if (typeof(value) === 'string' && /^[=+\-@\t\r]/.test(text))
		text = "'" + text;

	return /[",\r\n]/.test(text) ? '"%s"'.format(text.replace(/"/g, '""')) : text;
}

/* Whether what was typed is part of something that names the host. */
function isHost(incident, wanted) {
	const who = incident.who ?? {};
	const names = [ incident.ip, incident.mac, incident.mac?.replace(/-/g, ':'), who.hostname, who.account, who.person, who.unit, who.room ].concat(who.addresses ?? []);

	return names.some((name) => name && name.toLowerCase().includes(wanted));
}

/* What the number of rigs is known by, as the core says it with its number. */
function known(reason) {
	const clauses = {
		'one connection at a time, without a name': _('one connection at a time, without a name'),
		'one name of a worker': _('one name of a worker'),
		'%d names of workers': _('%d names of workers'),
		'%d connections at one time': _('%d connections at one time'),
		'%d names of workers, several connections at one time': _('%d names of workers, several connections at one time')
	};
	const number = /\d+/.exec(reason)?.[0], clause = clauses[reason.replace(/\d+/, '%d')];

	return clause ? clause.format(number) : reason;
}

return view.extend({
	/* The status is asked for the gateway's clock alone. */
	load: function() {
		return Promise.all([ mw.incidents(null), mw.status() ]);
	},

	chosen: function() {
		const wanted = this.fields.host.value.trim().toLowerCase(), { coin, pool, state } = this.fields;

		return this.incidents.filter((incident) =>
			(!wanted || isHost(incident, wanted)) &&
			(!coin.value || incident.coin === coin.value) &&
			(!pool.value || mw.poolOf(incident) === pool.value) &&
			(!state.value || (state.value === 'open') === mw.isOpen(incident)));
	},

	/* What may be chosen: what there is. */
	fill: function(select, all, values) {
		const before = select.value, newest = [ '', ...Array.from(new Set(values)).filter((value) => value).sort() ];

		/* A list that somebody has opened is left alone where nothing has changed. */
		if (newest.length === select.options.length && newest.every((value, at) => value === select.options[at].value))
			return;

		dom.content(select, newest.map((value) => E('option', { 'value': value }, [ value || all ])));
		select.value = newest.includes(before) ? before : '';
	},

	state: function(incident) {
		if (!mw.isOpen(incident))
			return mw.badge('plain', _('ended'));
		if (incident.exemption)
			return mw.badge('good', _('approved'));
		return incident.blocked >= incident.attempts ? mw.badge('warn', _('cut')) : mw.badge('bad', _('mines'));
	},

	rate: function(incident) {
		if (incident.hashrate)
			return mw.rate(incident.hashrate.value, incident.algorithm);
		return incident.declared ? _('%s (declared)').format(mw.rate(incident.declared, incident.algorithm)) : '–';
	},

	row: function(incident) {
		const host = [ E('strong', { 'class': 'mw-break' }, [ mw.host(incident) ]) ];

		if (incident.who?.hostname)
			host.push(E('div', { 'class': 'mw-small' }, [ incident.ip ]));
		if (incident.who?.unit)
			host.push(E('div', { 'class': 'mw-small' }, [ [ incident.who.unit, incident.who.room ].filter((word) => word).join(' · ') ]));

		return [
			this.state(incident), host, incident.coin ?? '–', E('span', { 'class': 'mw-break' }, [ mw.poolOf(incident) || '–' ]), mw.whole(this.rate(incident)),
			incident.energy ? mw.whole(mw.scaled(incident.energy.watts, 'W')) : '–',
			_('%s, %s cut').format(mw.count(incident.attempts), mw.count(incident.blocked)),
			E('span', { 'title': mw.moment(incident.last_us) }, [ mw.ago(incident.last_us) ]),
			E('button', { 'class': 'btn cbi-button', 'data-incident': incident.id, 'click': ui.createHandlerFn(this, 'open', incident) }, [ _('Details') ])
		];
	},

	refill: function() {
		const chosen = this.chosen(), focused = document.activeElement?.getAttribute('data-incident');

		dom.content(this.fields.count, [ _('%d of %d').format(chosen.length, this.incidents.length) ]);
		dom.content(this.place, [ mw.trouble(this.told), chosen.length
			? mw.table([ _('State'), _('Host'), _('Coin'), _('Pool'), _('Hashrate'), _('Power'), _('Sightings'), _('Last seen'), '' ], chosen.slice(0, ROWS).map((incident) => this.row(incident)))
			: this.told.isKnown ? mw.placeholder(this.incidents.length ? _('No incident is like that.') : _('No mining was seen.')) : E([]),
			chosen.length > ROWS ? mw.placeholder(_('%d more are not shown: choose fewer, or export them.').format(chosen.length - ROWS)) : E([]) ]);

		/* Whoever goes by keys stays where they were. */
		if (focused)
			this.place.querySelector('[data-incident="%s"]'.format(CSS.escape(focused)))?.focus({ preventScroll: true });
	},

	take: function(told) {
		this.told = told;
		this.incidents = told.list;

		this.fill(this.fields.coin, _('any coin'), this.incidents.map((incident) => incident.coin));
		this.fill(this.fields.pool, _('any pool'), this.incidents.map(mw.poolOf));
		this.refill();
	},

	exportAs: function(kind) {
		const name = 'minewall-%s.%s'.format(utc(Date.now() * 1000).slice(0, 10), kind), chosen = this.chosen();

		if (kind === 'json')
			return mw.save(name, 'application/json', JSON.stringify(chosen, null, '\t') + '\n');

		const lines = [ COLUMNS.map(([ title ]) => title) ].concat(chosen.map((incident) => COLUMNS.map(([ , read ]) => cell(read(incident)))));

		return mw.save(name, 'text/csv;charset=utf-8', lines.map((line) => line.join(',')).join('\r\n') + '\r\n');
	},

	who: function(incident) {
		const who = incident.who ?? {}, join = (...words) => words.filter((word) => word).join(' · ');

		return mw.sheet([
			[ _('Host'), join(who.hostname, incident.ip) ],
			[ _('Also seen as'), (who.addresses ?? []).filter((address) => address !== incident.ip).join(', ') ],
			[ _('Hardware address'), who.is_next_hop ? _('%s, of a router between').format(incident.mac) : incident.mac ],
			[ _('Behind'), join(incident.interface, incident.vlan ? _('VLAN %d').format(incident.vlan) : null) ],
			[ _('Account'), who.account ],
			[ _('Unit'), join(who.unit, who.room) ],
			[ _('Person'), join(who.person, who.contact) ],
			[ _('Outside as'), (incident.nat ?? []).join(', ') ]
		]);
	},

	what: function(incident) {
		const sure = { high: _('sure'), medium: _('likely'), low: _('a guess') }[incident.coin_confidence];
		const hardware = { cpu: _('a processor'), gpu: _('graphics cards'), asic: _('a mining machine') }[incident.hardware] ?? incident.hardware;

		return mw.sheet([
			[ _('Coin'), [ incident.coin, sure, incident.algorithm ].filter((word) => word).join(' · ') ],
			[ _('Pool'), incident.pool ],
			[ _('Reached at'), (incident.endpoints ?? []).join(', ') ],
			[ _('Wallet'), incident.wallet ? E('code', { 'class': 'mw-break' }, [ incident.wallet ]) : null ],
			[ _('Protocol'), (incident.dialects ?? []).join(', ') ],
			[ _('Software'), (incident.agents ?? []).join(', ') ],
			[ _('Runs on'), hardware ],
			[ _('Rigs'), incident.rigs?.count ? '%d (%s)'.format(incident.rigs.count, known(incident.rigs.reason)) : null ],
			[ _('Workers'), (incident.rigs?.workers ?? []).join(', ') ]
		]);
	},

	howMuch: function(incident) {
		const rate = incident.hashrate, energy = incident.energy, total = incident.total ?? {};

		return mw.sheet([
			[ _('Seen'), _('%s to %s').format(mw.moment(incident.first_us), mw.moment(incident.last_us)) ],
			[ _('Sightings'), _('%s, %s cut').format(mw.count(incident.attempts), mw.count(incident.blocked)) ],
			[ _('Mined'), incident.sessions ? _('%s in %d sessions').format(mw.span(total.active_s ?? 0), incident.sessions) : _('not at all: it was cut, or only asked') ],
			[ _('Shares'), total.offered ? _('%s offered, %s taken, %s refused').format(mw.count(total.offered), mw.count(total.accepted), mw.count(total.rejected)) : null ],
			[ _('Hashrate'), rate ? _('%s (with 95 %% between %s and %s, by %s shares)').format(mw.rate(rate.value, incident.algorithm), mw.rate(rate.low, incident.algorithm), mw.rate(rate.high, incident.algorithm), mw.count(rate.n)) : null ],
			[ _('Declared'), incident.declared ? mw.rate(incident.declared, incident.algorithm) : null ],
			[ _('Energy, an estimate'), energy ? _('%s kWh (%s to %s), %s while it mines').format(mw.number(energy.kwh), mw.number(energy.low_kwh), mw.number(energy.high_kwh), mw.scaled(energy.watts, 'W')) : null ],
			[ _('Coal and CO2'), energy ? _('%s kg of coal, %s kg of CO2').format(mw.number(energy.coal_kg), mw.number(energy.co2_kg)) : null ],
			[ _('Came back'), incident.returned_after ? _('after incident %s had ended').format(incident.returned_after) : null ]
		]);
	},

	reasons: function(incident) {
		const sides = { wilful: _('on purpose'), infected: _('infected'), approved: _('approved') };
		const reasons = (incident.reasons ?? []).slice().sort((a, b) => b.weight - a.weight);

		/* The sentence of the incident is English: in another language the rule it follows stands above it. */
		const why = (reason) => {
			const [ when, text ] = rules.rules()[reason.rule] ?? [ '', '' ];

			return when === text ? [ reason.text ] : [ text, E('div', { 'class': 'mw-small' }, [ reason.text ]) ];
		};

		if (!reasons.length)
			return E([]);

		return E([], [
			E('h4', {}, [ _('What speaks for what') ]),
			E('p', { 'class': 'mw-small' }, [ _('Weights of 100. People decide.') ]),
			mw.table([ _('Speaks for'), _('Weight'), _('Why') ], reasons.map((reason) => [
				mw.badge({ wilful: 'bad', infected: 'warn', approved: 'good' }[reason.side] ?? 'plain', sides[reason.side] ?? reason.side), '%d'.format(reason.weight), why(reason)
			]))
		]);
	},

	days: function(incident) {
		const days = (incident.days ?? []).slice(-DAYS);

		if (days.length < 2)
			return E([]);

		return E([], [
			E('h4', {}, [ _('Sightings by day') ]),
			mw.columns(days.map((day) => ({ label: day.date.slice(5), value: day.attempts, title: _('%s: %s sightings').format(day.date, mw.count(day.attempts)) })), _('Sightings by day'))
		]);
	},

	/* When a record was written, as all other times; as it stands there where it is none. */
	time: function(record) {
		const text = String(record['@timestamp'] ?? ''), ms = Date.parse(text);

		return Number.isNaN(ms) ? text : mw.moment(ms * 1000, 19);
	},

	evidence: function(records, wrong) {
		const head = [ E('h4', {}, [ _('Evidence') ]), wrong ? E('p', { 'class': 'mw-break' }, [ _('Records may be missing: %s').format(wrong) ]) : '' ];

		if (!records.length)
			return E([], [ ...head, E('p', { 'class': 'mw-small' }, [ _('The records themselves are kept only where the journal is switched on.') ]) ]);

		return E([], head.concat(records.map((record) => E('div', { 'class': 'mw-record' }, [
			E('div', {}, [ E('strong', {}, [ this.time(record) ]), ' ', String(record.event?.reason ?? '') ]),
			record.rule?.name ? E('div', { 'class': 'mw-small' }, [ _('by'), ' ', String(record.rule.name), ' (', String(record.rule.ruleset ?? ''), ')' ]) : '',
			record.minewall?.excerpt ? E('pre', {}, [ String(record.minewall.excerpt) ]) : ''
		]))));
	},

	/* All that is known of one, with its records where these are kept. */
	open: function(incident) {
		return mw.lines('show', [ incident.id ]).then(({ objects, wrong }) => ({ ...objects[0], wrong }), (error) => ({ wrong: error.message })).then((told) => {
			const whole = told.incident && told.incident.time_us >= incident.time_us ? told.incident : incident;

			ui.showModal([ _('Incident of %s').format(mw.host(whole)) ], [
				E('div', { 'class': 'mw-detail' }, [
					E('p', {}, [ this.state(whole), ' ', E('span', { 'class': 'mw-small' }, [ whole.id ]) ]),
					E('h4', {}, [ _('Who') ]), this.who(whole),
					E('h4', {}, [ _('What') ]), this.what(whole),
					E('h4', {}, [ _('How much') ]), this.howMuch(whole),
					whole.exemption ? E('p', {}, [ _('Approved by %s: %s').format(whole.exemption.owner, whole.exemption.reason) ]) : '',
					this.reasons(whole), this.days(whole), this.evidence(told.records ?? [], told.wrong)
				]),
				E('div', { 'class': 'right mw-buttons' }, [
					E('button', { 'class': 'btn', 'click': () => mw.save('minewall-%s.json'.format(whole.id), 'application/json', JSON.stringify({ incident: whole, records: told.records ?? [] }, null, '\t') + '\n') }, [ _('Export JSON') ]), ' ',
					E('button', { 'class': 'btn cbi-button-neutral', 'id': 'mw-close', 'click': ui.hideModal }, [ _('Close') ])
				])
			], 'mw-modal');
		});
	},

	render: function([ told ]) {
		const refill = L.bind(this.refill, this);
		const select = (id) => E('select', { 'class': 'cbi-input-select', 'id': id, 'change': refill });
		const labelled = (name, field) => E('label', {}, [ E('span', {}, [ name ]), field ]);

		this.place = E('div', { 'id': 'mw-incidents' });
		this.fields = {
			host: E('input', { 'type': 'text', 'class': 'cbi-input-text', 'id': 'mw-host', 'placeholder': _('address, name, person, unit'), 'input': refill, 'value': new URLSearchParams(location.search).get('host') ?? '' }),
			coin: select('mw-coin'), pool: select('mw-pool'), state: select('mw-state'), count: E('span', { 'id': 'mw-count' })
		};

		dom.content(this.fields.state, [ E('option', { 'value': '' }, [ _('any state') ]), E('option', { 'value': 'open' }, [ _('goes on') ]), E('option', { 'value': 'ended' }, [ _('ended') ]) ]);
		this.take(told);

		mw.again(() => Promise.all([ mw.incidents(this.told), mw.status() ]).then(([ again ]) => this.take(again)), 15);

		return E('div', { 'class': 'mw-page' }, [
			mw.style(),
			E('h2', {}, [ _('Incidents') ]),
			E('div', { 'class': 'cbi-map-descr' }, [ _('Everything one host did with one wallet or pool in the last 30 days is one incident.') ]),
			E('div', { 'class': 'cbi-section' }, [
				E('div', { 'class': 'mw-filter' }, [
					labelled(_('Host'), this.fields.host), labelled(_('Coin'), this.fields.coin), labelled(_('Pool'), this.fields.pool), labelled(_('State'), this.fields.state),
					E('span', { 'class': 'mw-filter-end' }, [
						this.fields.count,
						E('button', { 'class': 'btn', 'id': 'mw-csv', 'click': () => this.exportAs('csv') }, [ _('Export CSV') ]),
						E('button', { 'class': 'btn', 'id': 'mw-json', 'click': () => this.exportAs('json') }, [ _('Export JSON') ])
					])
				]),
				this.place
			])
		]);
	},

	handleSaveApply: null,
	handleSave: null,
	handleReset: null
});
