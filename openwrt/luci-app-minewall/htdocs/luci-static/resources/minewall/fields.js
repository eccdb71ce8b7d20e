'use strict';
'require baseclass';
'require form';
'require minewall.options as options';

/* The table of options as fields of a form: what may stand in each, its help, its tab. */

/* Types of sections that stand with the lists; the others, and those options of `global`, with the settings. */
const WITH_LISTS = [ 'exempt' ];
const GLOBAL_WITH_LISTS = [ 'allow' ];

/* Data types of LuCI by the form of an option; of the others the text is looked at below. */
const DATATYPES = {
	prefix: 'ipaddr',
	address: 'ipaddr("nomask")'
};

const PATTERNS = {
	name: /^(?=.*[.:])[\x21-\x7e]+$/,
	path: /^\/[^\0]*[^\0\/]$/, // LuCI's own "file" takes anything
	url: /^(https?|file):\/\/[\x21-\x7e]+$/,
	date: /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/,
	device: /^[^\s\/]{1,15}$/,
	mark: /^(0x[0-9a-fA-F]{1,8}|\d{1,10})$/,
	offset: /^[+-]([01]\d|2[0-3]):[0-5]\d$/,
	syslog: /^(unix:\/|udp:\/\/|tcp:\/\/|tls:\/\/)[\x21-\x7e]+$/,
	feed: /^[a-z0-9-]{1,64}$/,
	key: /^RW[A-Za-z0-9+\/]{53}[A-Za-z0-9+\/=]$/
};

/* How many bits a mask has. */
function bits(value) {
	return Array.from(Number(value).toString(2)).filter((digit) => digit === '1').length;
}

/* True, or what is wrong with a value. */
function judge(option, value) {
	if (value === '' || value === null)
		return true;
	if (PATTERNS[option.form] && !PATTERNS[option.form].test(value))
		return _('Write it like %s').format(option.example);
	if (option.form === 'mark' && bits(value) !== 2)
		return _('A mask of exactly two bits, such as %s').format(option.example);

	return true;
}

function kindOf(option) {
	if (option.list)
		return form.DynamicList;
	return { flag: form.Flag, choice: form.ListValue }[option.form] ?? form.Value;
}

/* One option of a section. */
function field(section, option, tab) {
	const kind = kindOf(option);
	const made = tab ? section.taboption(tab, kind, option.name, option.title, option.help) : section.option(kind, option.name, option.title, option.help);

	made.rmempty = !option.required;

	if (option.with)
		made.depends(option.with, '1');

	if (option.form === 'flag') {
		made.default = option.preset || '0';

		return made;
	}

	if (option.form === 'choice' && !option.list) {
		/* What is not chosen is not written: then what minewall takes itself holds. */
		option.choices.forEach((choice) => made.value(choice, choice));
		made.optional = !option.required;
		made.placeholder = _('default: %s').format(option.preset);

		return made;
	}

	if (option.form === 'number')
		made.datatype = 'and(uinteger,range(%s,%s))'.format(option.min, option.max);
	else if (DATATYPES[option.form])
		made.datatype = DATATYPES[option.form];

	made.placeholder = (option.list && option.preset ? '%s …'.format(option.preset.split(' ')[0]) : option.preset) || (option.example ? _('such as %s').format(option.example) : null);
	made.validate = (id, value) => {
		if (option.form === 'choice' && value && !option.choices.includes(value))
			return _('One of: %s').format(option.choices.join(', '));

		return judge(option, value);
	};

	return made;
}

return baseclass.extend({
	/* Adds the sections of a page, `lists` or `settings`, to a map. */
	add: function(map, page) {
		const isLists = page === 'lists';

		map.tabbed = !isLists;

		for (const kind of options.sections()) {
			if (kind.name) {
				const section = map.section(form.NamedSection, kind.name, kind.type, isLists ? null : _('Options'));
				const own = kind.options.filter((option) => GLOBAL_WITH_LISTS.includes(option.name) === isLists);

				if (isLists) {
					own.forEach((option) => field(section, option));
					continue;
				}

				for (const group of options.groups())
					section.tab(group.name, group.title);

				own.forEach((option) => field(section, option, option.group));
			}
			else if (WITH_LISTS.includes(kind.type) === isLists) {
				const section = map.section(form.TypedSection, kind.type, kind.title, kind.help);

				section.anonymous = true;
				section.addremove = true;
				kind.options.forEach((option) => field(section, option));
			}
		}

		return map;
	}
});
