'use strict';
'require baseclass';
'require fs';
'require poll';

/* What all pages share: the commands they run, figures as people read them, elements. */

const PROGRAM = '/usr/sbin/minewall';
const CONFIG = '/var/etc/minewall/minewall.toml';

/* Every command of these pages; the ACL grants them word for word. What a page adds stands at the end:
   an id stands behind `--`, where nothing is taken for an option. */
const COMMANDS = {
	status:    [ 'status', '-c', CONFIG, '--format', 'json' ],
	doctor:    [ 'doctor', '-c', CONFIG, '--format', 'json' ],
	live:      [ 'incidents', '-c', CONFIG, '--format', 'json', '--live' ],
	incidents: [ 'incidents', '-c', CONFIG, '--format', 'json', '--since', '30d' ],
	show:      [ 'show', '-c', CONFIG, '--format', 'json', '--' ],
	lists:     [ 'lists', 'status', '-c', CONFIG, '--json' ],
	update:    [ 'lists', 'update', '-c', CONFIG ],
	retry:     [ 'lists', 'update', '-c', CONFIG, '--force' ],
	pause:     [ 'pause', '-c', CONFIG, '--reason', 'LuCI' ],
	observe:   [ 'pause', '-c', CONFIG, '--reason', 'LuCI', '--observe' ],
	resume:    [ 'resume', '-c', CONFIG ]
};

/* How long may be paused: what the program takes, in seconds. */
const PAUSES = { '10m': 600, '1h': 3600, '4h': 14400, '24h': 86400 };

const SVG = 'http://www.w3.org/2000/svg';

/* The gateway's clock, as its status told last: by how many milliseconds it is ahead of this browser's, and by how many seconds
   its times are later than UTC (null: not known, those of this browser hold). */
const clock = { ahead: 0, offset: null };

function commandLine(name, more) {
	return COMMANDS[name].concat(more ?? []);
}

/* What went wrong, without the name of the program before it. */
function complaint(text) {
	return String(text ?? '').trim().replace(/^(minewall: )?(error: )?/i, '');
}

/* Why a command that has ended printed nothing of use. */
function failure(done) {
	return new Error(complaint(done.stderr) || complaint(done.stdout) || _('minewall said nothing (exit code %d).').format(done.code));
}

/* Lines of JSON as objects; what is said beside them; whether a line was cut off. */
function readLines(text) {
	const read = { objects: [], wrong: '', isCut: false }, rest = [];

	for (const line of String(text ?? '').split('\n')) {
		if (line.charAt(0) === '{') {
			try {
				read.objects.push(JSON.parse(line));
			}
			catch (e) {
				read.isCut = true;
			}
		}
		else if (line.trim() !== '')
			rest.push(line);
	}

	read.wrong = complaint(rest.join('\n')) || (read.isCut ? _('What minewall said was cut off.') : '');

	return read;
}

/* By how many seconds the gateway's times are later than UTC, this browser's where that is not known. */
function offsetAt(ms) {
	return clock.offset ?? here(ms);
}

function here(ms) {
	return -60 * new Date(ms).getTimezoneOffset();
}

/* Three digits, as many as an estimate deserves. */
function number(value) {
	if (value >= 99.95)
		return value.toFixed(0);
	if (value >= 9.995)
		return value.toFixed(1);
	return value ? value.toFixed(2) : '0';
}

function scaled(value, unit) {
	const scales = [ [ 1e18, 'E' ], [ 1e15, 'P' ], [ 1e12, 'T' ], [ 1e9, 'G' ], [ 1e6, 'M' ], [ 1e3, 'k' ] ];
	const scale = scales.find(([ size ]) => value >= size * 0.9995);

	return scale ? '%s %s%s'.format(number(value / scale[0]), scale[1], unit) : '%s %s'.format(number(value), unit);
}

/* Equihash counts solutions, and cycles are graphs. */
function rateUnit(algorithm) {
	if (/^(equi|zhash|beamhash)/i.test(algorithm ?? ''))
		return 'Sol/s';
	return /^cuck/i.test(algorithm ?? '') ? 'G/s' : 'H/s';
}

/* What an element takes as a list: a text that stood alone would be taken for HTML. */
function listed(thing) {
	return Array.isArray(thing) ? thing : [ thing ?? '' ];
}

function two(value) {
	return String(value).padStart(2, '0');
}

return baseclass.extend({
	commands: COMMANDS,
	pauses: PAUSES,
	readLines,
	scaled,
	number,

	/* Runs a command to its end: { code, stdout, stderr }. */
	run: function(name, more) {
		return fs.exec(PROGRAM, commandLine(name, more));
	},

	/* The object that a command prints; what stands in its way is an error. */
	json: function(name, more) {
		return this.run(name, more).then((done) => {
			try {
				return JSON.parse(done.stdout);
			}
			catch (e) {
				throw failure(done);
			}
		});
	},

	/* How the daemon fares; { error } where none runs or it does not answer. The gateway's clock is read there. */
	status: function() {
		return this.json('status').then((status) => {
			if (status.running === false)
				return { error: new Error(_('No minewall runs here.')) };

			clock.ahead = status.time_us / 1000 - Date.now();
			clock.offset = status.utc_offset_s ?? null;

			return status;
		}, (error) => ({ error }));
	},

	/* The same of a command that prints one object a line, however many and however long: { objects, wrong, isCut }. Before
	   OpenWrt 25.12 cgi-io hands out nothing of what a command says is wrong: where it says nothing at all, ubus is asked. */
	lines: function(name, more) {
		return fs.exec_direct(PROGRAM, commandLine(name, more), 'text', false, true).then((text) => text.trim() ? text : this.run(name, more).then((done) => {
			if (done.code)
				throw failure(done);

			return done.stdout ?? '';
		})).then((text) => {
			const read = readLines(text);

			if (!read.objects.length && read.wrong)
				throw new Error(read.wrong);

			return read;
		});
	},

	/* What a command prints, both streams, while it runs and at last. */
	follow: function(name, tell) {
		return fs.exec_direct(PROGRAM, commandLine(name), 'text', false, true, (event) => {
			if (event && event.target && typeof(event.target.responseText) === 'string')
				tell(event.target.responseText);
		});
	},

	/* Incidents as they are known, with those open right now: each once, as it was told last, the one seen last first. Where
	   these are all that are open, any other has ended, whether or not the journal was told. */
	merged: function(known, live, areAll) {
		const all = new Map(known.map((incident) => [ incident.id, incident ])), open = new Set();

		for (const incident of live) {
			const before = all.get(incident.id);

			open.add(incident.id);

			if (!before || before.time_us <= incident.time_us)
				all.set(incident.id, incident);
		}

		if (areAll)
			for (const [ id, incident ] of all)
				if (!open.has(id) && this.isOpen(incident))
					all.set(id, Object.assign({}, incident, { state: 'ended' }));

		return Array.from(all.values()).sort((a, b) => b.last_us - a.last_us);
	},

	/* Those of the last days and those open right now. `before` is what was told the last time: what cannot be had now stays
	   as it was, and `error` says why. The past is read until that went well once, for a journal may be long; what was wrong
	   with it then goes on being said. Where nothing was ever had, it is not known that there are none. */
	incidents: function(before) {
		const past = before?.hasPast ? Promise.resolve({ objects: before.list, wrong: before.wrong }) : this.lines('incidents');

		return Promise.allSettled([ past, this.lines('live') ]).then(([ { value: known, reason: unknown }, { value: live, reason: dead } ]) => {
			const wrong = live?.wrong || known?.wrong;

			return {
				list: this.merged(known?.objects ?? before?.list ?? [], live?.objects ?? [], live && !live.isCut),
				hasPast: Boolean(known && !known.isCut),
				wrong: known?.wrong,
				isKnown: Boolean(known || live || before?.isKnown),
				error: dead ?? unknown ?? (wrong ? new Error(wrong) : null)
			};
		});
	},

	/* Why incidents may be missing, or nothing. The program says what helps with what is wrong. */
	trouble: function(told) {
		return told.error ? E('div', { 'class': 'alert-message warning', 'id': 'mw-trouble' }, [
			E('strong', {}, [ told.isKnown ? _('Some incidents may be missing or old:') : _('Incidents cannot be read:') ]),
			E('div', { 'class': 'mw-break' }, [ told.error.message ]),
			E('div', { 'class': 'mw-small' }, [ _('This page tries again by itself.') ])
		]) : E([]);
	},

	/* Has something done every so many seconds, and not at once as `poll` does: the page was loaded just now. */
	again: function(call, seconds) {
		const loaded = Date.now();

		poll.add(() => Date.now() - loaded < seconds * 500 ? null : call(), seconds);
	},

	/* Calls and shows what they give. Calls overlap: what was asked for before something that is shown already is left out,
	   for it may be older than what was done meanwhile. */
	inTurn: function(show) {
		let asked = 0, shown = 0;

		return (call) => {
			const turn = ++asked;

			return call().then((told) => {
				if (turn < shown)
					return;

				shown = turn;
				show(told);
			});
		};
	},

	/* An element of a drawing. */
	svg: function(name, attributes, children) {
		return E(document.createElementNS(SVG, name), attributes ?? {}, children ?? []);
	},

	/* The style sheet of these pages. */
	style: function() {
		return E('link', { 'rel': 'stylesheet', 'href': L.resource('minewall/style.css') });
	},

	/* Milliseconds since 1970 by the gateway's clock. */
	now: function() {
		return Date.now() + clock.ahead;
	},

	/* 2026-11-30 14:05, as the gateway counts; where that is not how this browser does, with the offset from UTC. 19 letters
	   of it have seconds too. */
	moment: function(us, letters) {
		const ms = us / 1000, offset = offsetAt(ms), minutes = Math.abs(offset) / 60;
		const text = new Date(ms + offset * 1000).toISOString().slice(0, letters ?? 16).replace('T', ' ');

		return offset === here(ms) ? text : '%s (UTC%s%s:%s)'.format(text, offset < 0 ? '-' : '+', two(Math.floor(minutes / 60)), two(minutes % 60));
	},

	span: function(seconds) {
		const days = Math.floor(seconds / 86400), hours = Math.floor(seconds / 3600) % 24, minutes = Math.floor(seconds / 60) % 60;

		if (days > 0)
			return hours ? _('%d d %d h').format(days, hours) : _('%d d').format(days);
		if (hours > 0)
			return minutes ? _('%d h %d min').format(hours, minutes) : _('%d h').format(hours);
		return minutes > 0 ? _('%d min').format(minutes) : _('%d s').format(Math.max(0, Math.floor(seconds)));
	},

	ago: function(us) {
		return _('%s ago').format(this.span(Math.max(0, this.now() / 1000 - us / 1e6)));
	},

	/* How long the slowest queue took over half of the packets, and over 99 of 100; null where it was not measured. */
	verdict: function(status) {
		const queues = (status.queues ?? []).filter((queue) => queue.packets > 0 && queue.p50_us !== undefined);
		const slowest = (figure) => queues.some((queue) => queue[figure] === null) ? null : Math.max(...queues.map((queue) => queue[figure]));
		const told = (us) => us === null ? _('over 100 ms') : us < 1000 ? '≤ %d µs'.format(us) : '≤ %s ms'.format(number(us / 1000));

		return queues.length ? [ told(slowest('p50_us')), _('99 of 100: %s').format(told(slowest('p99_us'))) ] : null;
	},

	rate: function(value, algorithm) {
		return scaled(value, rateUnit(algorithm));
	},

	/* Whole numbers in groups of three digits. */
	count: function(value) {
		return String(Math.round(value ?? 0)).replace(/\B(?=(\d{3})+$)/g, ' ');
	},

	/* A figure with its unit, on one line. */
	whole: function(text) {
		return E('span', { 'style': 'white-space:nowrap' }, [ text ]);
	},

	/* Who an incident is about, as short as people say it. */
	host: function(incident) {
		return incident.who?.hostname || incident.ip;
	},

	isOpen: function(incident) {
		return incident.state !== 'ended';
	},

	poolOf: function(incident) {
		const ends = incident.endpoints ?? [];

		return incident.pool || ends[ends.length - 1] || '';
	},

	/* A word in a coloured box; `kind` is one of good, bad, warn, plain. */
	badge: function(kind, text) {
		return E('span', { 'class': 'mw-badge mw-%s'.format(kind) }, [ text ]);
	},

	/* The row that says that there are none. */
	placeholder: function(text) {
		return E('p', { 'class': 'mw-none' }, [ E('em', {}, [ text ]) ]);
	},

	/* A table that becomes cards on a narrow screen. `columns` are texts, `rows` lists of what stands in their cells. */
	table: function(columns, rows) {
		return E('table', { 'class': columns.length > 3 ? 'table mw-table' : 'table mw-table mw-few' }, [
			E('tr', { 'class': 'tr table-titles' }, columns.map((title) => E('th', { 'class': 'th' }, [ title ]))),
			...rows.map((cells) => E('tr', { 'class': 'tr' }, cells.map((cell, at) =>
				E('td', { 'class': 'td', 'data-title': columns[at] || null }, listed(cell)))))
		]);
	},

	/* Bars one below the other: { label, value, text, link }. */
	bars: function(rows) {
		const most = Math.max(1, ...rows.map((row) => row.value));

		return E('div', { 'class': 'mw-bars' }, rows.map((row) => E(row.link ? 'a' : 'div', { 'class': 'mw-bar', 'href': row.link ?? null }, [
			E('span', { 'class': 'mw-bar-label', 'title': row.label }, [ row.label ]),
			E('span', { 'class': 'mw-bar-track' }, [ E('span', { 'class': 'mw-bar-fill', 'style': 'width:%.1f%%'.format(100 * row.value / most) }) ]),
			E('span', { 'class': 'mw-bar-value' }, [ row.text ?? this.count(row.value) ])
		])));
	},

	/* Columns side by side: { label, value, title }; every second label stays away on a narrow screen. */
	columns: function(rows, name) {
		const most = Math.max(1, ...rows.map((row) => row.value)), step = 100 / Math.max(1, rows.length), height = 110;
		const drawn = rows.flatMap((row, at) => {
			const tall = row.value > 0 ? Math.max(2, (height - 18) * row.value / most) : 0;
			const middle = '%.2f%%'.format(step * (at + 0.5));

			return [
				this.svg('rect', { 'class': 'mw-column', 'x': '%.2f%%'.format(step * (at + 0.15)), 'width': '%.2f%%'.format(step * 0.7), 'y': '%.1f'.format(height - tall), 'height': '%.1f'.format(tall) }, [
					this.svg('title', {}, [ row.title ])
				]),
				this.svg('text', { 'class': 'mw-column-value', 'x': middle, 'y': '%.1f'.format(height - tall - 4) }, [ row.value > 0 ? this.count(row.value) : '' ]),
				this.svg('text', { 'class': (rows.length - at) % 2 ? 'mw-column-label' : 'mw-column-label mw-wide', 'x': middle, 'y': height + 15 }, [ row.label ])
			];
		});

		return this.svg('svg', { 'class': 'mw-columns', 'role': 'img', 'aria-label': name, 'width': '100%', 'height': height + 20 }, drawn.concat([
			this.svg('line', { 'class': 'mw-axis', 'x1': '0', 'x2': '100%', 'y1': height + 0.5, 'y2': height + 0.5 })
		]));
	},

	/* Pairs of a name and what is said of it; pairs without a value are left out. */
	sheet: function(pairs) {
		return E('dl', { 'class': 'mw-sheet' }, pairs.filter(([ , value ]) => value !== null && value !== undefined && value !== '').flatMap(([ name, value ]) => [
			E('dt', {}, [ name ]), E('dd', {}, listed(value))
		]));
	},

	/* Hands a text to the browser as a file. */
	save: function(name, type, text) {
		const url = URL.createObjectURL(new Blob([ text ], { type }));
		const link = E('a', { 'href': url, 'download': name, 'style': 'display:none' });

		document.body.appendChild(link);
		link.click();
		document.body.removeChild(link);
		window.setTimeout(() => URL.revokeObjectURL(url), 1000);
	}
});
