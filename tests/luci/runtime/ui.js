'use strict';
'require baseclass';
'require dom';
'require request';
'require rpc';
'require uci';
'require validation';

/* Dialogs, notices, tabs, the buttons' handlers, and the widgets of forms. */

const overlay = document.body.appendChild(E('div', { 'id': 'modal_overlay' }, E('div', { 'class': 'modal', 'role': 'dialog', 'aria-modal': true })));

/* What all widgets share: an element with an id, a value, and whether it may be so. */
const Widget = L.classes.baseclass.extend({
	__init__: function(value, choices, options) {
		this.value = value;
		this.choices = choices;
		this.options = options;
	},

	render: function() {
		this.node = E('div', { 'id': this.options.id });
		this.draw();
		dom.bindClassInstance(this.node, this);
		this.node.addEventListener('input', () => this.triggerValidation());
		this.node.addEventListener('change', () => this.triggerValidation());

		return this.node;
	},

	fields: function() {
		return Array.from(this.node.querySelectorAll('input, select'));
	},

	triggerValidation: function() {
		const wrong = this.fields().map((field) => {
			const isLast = field.classList.contains('cbi-dynlist-new');
			const verdict = validation.check(field.value, this.options.datatype, this.options.optional || isLast || field.type === 'checkbox', this.options.validate);

			field.classList.toggle('cbi-input-invalid', verdict !== true);

			if (verdict !== true)
				field.setAttribute('data-tooltip', verdict);
			else
				field.removeAttribute('data-tooltip');

			return verdict !== true ? verdict : null;
		}).filter((verdict) => verdict);

		this.node.dispatchEvent(new CustomEvent('widget-change', { bubbles: true }));
		this.wrong = wrong[0] ?? null;

		return !wrong.length;
	},

	isValid: function() {
		return this.triggerValidation();
	},

	getValidationError: function() {
		return this.wrong;
	}
});

const Textfield = Widget.extend({
	draw: function() {
		this.node.appendChild(E('input', { 'type': this.options.password ? 'password' : 'text', 'class': 'cbi-input-text', 'id': 'widget.%s'.format(this.options.id), 'placeholder': this.options.placeholder, 'value': this.value ?? '' }));
	},

	getValue: function() {
		return this.node.firstChild.value.trim();
	}
});

const Select = Widget.extend({
	draw: function() {
		const names = Object.keys(this.choices), keys = this.options.optional ? [ '' ].concat(names) : names;

		this.node.appendChild(E('select', { 'class': 'cbi-input-select', 'id': 'widget.%s'.format(this.options.id) }, keys.map((key) =>
			E('option', { 'value': key, 'selected': key === String(this.value ?? '') ? '' : null }, [ key === '' ? this.options.placeholder ?? _('unspecified') : this.choices[key] ]))));
	},

	getValue: function() {
		return this.node.firstChild.value;
	}
});

const Checkbox = Widget.extend({
	draw: function() {
		this.node.classList.add('cbi-checkbox');
		this.node.appendChild(E('input', { 'type': 'checkbox', 'id': 'widget.%s'.format(this.options.id), 'checked': String(this.value) === this.options.value_enabled ? '' : null }));
	},

	isChecked: function() {
		return this.node.firstChild.checked;
	}
});

const DynamicList = Widget.extend({
	draw: function() {
		const empty = E('input', { 'type': 'text', 'class': 'cbi-input-text cbi-dynlist-new', 'id': 'widget.%s'.format(this.options.id), 'placeholder': this.options.placeholder, 'keydown': (event) => {
			if (event.key === 'Enter') {
				event.preventDefault();
				this.addItem(empty.value);
			}
		} });

		this.node.classList.add('cbi-dynlist');
		this.node.appendChild(E('div', { 'class': 'add-item control-group' }, [ empty, E('div', { 'class': 'btn cbi-button cbi-button-add', 'click': () => this.addItem(empty.value) }, [ '+' ]) ]));
		(this.value ?? []).forEach((value) => this.putItem(value));
	},

	putItem: function(value) {
		this.node.insertBefore(E('div', { 'class': 'item', 'tabindex': 0, 'click': (event) => { event.currentTarget.remove(); this.triggerValidation(); } }, [
			E('span', {}, [ value ]), E('input', { 'type': 'hidden', 'value': value })
		]), this.node.lastChild);
	},

	addItem: function(value) {
		const field = this.node.querySelector('.cbi-dynlist-new');

		if (this.triggerValidation() && value.trim() !== '' && !this.getValue().includes(value.trim())) {
			this.putItem(value.trim());
			field.value = '';
		}
	},

	getValue: function() {
		return Array.from(this.node.querySelectorAll('input[type=hidden]'), (field) => field.value);
	}
});

return baseclass.extend({
	Textfield, Select, Checkbox, DynamicList,

	createHandlerFn: function(self, call, ...values) {
		const handler = typeof(call) === 'string' ? self[call] : call;

		if (typeof(handler) !== 'function')
			return null;

		return (event) => {
			const source = event.currentTarget;

			source.classList.add('spinning');
			source.disabled = true;

			Promise.resolve(handler.apply(self, values.concat([ event ]))).catch((error) => console.error(error?.stack ?? 'refused')).finally(() => {
				source.classList.remove('spinning');
				source.disabled = false;
			});
		};
	},

	showModal: function(title, children, ...classes) {
		const dialog = overlay.firstElementChild;

		dialog.setAttribute('class', 'modal');
		dialog.classList.add(...classes);
		dom.content(dialog, dom.create('h4', {}, title));
		dom.append(dialog, children);
		document.body.classList.add('modal-overlay-active');
		overlay.scrollTop = 0;

		return dialog;
	},

	hideModal: function() {
		document.body.classList.remove('modal-overlay-active');
	},

	addNotification: function(title, children, ...classes) {
		const place = document.getElementById('maincontent');
		const message = E('div', { 'class': 'alert-message', 'style': 'display:flex' }, [
			E('div', { 'style': 'flex:10' }),
			E('div', { 'style': 'flex:1 1 auto; display:flex' }, [ E('button', { 'class': 'btn', 'style': 'margin-left:auto; margin-top:auto', 'click': () => message.remove() }, [ _('Dismiss') ]) ])
		]);

		if (title !== null && title !== undefined)
			dom.append(message.firstElementChild, E('h4', {}, title));

		dom.append(message.firstElementChild, children);
		message.classList.add(...classes);
		place.insertBefore(message, place.firstElementChild);

		return message;
	},

	tabs: {
		initTabGroup: function(panes) {
			const all = Array.from(panes), group = all[0].parentNode;
			const choose = (name) => {
				all.forEach((pane) => pane.setAttribute('data-tab-active', pane.getAttribute('data-tab') === name));
				menu.childNodes.forEach((tab) => tab.setAttribute('class', tab.getAttribute('data-tab') === name ? 'cbi-tab' : 'cbi-tab-disabled'));
			};
			const menu = E('ul', { 'class': 'cbi-tabmenu' }, all.map((pane) => E('li', { 'data-tab': pane.getAttribute('data-tab') }, [
				E('a', { 'href': '#', 'click': (event) => { event.preventDefault(); choose(pane.getAttribute('data-tab')); } }, pane.getAttribute('data-tab-title'))
			])));

			group.parentNode.insertBefore(menu, group);
			choose(all[0].getAttribute('data-tab'));
		}
	},

	changes: {
		/* Stage by stage as LuCI does it: apply with a rollback, confirm, show the page anew. */
		apply: function() {
			return request.post(L.url('admin/uci/apply_rollback'), null).then((reply) => {
				if (reply.status === 204)
					return null;

				return request.post(L.url('admin/uci/confirm'), null).then(() => document.body.setAttribute('data-applied', 'yes'));
			});
		}
	}
});
