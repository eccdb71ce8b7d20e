'use strict';
'require baseclass';
'require dom';
'require ui';
'require uci';

/* Forms over UCI: a map of sections of options. Titles and descriptions are taken as HTML, as LuCI does. */

const Node = L.classes.baseclass.extend({
	begin: function(title, description) {
		this.title = title || '';
		this.description = description || '';
		this.children = [];
	}
});

const AbstractValue = Node.extend({
	__init__: function(map, section, option, title, description) {
		this.begin(title, description);
		Object.assign(this, { map, section, option, deps: [], rmempty: true, optional: false, default: null });
	},

	cbid: function(id) {
		return 'cbid.%s.%s.%s'.format(this.map.config, id, this.option);
	},

	cfgvalue: function(id) {
		return uci.get(this.map.config, id, this.option);
	},

	widget: function(id) {
		return this.map.root.querySelector('[id="%s"]'.format(this.cbid(id)))?.__instance;
	},

	formvalue: function(id) {
		return this.widget(id)?.getValue() ?? null;
	},

	frame: function(id) {
		return this.map.root.querySelector('[data-field="%s"]'.format(this.cbid(id)));
	},

	isActive: function(id) {
		const frame = this.frame(id);

		return frame !== null && !frame.classList.contains('hidden');
	},

	validate: () => true,

	depends: function(option, value) {
		this.deps.push(typeof(option) === 'string' ? { [option]: value } : option);
	},

	/* Shown where one of its conditions holds. */
	checkDepends: function(id) {
		const holds = this.deps.some((dep) => Object.keys(dep).every((name) => {
			const other = this.section.children.find((child) => child.option === name);

			return other && other.isActive(id) && other.formvalue(id) === dep[name];
		}));

		this.frame(id)?.classList.toggle('hidden', this.deps.length > 0 && !holds);
	},

	write: function(id, value) {
		return uci.set(this.map.config, id, this.option, value);
	},

	remove: function(id) {
		return uci.unset(this.map.config, id, this.option);
	},

	refuse: function(id) {
		const wrong = this.widget(id).getValidationError();

		return Promise.reject(new TypeError('%s: %s'.format(this.title, wrong)));
	},

	parse: function(id) {
		const isActive = this.isActive(id), before = this.cfgvalue(id), value = isActive ? this.formvalue(id) : null;

		if (isActive && !this.widget(id).isValid())
			return this.refuse(id);
		if (value !== null && value.length)
			return Promise.resolve(JSON.stringify(before) === JSON.stringify(value) ? null : this.write(id, value));
		if (!isActive || this.rmempty || this.optional)
			return Promise.resolve(this.remove(id));

		return Promise.reject(new TypeError(_('Option "%s" must not be empty.').format(this.title)));
	},

	common: function(id) {
		return {
			id: this.cbid(id), optional: this.optional || this.rmempty, datatype: this.datatype, placeholder: this.placeholder,
			password: this.password, validate: (value) => this.validate(id, value)
		};
	},

	choices: function() {
		return Object.fromEntries((this.keylist ?? []).map((key, at) => [ key, this.vallist[at] ]));
	},

	value: function(key, text) {
		(this.keylist ??= []).push(String(key));
		(this.vallist ??= []).push(String(text ?? key));
	},

	render: function(id) {
		const frame = E('div', { 'class': 'cbi-value', 'id': 'cbi-%s-%s-%s'.format(this.map.config, id, this.option), 'data-field': this.cbid(id), 'data-name': this.option }, [
			E('label', { 'class': 'cbi-value-title', 'for': 'widget.%s'.format(this.cbid(id)) }, this.title),
			E('div', { 'class': 'cbi-value-field' }, [ this.renderWidget(id, this.cfgvalue(id) ?? this.default) ])
		]);

		if (this.description)
			frame.lastChild.appendChild(E('div', { 'class': 'cbi-value-description' }, this.description));

		frame.addEventListener('widget-change', () => this.map.checkDepends());
		dom.bindClassInstance(frame, this);

		return frame;
	}
});

const Value = AbstractValue.extend({
	renderWidget: function(id, value) {
		return new ui.Textfield(Array.isArray(value) ? value.join(' ') : value, null, this.common(id)).render();
	}
});

const ListValue = AbstractValue.extend({
	renderWidget: function(id, value) {
		return new ui.Select(value, this.choices(), Object.assign(this.common(id), { optional: this.optional })).render();
	}
});

const DynamicList = AbstractValue.extend({
	renderWidget: function(id, value) {
		return new ui.DynamicList(L.toArray(value), null, this.common(id)).render();
	}
});

const Flag = AbstractValue.extend({
	__init__: function(...values) {
		AbstractValue.prototype.__init__.apply(this, values);
		Object.assign(this, { enabled: '1', disabled: '0', default: '0' });
	},

	renderWidget: function(id, value) {
		return new ui.Checkbox(value, null, Object.assign(this.common(id), { value_enabled: this.enabled })).render();
	},

	formvalue: function(id) {
		return this.widget(id)?.isChecked() ? this.enabled : this.disabled;
	},

	parse: function(id) {
		if (!this.isActive(id))
			return Promise.resolve(this.remove(id));

		const value = this.formvalue(id);

		if (value === this.default && (this.optional || this.rmempty))
			return Promise.resolve(this.remove(id));

		return Promise.resolve(value === this.cfgvalue(id) ? null : this.write(id, value));
	}
});

const AbstractSection = Node.extend({
	option: function(Kind, ...values) {
		const made = new Kind(this.map, this, ...values);

		this.children.push(made);

		return made;
	},

	tab: function(name, title, description) {
		(this.tabs ??= []).push({ name, title, description });
	},

	taboption: function(tab, ...values) {
		return Object.assign(this.option(...values), { tab });
	},

	parse: function() {
		return Promise.all(this.cfgsections().flatMap((id) => this.children.map((option) => option.parse(id))));
	},

	checkDepends: function() {
		this.cfgsections().forEach((id) => this.children.forEach((option) => option.checkDepends(id)));
	},

	/* What stands in one section, behind tabs where it has any. */
	renderSection: function(id) {
		const options = (tab) => this.children.filter((option) => option.tab === tab).map((option) => option.render(id));
		const node = E('div', { 'id': 'cbi-%s-%s'.format(this.map.config, id), 'class': this.tabs ? 'cbi-section-node cbi-section-node-tabbed' : 'cbi-section-node', 'data-section-id': id });

		if (!this.tabs)
			return dom.append(node, options(undefined)), node;

		dom.append(node, this.tabs.map((tab) => E('div', { 'data-tab': tab.name, 'data-tab-title': tab.title }, [
			tab.description ? E('div', { 'class': 'cbi-tab-descr' }, tab.description) : E([]), ...options(tab.name)
		])));

		return node;
	},

	renderFrame: function(children) {
		const node = E('div', { 'class': 'cbi-section' }, [
			this.title ? E('h3', {}, this.title) : E([]),
			this.description ? E('div', { 'class': 'cbi-section-descr' }, this.description) : E([]), ...children
		]);

		dom.bindClassInstance(node, this);

		return node;
	}
});

const NamedSection = AbstractSection.extend({
	__init__: function(map, id, type, title, description) {
		this.begin(title, description);
		Object.assign(this, { map, id, sectiontype: type });
	},

	cfgsections: function() {
		return [ this.id ];
	},

	render: function() {
		if (!uci.get(this.map.config, this.id))
			uci.add(this.map.config, this.sectiontype, this.id);

		return this.renderFrame([ this.renderSection(this.id) ]);
	}
});

const TypedSection = AbstractSection.extend({
	__init__: function(map, type, title, description) {
		this.begin(title, description);
		Object.assign(this, { map, sectiontype: type, addremove: false, anonymous: false });
	},

	cfgsections: function() {
		return uci.sections(this.map.config, this.sectiontype).map((section) => section['.name']);
	},

	handleAdd: function(event, name) {
		uci.add(this.map.config, this.sectiontype, name);

		return this.map.save(null, true);
	},

	handleRemove: function(id) {
		uci.remove(this.map.config, id);

		return this.map.save(null, true);
	},

	render: function() {
		const parts = this.cfgsections().flatMap((id) => [
			this.addremove ? E('div', { 'class': 'cbi-section-remove right' }, [ E('button', { 'class': 'cbi-button', 'data-section-id': id, 'click': ui.createHandlerFn(this, 'handleRemove', id) }, [ _('Delete') ]) ]) : E([]),
			this.anonymous ? E([]) : E('h3', {}, [ id.toUpperCase() ]),
			this.renderSection(id)
		]);

		if (!parts.length)
			parts.push(E('em', {}, [ _('This section contains no values yet') ]), E('br'), E('br'));

		if (this.addremove) {
			const name = this.anonymous ? null : E('input', { 'type': 'text', 'class': 'cbi-section-create-name' });

			parts.push(E('div', { 'class': 'cbi-section-create' }, [ name ?? E([]), E('button', { 'class': 'cbi-button cbi-button-add', 'data-add': this.sectiontype, 'click': ui.createHandlerFn(this, (event) => this.handleAdd(event, name?.value)) }, [ this.addbtntitle ?? _('Add') ]) ]));
		}

		return this.renderFrame(parts);
	}
});

const Map = Node.extend({
	__init__: function(config, title, description) {
		this.begin(title, description);
		this.config = config;
	},

	section: function(Kind, ...values) {
		const made = new Kind(this, ...values);

		this.children.push(made);

		return made;
	},

	/* Changes go to ubus only where every value may be so; a section is added or deleted even where others are not. */
	save: function(callback, isSilent) {
		return Promise.all(this.children.map((section) => section.parse())).then(callback).then(() => uci.save()).catch((error) => {
			if (!isSilent)
				ui.showModal(_('Save error'), [
					E('p', {}, [ _('An error occurred while saving the form:') ]), E('p', {}, [ E('em', { 'style': 'white-space:pre-wrap' }, [ error.message ]) ]),
					E('div', { 'class': 'right' }, [ E('button', { 'class': 'cbi-button', 'click': ui.hideModal }, [ _('Dismiss') ]) ])
				]);

			return Promise.reject(error);
		}).finally(() => this.renderContents());
	},

	reset: function() {
		return this.renderContents();
	},

	render: function() {
		return uci.load(this.config).then(() => this.renderContents());
	},

	checkDepends: function() {
		this.children.forEach((section) => section.checkDepends());
	},

	renderContents: function() {
		/* What is invalid stays as it was typed. */
		const typed = this.root ? window.Array.from(this.root.querySelectorAll('.cbi-input-invalid'), (field) => [ field.id, field.value ]) : [];

		this.root ??= E('div', { 'id': 'cbi-%s'.format(this.config), 'class': 'cbi-map' });
		dom.bindClassInstance(this.root, this);
		dom.content(this.root, [
			this.title ? E('h2', { 'name': 'content' }, this.title) : E([]),
			this.description ? E('div', { 'class': 'cbi-map-descr' }, this.description) : E([]),
			E('div', { 'class': this.tabbed ? 'cbi-map-tabbed' : '' }, this.children.map((section) => {
				const node = section.render();

				if (this.tabbed) {
					node.setAttribute('data-tab', section.id ?? section.sectiontype);
					node.setAttribute('data-tab-title', section.title);
				}

				return node;
			}))
		]);

		this.root.querySelectorAll('.cbi-map-tabbed, .cbi-section-node-tabbed').forEach((group) => ui.tabs.initTabGroup(group.childNodes));
		typed.forEach(([ id, value ]) => {
			const field = this.root.querySelector('[id="%s"]'.format(id));

			if (field) {
				field.value = value;
				field.dispatchEvent(new Event('input', { bubbles: true }));
			}
		});
		this.checkDepends();

		return this.root;
	}
});

return baseclass.extend({ Map, NamedSection, TypedSection, Value, ListValue, Flag, DynamicList });
