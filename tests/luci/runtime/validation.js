'use strict';
'require baseclass';

/* Data types of fields: those that the views name. */

const KINDS = {
	string: () => true,
	uinteger: (value) => /^\d+$/.test(value),
	integer: (value) => /^-?\d+$/.test(value),
	range: (value, [ min, max ]) => value !== '' && +value >= +min && +value <= +max,
	maxlength: (value, [ most ]) => value.length <= +most,
	uciname: (value) => /^[a-zA-Z0-9_]+$/.test(value),
	ipaddr: (value, [ nomask ]) => isAddress(value, nomask),
	or: (value, kinds) => kinds.some((kind) => check(kind, value)),
	and: (value, kinds) => kinds.every((kind) => check(kind, value))
};

function isAddress(value, nomask) {
	const [ address, prefix, rest ] = value.split('/');

	if (rest !== undefined || (prefix !== undefined && (nomask || !/^\d+$/.test(prefix))))
		return false;
	if (/^(\d{1,3}\.){3}\d{1,3}$/.test(address))
		return address.split('.').every((part) => +part <= 255) && (prefix === undefined || +prefix <= 32);

	return address.includes(':') && URL.canParse('http://[%s]/'.format(address)) && (prefix === undefined || +prefix <= 128);
}

/* The arguments of `kind(a,b(c,d))`. */
function split(text) {
	const parts = [ '' ];
	let depth = 0;

	for (const letter of text) {
		depth += letter === '(' ? 1 : letter === ')' ? -1 : 0;

		if (letter === ',' && depth === 0)
			parts.push('');
		else
			parts[parts.length - 1] += letter;
	}

	return parts.map((part) => part.trim().replace(/^"(.*)"$/, '$1')).filter((part) => part !== '');
}

function check(kind, value) {
	const [ , name, values ] = /^(\w+)(?:\((.*)\))?$/.exec(kind) ?? [];

	if (!KINDS[name])
		throw new Error('the tests know no data type %s'.format(kind));

	return KINDS[name](value, split(values ?? ''));
}

return baseclass.extend({
	/* True, or what is wrong. */
	check: function(value, datatype, isOptional, validate) {
		if (value === '' || value === null)
			return isOptional ? (validate ? validate('') : true) : _('Expecting: %s').format(_('non-empty value'));
		if (datatype && !check(datatype, value))
			return _('Expecting: %s').format(datatype);

		return validate ? validate(value) : true;
	}
});
