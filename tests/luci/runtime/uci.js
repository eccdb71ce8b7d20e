'use strict';
'require baseclass';
'require rpc';

/* UCI values, with changes kept until save() hands them to ubus. */

let added = 0;

return baseclass.extend({
	__init__: function() {
		this.values = {};
		this.creates = {};
		this.deletes = {};
		this.dirty = {};
	},

	load: function(configs) {
		return Promise.all([].concat(configs).filter((config) => !this.values[config]).map((config) => rpc.call('uci', 'get', { config }).then((told) => {
			this.values[config] = told.values;
		}))).then(() => configs);
	},

	unload: function(configs) {
		[].concat(configs).forEach((config) => { delete this.values[config]; });
	},

	sections: function(config, type) {
		return Object.values(this.values[config] ?? {}).filter((section) => !type || section['.type'] === type).sort((a, b) => a['.index'] - b['.index']);
	},

	get: function(config, section, option) {
		const found = this.values[config]?.[section];

		return option === undefined ? found ?? null : found?.[option] ?? null;
	},

	set: function(config, section, option, value) {
		const found = this.values[config]?.[section];

		if (!found)
			return;
		if (value === null || value === undefined || value === '')
			delete found[option];
		else
			found[option] = value;

		((this.dirty[config] ??= {})[section] ??= new Set()).add(option);
	},

	unset: function(config, section, option) {
		if (this.get(config, section, option) !== null)
			this.set(config, section, option, null);
	},

	add: function(config, type, name) {
		const section = name || 'new%d'.format(++added);
		const last = Math.max(-1, ...Object.values(this.values[config]).map((other) => other['.index']));

		this.values[config][section] = { '.type': type, '.name': section, '.anonymous': !name, '.index': last + 1 };
		(this.creates[config] ??= {})[section] = { type, name };

		return section;
	},

	remove: function(config, section) {
		delete this.values[config][section];
		delete this.dirty[config]?.[section];

		if (this.creates[config]?.[section])
			delete this.creates[config][section];
		else
			(this.deletes[config] ??= new Set()).add(section);
	},

	save: async function() {
		for (const config of Object.keys(this.creates)) {
			for (const [ section, { type, name } ] of Object.entries(this.creates[config])) {
				const told = await rpc.call('uci', 'add', name ? { config, type, name } : { config, type });
				const values = Object.fromEntries(Object.entries(this.values[config][section]).filter(([ option ]) => option.charAt(0) !== '.'));

				if (Object.keys(values).length)
					await rpc.call('uci', 'set', { config, section: told.section, values });

				delete this.dirty[config]?.[section];
			}
		}

		for (const config of Object.keys(this.dirty)) {
			for (const [ section, options ] of Object.entries(this.dirty[config])) {
				const found = this.values[config][section], set = {}, gone = [];

				options.forEach((option) => { if (found[option] === undefined) gone.push(option); else set[option] = found[option]; });

				if (Object.keys(set).length)
					await rpc.call('uci', 'set', { config, section, values: set });
				if (gone.length)
					await rpc.call('uci', 'delete', { config, section, options: gone });
			}
		}

		for (const config of Object.keys(this.deletes))
			for (const section of this.deletes[config])
				await rpc.call('uci', 'delete', { config, section });

		const configs = Object.keys(this.values);

		this.creates = {};
		this.deletes = {};
		this.dirty = {};
		this.unload(configs);

		return this.load(configs);
	},

	changes: () => rpc.call('uci', 'changes', {}).then((told) => told.changes)
});
