'use strict';
'require view';
'require dom';
'require ui';
'require minewall.common as mw';

/* How minewall fares: mode, pause, figures, hits by host and by day, what `doctor` has to say. */

const HOSTS = 8;
const DAYS = 14;

/* After how long a feed that was not looked at is old. What else may be wrong with it stands on the page of lists. */
const STALE = 7 * 86400;

/* What `doctor` says of a check that is not well, the worst first, and how that is shown. */
const WRONG = { fail: 'error', warn: 'warning' };

function sum(rows, figure) {
	return (rows ?? []).reduce((all, row) => all + (row[figure] ?? 0), 0);
}

/* The last days of the gateway's own calendar, by which incidents are counted: wherever this browser is, the gateway says
   which day it is there. Where it does not, it is the browser's day, or that of the last incident if that is later. */
function dates(today, incidents, count) {
	const days = incidents.flatMap((incident) => (incident.days ?? []).map((day) => day.date));
	const last = new Date((today || [ ...days, new Date(mw.now()).toISOString().slice(0, 10) ].sort().pop()) + 'T00:00:00Z');

	return Array.from({ length: count }, (_unused, at) => new Date(last.getTime() - (count - 1 - at) * 86400000).toISOString().slice(0, 10));
}

function onDay(incident, date) {
	return (incident.days ?? []).find((day) => day.date === date)?.attempts ?? 0;
}

return view.extend({
	load: function() {
		return Promise.all([
			mw.status(),
			mw.incidents(null)
		]);
	},

	tile: function(name, value, more) {
		return E('div', { 'class': 'mw-tile' }, [
			E('div', { 'class': 'mw-tile-name' }, [ name ]),
			E('div', { 'class': 'mw-tile-value' }, [ value ]),
			E('div', { 'class': 'mw-tile-more' }, [ more ?? '\xa0' ])
		]);
	},

	handlePause: function(name, duration) {
		ui.hideModal();

		return this.order(name, [ duration ], _('minewall is paused.'));
	},

	handleResume: function() {
		return this.order('resume', [], _('minewall goes on.'));
	},

	/* Has something done, and says what became of it. */
	order: function(name, more, well) {
		const tell = (text, kind) => ui.addNotification(null, E('p', {}, [ text ]), kind);

		return mw.run(name, more).then((done) => {
			if (done.code)
				tell((done.stderr || done.stdout || _('It failed.')).trim(), 'error');
			else
				tell(well, 'info');
		}, (error) => tell(_('It failed: %s').format(error.message), 'error')).then(() => this.refreshStatus());
	},

	askPause: function() {
		const names = { '10m': _('10 minutes'), '1h': _('1 hour'), '4h': _('4 hours'), '24h': _('24 hours') };
		const time = E('select', { 'class': 'cbi-input-select', 'id': 'mw-pause-time' }, Object.keys(mw.pauses).map((duration) =>
			E('option', { 'value': duration }, [ names[duration] ])));
		const observe = E('input', { 'type': 'checkbox', 'id': 'mw-pause-observe' });

		ui.showModal([ _('Pause minewall') ], [
			E('p', {}, [ _('While it is paused nothing is cut. It goes on by itself afterwards. Who paused it is written down.') ]),
			E('div', { 'class': 'mw-form' }, [
				E('label', { 'for': 'mw-pause-time' }, [ _('For') ]), time,
				E('label', { 'for': 'mw-pause-observe' }, [ _('Go on watching') ]),
				E('span', {}, [ observe, ' ', _('what mines is still written down') ])
			]),
			E('div', { 'class': 'right mw-buttons' }, [
				E('button', { 'class': 'btn', 'click': ui.hideModal }, [ _('Cancel') ]), ' ',
				E('button', { 'class': 'btn cbi-button-negative important', 'id': 'mw-pause-do', 'click': ui.createHandlerFn(this, () => this.handlePause(observe.checked ? 'observe' : 'pause', time.value)) }, [ _('Pause') ])
			])
		]);
	},

	/* Whether it runs, in which mode, since when; and the buttons. */
	renderState: function(status) {
		if (status.error)
			return E('div', { 'class': 'mw-state' }, [
				mw.badge('bad', _('Not running')),
				E('span', { 'class': 'mw-state-text' }, [ status.error.message ]),
				E('a', { 'class': 'btn cbi-button-action', 'href': L.url('admin/services/minewall/settings') }, [ _('Settings') ])
			]);

		const blocks = status.mode === 'block', paused = status.paused;
		const words = [ _('running since %s').format(mw.moment(status.started * 1e6)), status.version, status.backend ].filter((word) => word);

		if (paused) {
			const by = paused.by?.login ?? paused.by?.user ?? '';

			words.unshift([ _('until %s').format(mw.moment(paused.until * 1e6)), by, paused.reason ].filter((word) => word).join(', '));
		}

		if (status.ease > 0)
			words.push(_('under overload: fewer packets of each connection are looked at'));

		return E('div', { 'class': 'mw-state' }, [
			paused ? mw.badge('warn', paused.observe ? _('Paused, watching') : _('Paused'))
				: mw.badge(blocks ? 'good' : 'plain', blocks ? _('Cuts mining') : _('Watches only')),
			E('span', { 'class': 'mw-state-text' }, [ words.join(' · ') ]),
			paused ? E('button', { 'class': 'btn cbi-button-positive', 'id': 'mw-resume', 'click': ui.createHandlerFn(this, 'handleResume') }, [ _('Resume') ])
				: E('button', { 'class': 'btn cbi-button-neutral', 'id': 'mw-pause', 'click': L.bind(this.askPause, this) }, [ _('Pause…') ])
		]);
	},

	/* What never had anything to send is not out of reach. */
	sinkState: function(sink) {
		return sink.connected ? 'up' : sink.errors ? 'down' : 'unused';
	},

	renderTiles: function(status, told) {
		if (status.error)
			return E([]);

		const incidents = told.list, of = (figure, more) => told.isKnown ? [ mw.count(figure), more ] : [ '–', null ];
		const open = incidents.filter(mw.isOpen).length, date = dates(status.today, incidents, 1)[0];
		const today = incidents.reduce((all, incident) => all + onDay(incident, date), 0);
		const hosts = incidents.filter((incident) => onDay(incident, date)).length;
		const dropped = sum(status.queues, 'dropped'), waiting = sum(status.queues, 'waiting');
		const entries = sum(status.lists, 'entries');
		const newest = Math.max(0, ...(status.lists ?? []).map((list) => list.date ?? 0));
		const sinks = status.sinks ?? [], down = sinks.filter((sink) => this.sinkState(sink) === 'down');
		const lost = sum(sinks, 'lost') + (status.lost ?? 0);
		const tiles = [
			this.tile(_('Open incidents'), ...of(open, _('%d seen in 30 days').format(incidents.length))),
			this.tile(_('Sightings today'), ...of(today, _('by %d hosts').format(hosts))),
			this.tile(_('Cut since the start'), mw.count(sum(status.queues, 'cut')), _('%s sightings').format(mw.count(sum(status.queues, 'findings')))),
			this.tile(_('Packets looked at'), mw.count(sum(status.queues, 'packets')), _('%s connections').format(mw.count(sum(status.queues, 'flows')))),
			this.tile(_('Queues'), _('%s waiting').format(mw.count(waiting)), dropped ? _('%s dropped').format(mw.count(dropped)) : _('none dropped')),
			this.tile(_('Listed'), mw.count(entries), newest ? _('newest list: %s').format(mw.ago(newest * 1e6)) : _('no list has a date')),
			this.tile(_('Sinks'), '%d / %d'.format(sinks.length - down.length, sinks.length), lost ? _('%s records lost').format(mw.count(lost)) : _('nothing lost'))
		];
		const verdict = mw.verdict(status);

		if (verdict)
			tiles.splice(5, 0, this.tile(_('Time to verdict'), verdict[0], verdict[1]));

		return E('div', { 'class': 'mw-tiles' }, [ ...tiles ]);
	},

	renderHosts: function(day, incidents) {
		const date = dates(day, incidents, 1)[0], hosts = new Map();

		for (const incident of incidents) {
			const hits = onDay(incident, date);

			if (hits > 0)
				hosts.set(mw.host(incident), (hosts.get(mw.host(incident)) ?? 0) + hits);
		}

		const rows = Array.from(hosts, ([ label, value ]) => ({ label, value, link: '%s?host=%s'.format(L.url('admin/services/minewall/incidents'), encodeURIComponent(label)) }));

		rows.sort((a, b) => b.value - a.value);

		return E('div', { 'class': 'mw-half' }, [
			E('h3', {}, [ _('Sightings today, by host') ]),
			rows.length ? mw.bars(rows.slice(0, HOSTS)) : mw.placeholder(_('Nothing was seen today.'))
		]);
	},

	renderDays: function(day, incidents) {
		const rows = dates(day, incidents, DAYS).map((date) => {
			const value = incidents.reduce((all, incident) => all + onDay(incident, date), 0);

			return { label: date.slice(5), value, title: _('%s: %s sightings').format(date, mw.count(value)) };
		});

		return E('div', { 'class': 'mw-half' }, [
			E('h3', {}, [ _('Sightings by day') ]),
			mw.columns(rows, _('Sightings by day'))
		]);
	},

	renderParts: function(status) {
		if (status.error)
			return E([]);

		const states = { up: [ 'good', _('reached') ], down: [ 'bad', _('not reached') ], unused: [ 'plain', _('not used yet') ] };
		const queues = (status.queues ?? []).map((queue) => [ queue.stuck ? mw.badge('bad', _('%d, stuck').format(queue.number)) : '%d'.format(queue.number), mw.count(queue.packets), mw.count(queue.flows), mw.count(queue.questions), mw.count(queue.cut), mw.count(queue.waiting), mw.count(queue.dropped) ]);
		const sinks = (status.sinks ?? []).map((sink) => [ E('span', { 'class': 'mw-break' }, [ sink.name ]), mw.badge(...states[this.sinkState(sink)]), mw.count(sink.sent), mw.count(sink.waiting), mw.count(sink.lost) ]);
		/* A list that comes with the program is as old as that; one of a feed should be looked at now and then. */
		const feed = (list) => (status.feeds ?? []).find((one) => one.name === list.name);
		const old = (list) => feed(list) && mw.now() / 1000 - Math.max(feed(list).checked ?? 0, list.date) > STALE;
		const lists = (status.lists ?? []).map((list) => [ list.name, mw.count(list.entries), list.date ? (old(list) ? mw.badge('warn', mw.ago(list.date * 1e6)) : mw.ago(list.date * 1e6)) : '–' ]);

		return E([], [
			E('h3', {}, [ _('Queues') ]),
			mw.table([ _('Number'), _('Packets'), _('Connections'), _('DNS questions'), _('Cut'), _('Waiting'), _('Dropped') ], queues),
			E('h3', {}, [ _('Sinks') ]),
			sinks.length ? mw.table([ _('Name'), _('State'), _('Sent'), _('Waiting'), _('Lost') ], sinks) : mw.placeholder(_('Records go nowhere: no sink is set.')),
			E('h3', {}, [ _('Lists') ]),
			mw.table([ _('Name'), _('Entries'), _('Age') ], lists)
		]);
	},

	/* What `doctor` finds wrong; it looks for some seconds, so the page does not wait for it. */
	renderDoctor: function(told) {
		const order = Object.keys(WRONG);
		const wrong = told.results.filter((result) => WRONG[result.state]).sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));

		return wrong.map((result) => E('div', { 'class': 'alert-message %s'.format(WRONG[result.state]) }, [
			E('strong', {}, [ result.seen ]), E('div', {}, [ _('It should be so: %s').format(result.what) ]),
			result.remedy ? E('div', { 'class': 'mw-remedy' }, [ _('What helps:'), ' ', E('code', {}, [ result.remedy ]) ]) : ''
		]));
	},

	look: function() {
		const place = document.getElementById('mw-doctor');

		dom.content(place, [ E('p', { 'class': 'spinning' }, [ _('Looking for what may be wrong…') ]) ]);

		return mw.json('doctor').then((told) => {
			const wrong = this.renderDoctor(told);

			dom.content(place, wrong.length ? wrong : [ E('p', { 'class': 'mw-well' }, [ mw.badge('good', _('All well')), ' ', _('%d checks found nothing wrong.').format(told.results.length) ]) ]);
		}, (error) => {
			dom.content(place, [ E('p', {}, [ E('em', {}, [ _('It cannot be told whether all is well: %s').format(error.message) ]) ]) ]);
		});
	},

	refreshStatus: function() {
		return this.inTurn(() => mw.status().then((status) => [ status, this.told ]));
	},

	refresh: function() {
		return this.inTurn(() => Promise.all([ mw.status(), mw.incidents(this.told) ]));
	},

	/* Puts the newest figures in their places. */
	show: function(status, told) {
		this.told = told;

		dom.content(this.places.state, [ this.renderState(status) ]);
		dom.content(this.places.tiles, [ this.renderTiles(status, told) ]);
		dom.content(this.places.trouble, [ mw.trouble(told) ]);
		dom.content(this.places.charts, told.isKnown ? [ this.renderHosts(status.today, told.list), this.renderDays(status.today, told.list) ] : []);
		dom.content(this.places.parts, [ this.renderParts(status) ]);
	},

	render: function([ status, told ]) {
		const place = (name) => E('div', { 'class': name });

		this.places = { state: place('mw-place'), tiles: place('mw-place'), trouble: place('mw-place'), charts: place('mw-halves'), parts: place('mw-place') };
		this.show(status, told);
		this.inTurn = mw.inTurn(([ newest, all ]) => this.show(newest, all));

		mw.again(L.bind(this.refresh, this), 10);
		window.setTimeout(L.bind(this.look, this), 100);

		return E('div', { 'class': 'mw-page' }, [
			mw.style(),
			E('h2', {}, [ _('minewall') ]),
			E('div', { 'class': 'cbi-section' }, [ this.places.state, this.places.tiles ]),
			E('div', { 'class': 'cbi-section' }, [ E('div', { 'id': 'mw-doctor' }) ]),
			E('div', { 'class': 'cbi-section' }, [ this.places.trouble, this.places.charts ]),
			E('div', { 'class': 'cbi-section' }, [ this.places.parts ])
		]);
	},

	handleSaveApply: null,
	handleSave: null,
	handleReset: null
});
