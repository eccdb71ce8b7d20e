'use strict';
'require view';
'require dom';
'require ui';
'require form';
'require minewall.common as mw';
'require minewall.fields as fields';

/* Lists: what is known, how old it is, fetching it anew; and what is let pass although it is listed. */

return view.extend({
	load: function() {
		return Promise.all([
			mw.json('lists').catch((error) => ({ error })),
			mw.status()
		]);
	},

	feedState: function(feed) {
		if (feed.error)
			return [ mw.badge('bad', _('failed')), E('div', { 'class': 'mw-small mw-break' }, [ feed.error ]) ];
		if (!feed.fetched)
			return [ mw.badge('warn', _('never fetched')) ];
		return [ feed.alarm ? mw.badge('warn', _('old')) : mw.badge('good', _('current')) ];
	},

	renderFeeds: function(told) {
		if (told.error)
			return E('p', {}, [ E('em', {}, [ told.error.message ]) ]);
		if (!told.feeds.length)
			return mw.placeholder(_('No feed is set: only the lists that come with minewall are used.'));

		return E([], [
			...told.problems.map((problem) => E('div', { 'class': 'alert-message warning' }, [ problem ])),
			mw.table([ _('Feed'), _('Category'), _('State'), _('Entries'), _('Refused'), _('Fetched'), _('Looked at') ], told.feeds.map((feed) => [
				[ E('strong', {}, [ feed.name ]), E('div', { 'class': 'mw-small mw-break' }, [ feed.url ]) ], feed.category, this.feedState(feed),
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
		const said = E('pre', { 'class': 'mw-said', 'id': 'mw-said' }, [ _('Fetching…') ]);

		dom.content(this.places.progress, [ said ]);

		return mw.follow(name, (text) => dom.content(said, [ text || _('Fetching…') ])).then((text) => {
			dom.content(said, [ text.trim() || _('It said nothing.') ]);
		}, (error) => {
			dom.content(said, [ _('It failed: %s').format(error.message) ]);
		}).then(() => this.refresh());
	},

	refresh: function() {
		return this.load().then(([ told, status ]) => {
			dom.content(this.places.feeds, [ this.renderFeeds(told) ]);
			dom.content(this.places.lists, [ this.renderLists(status) ]);
		});
	},

	render: function([ told, status ]) {
		const map = new form.Map('minewall', _('Exceptions'), _('What is let pass although it is listed or mines. Each exception is written down when it is used.'));

		fields.add(map, 'lists');

		this.places = { feeds: E('div', { 'id': 'mw-feeds' }, [ this.renderFeeds(told) ]), lists: E('div', { 'id': 'mw-lists' }, [ this.renderLists(status) ]), progress: E('div') };
		mw.again(L.bind(this.refresh, this), 30);

		return map.render().then((exceptions) => E('div', { 'class': 'mw-page' }, [
			mw.style(),
			E('h2', {}, [ _('Lists') ]),
			E('div', { 'class': 'cbi-section' }, [
				E('h3', {}, [ _('Feeds') ]),
				this.places.feeds,
				E('p', { 'class': 'mw-buttons' }, [
					E('button', { 'class': 'btn cbi-button-action', 'id': 'mw-update', 'click': ui.createHandlerFn(this, 'handleUpdate', 'update') }, [ _('Update now') ]), ' ',
					E('button', { 'class': 'btn', 'id': 'mw-retry', 'click': ui.createHandlerFn(this, 'handleUpdate', 'retry') }, [ _('Try failed ones again') ])
				]),
				this.places.progress
			]),
			E('div', { 'class': 'cbi-section' }, [ E('h3', {}, [ _('Lists in use') ]), this.places.lists ]),
			exceptions
		]));
	}
});
