'use strict';
'require view';
'require form';
'require minewall.common as mw';
'require minewall.fields as fields';

/* Every option of /etc/config/minewall, except the exceptions, which stand with the lists. */

return view.extend({
	render: function() {
		const map = new form.Map('minewall', _('Settings'), _('Changes are taken up when they are applied; connections go on meanwhile. What minewall does not take is said in its log, and it goes on as before.'));

		fields.add(map, 'settings');

		return map.render().then((node) => E('div', { 'class': 'mw-page' }, [ mw.style(), node ]));
	}
});
