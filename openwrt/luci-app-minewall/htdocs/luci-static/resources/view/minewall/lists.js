'use strict';
'require view';
'require dom';
'require ui';
'require form';
'require minewall.common as mw';
'require minewall.fields as fields';

/* Lists: what is known, how old it is, fetching it anew; and what is let pass although it is listed. */

/* Names of errors by which LuCI says that a command was not begun. */
const REFUSED = [ 'InvalidArgumentError', 'PermissionError', 'NotFoundError' ];

return view.extend({
	load: function() {
		return Promise.all([
			mw.json('lists').catch((error) => ({ error })),
			mw.status()
		]);
	},

	feedState: function(feed) {
		const small = (text) => E('div', { 'class': 'mw-small mw-break' }, [ text ]), told = [];

		if (feed.error)
			told.push(mw.badge('bad', _('failed')), small(feed.error));
		else if (!feed.fetched)
			told.push(mw.badge('warn', _('never fetched')));
		else if (!feed.expired)
			told.push(feed.alarm ? mw.badge('warn', _('old')) : mw.badge('good', _('current')));

		if (feed.error && feed.next_try)
			told.push(small(_('tried again from %s').format(mw.moment(feed.next_try * 1e6))));
		if (feed.expired)
			told.push(mw.badge('warn', _('past its time')), small(_('Version %d was signed as valid until %s. It is used still; ask its maker for a newer one.').format(feed.version, mw.moment(feed.valid_until * 1e6))));
		else if (feed.valid_until)
			told.push(small(_('version %d, signed as valid until %s').format(feed.version, mw.moment(feed.valid_until * 1e6))));

		return told;
	},

	renderFeeds: function(told) {
		if (told.error)
			return E('p', {}, [ E('em', {}, [ told.error.message ]) ]);
		if (!told.feeds.length)
			return mw.placeholder(_('No feed is set: only the lists that come with minewall are used.'));

		return E([], [
			...told.problems.map((problem) => E('div', { 'class': 'alert-message warning' }, [ problem ])),
			mw.table([ _('Feed'), _('State'), _('Category'), _('Entries'), _('Refused'), _('Fetched'), _('Looked at') ], told.feeds.map((feed) => [
				[ E('strong', {}, [ feed.name ]), E('div', { 'class': 'mw-small mw-break' }, [ feed.url ]) ], this.feedState(feed), feed.category,
				feed.entries === null ? '–' : mw.count(feed.entries), feed.rejected === null ? '–' : mw.count(feed.rejected),
				feed.fetched ? mw.ago(feed.fetched * 1e6) : '–', feed.checked ? mw.ago(feed.checked * 1e6) : '–'
			])),
			E('p', { 'class': 'mw-small' }, [ told.generation === null ? _('Nothing has been fetched yet.')
				: told.former_generation === null ? _('Generation %d is in use.').format(told.generation)
					: _('Generation %d is in use; %d is kept.').format(told.generation, told.former_generation) ])
		]);
	},

	renderLists: function(status) {
		if (status.error)
			return E('p', {}, [ E('em', {}, [ status.error.message ]) ]);

		return mw.table([ _('Name'), _('Entries'), _('Age') ], (status.lists ?? []).map((list) => [ list.name, mw.count(list.entries), list.date ? mw.ago(list.date * 1e6) : '–' ]));
	},

	/* Fetches, showing what is said meanwhile; then what it says at last, and the lists as they are now. */
	handleUpdate: function(name) {
		const still = (is) => this.buttons.forEach((button) => { button.disabled = is; });
		const said = E('pre', { 'class': 'mw-said', 'id': 'mw-said' }, [ _('Fetching…') ]);

		dom.content(this.places.progress, [ said ]);
		still(true);

		return mw.follow(name, (text) => dom.content(said, [ text || _('Fetching…') ])).then((text) => {
			dom.content(said, [ text.trim() || _('It said nothing here. What came of each feed stands above.') ]);
		}, (error) => {
			/* A connection may break; the command does not mind. */
			const text = REFUSED.includes(error.name) ? _('It failed: %s') : _('Nothing more was heard of it: %s. What was begun goes on; what came of it is shown above in a while.');

			dom.content(said, [ text.format(error.message) ]);
		}).then(() => this.refresh()).finally(() => still(false));
	},

	show: function([ told, status ]) {
		dom.content(this.places.feeds, [ this.renderFeeds(told) ]);
		dom.content(this.places.lists, [ this.renderLists(status) ]);
	},

	refresh: function() {
		return this.inTurn(() => this.load());
	},

	render: function([ told, status ]) {
		const map = new form.Map('minewall', _('Exceptions'), _('What is let pass although it is listed or mines. Each exception is written down when it is used.'));

		fields.add(map, 'lists');

		this.places = { feeds: E('div', { 'id': 'mw-feeds' }), lists: E('div', { 'id': 'mw-lists' }), progress: E('div') };
		this.buttons = [
			E('button', { 'class': 'btn cbi-button-action', 'id': 'mw-update', 'click': ui.createHandlerFn(this, 'handleUpdate', 'update') }, [ _('Update now') ]),
			E('button', { 'class': 'btn', 'id': 'mw-retry', 'click': ui.createHandlerFn(this, 'handleUpdate', 'retry') }, [ _('Try failed ones again') ])
		];
		this.show([ told, status ]);
		this.inTurn = mw.inTurn((newest) => this.show(newest));
		mw.again(L.bind(this.refresh, this), 30);

		return map.render().then((exceptions) => E('div', { 'class': 'mw-page' }, [
			mw.style(),
			E('h2', {}, [ _('Lists') ]),
			E('div', { 'class': 'cbi-section' }, [
				E('h3', {}, [ _('Feeds') ]),
				this.places.feeds,
				E('p', { 'class': 'mw-buttons' }, [ this.buttons[0], ' ', this.buttons[1] ]),
				this.places.progress
			]),
			E('div', { 'class': 'cbi-section' }, [ E('h3', {}, [ _('Lists in use') ]), this.places.lists ]),
			exceptions
		]));
	}
});
