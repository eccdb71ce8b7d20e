'use strict';

/* A stand-in for what LuCI gives its views, written for the tests of minewall: only what the views use, with the same names
   and arguments and, where it matters, the same traps (a text that is no list is taken as HTML; attributes that are false
   are set nevertheless; what is null in a list becomes the word null). None of it is LuCI's own code. */

window.TR = window.TR || {};
window._ = (text) => window.TR[String(text).trim().replace(/[ \t\n]+/g, ' ')] || text;

/* printf as in LuCI: %h escapes what is HTML, %j is JSON. */
Object.defineProperty(String.prototype, 'format', {
	value: function(...values) {
		let next = 0;

		return String(this).replace(/%(-)?(0)?(\d+)?(?:\.(\d+))?([%dfsuxXhj])/g, (all, left, zero, width, digits, kind) => {
			if (kind === '%')
				return '%';

			const value = values[next++];
			let text = String(value ?? '');

			switch (kind) {
			case 'd': text = String(~~value); break;
			case 'u': text = String(value >>> 0); break;
			case 'f': text = digits === undefined ? String(+value) : (+value).toFixed(digits); break;
			case 'x': text = (+value).toString(16); break;
			case 'X': text = (+value).toString(16).toUpperCase(); break;
			case 'j': text = JSON.stringify(value); break;
			case 'h': text = text.replace(/[&<>"']/g, (letter) => '&#%s;'.format(letter.charCodeAt(0))); break;
			}

			return left ? text.padEnd(width || 0) : text.padStart(width || 0, zero || ' ');
		});
	}
});

/* Classes as LuCI has them: extend() with properties; the constructor is __init__(). */
class Base {
	static extend(properties) {
		const Parent = this;
		const Made = class extends Parent {
			constructor(...values) {
				super(...values);

				if (new.target === Made && typeof(this.__init__) === 'function')
					this.__init__(...values);
			}
		};

		for (const name of Object.keys(properties))
			Object.defineProperty(Made.prototype, name, { value: properties[name], writable: true, configurable: true });

		return Made;
	}
}

const dom = {
	elem: (thing) => thing !== null && typeof(thing) === 'object' && 'nodeType' in thing,

	append: function(node, children) {
		if (Array.isArray(children)) {
			for (const child of children)
				node.appendChild(dom.elem(child) ? child : document.createTextNode('' + child));
		}
		else if (typeof(children) === 'function') {
			dom.append(node, children(node));
		}
		else if (dom.elem(children)) {
			node.appendChild(children);
		}
		else if (children !== null && children !== undefined) {
			node.innerHTML = '' + children;
		}

		return node.lastChild;
	},

	content: function(node, children) {
		while (node.firstChild)
			node.removeChild(node.firstChild);

		return dom.append(node, children);
	},

	attr: function(node, attributes) {
		for (const name of Object.keys(attributes ?? {})) {
			const value = attributes[name];

			if (value === null || value === undefined)
				continue;
			if (typeof(value) === 'function')
				node.addEventListener(name, value);
			else
				node.setAttribute(name, typeof(value) === 'object' ? JSON.stringify(value) : value);
		}
	},

	create: function(what, attributes, children) {
		let node;

		if (!(attributes instanceof Object) || Array.isArray(attributes) || dom.elem(attributes))
			[ attributes, children ] = [ {}, attributes ];

		if (Array.isArray(what)) {
			node = document.createDocumentFragment();
			what.forEach((one) => node.appendChild(dom.elem(one) ? one : dom.create(one)));
		}
		else if (dom.elem(what)) {
			node = what;
		}
		else {
			node = document.createElement(what);
		}

		dom.attr(node, attributes);
		dom.append(node, children);

		return node;
	},

	parent: (node, selector) => node.closest(selector),
	bindClassInstance: (node, instance) => { node.__instance = instance; return instance; },
	callClassMethod: (node, method, ...values) => node?.__instance?.[method]?.(...values) ?? null
};

window.E = (...values) => dom.create(...values);

/* Calls again and again what the view wants to show anew. */
const poll = {
	queue: [],
	tick: 0,

	add: function(call, interval) {
		poll.queue.push({ call, interval: interval || 5, isIdle: true });

		if (!poll.timer)
			poll.start();

		return true;
	},

	start: function() {
		poll.tick = 0;
		poll.timer = window.setInterval(poll.step, 1000);
		poll.step();
	},

	stop: function() {
		window.clearInterval(poll.timer);
		poll.timer = null;
	},

	active: () => poll.timer !== null && poll.timer !== undefined,

	step: function() {
		for (const entry of poll.queue) {
			if (poll.tick % entry.interval !== 0 || !entry.isIdle)
				continue;

			entry.isIdle = false;
			Promise.resolve(entry.call()).finally(() => { entry.isIdle = true; });
		}

		poll.tick++;
	}
};

/* Over XMLHttpRequest, for a view may want to see what has come so far. */
const request = {
	request: (url, options) => new Promise((resolve, reject) => {
		const xhr = new XMLHttpRequest();

		xhr.open(options?.method ?? 'GET', url);

		for (const name of Object.keys(options?.headers ?? {}))
			xhr.setRequestHeader(name, options.headers[name]);

		if (typeof(options?.responseProgress) === 'function')
			xhr.addEventListener('progress', options.responseProgress);

		xhr.onerror = () => reject(new Error('XHR request aborted by browser'));
		xhr.onload = () => resolve({ ok: xhr.status >= 200 && xhr.status < 300, status: xhr.status, statusText: xhr.statusText, text: () => xhr.responseText, json: () => JSON.parse(xhr.responseText) });
		xhr.send(options?.content ?? null);
	}),

	get: (url, options) => request.request(url, options),
	post: (url, content, options) => request.request(url, Object.assign({ method: 'POST', content }, options))
};

const view = Base.extend({
	__init__: function() {
		const place = document.getElementById('view');

		dom.content(place, E('div', { 'class': 'spinning' }, [ _('Loading view…') ]));

		return Promise.resolve(this.load()).then((told) => this.render(told)).then((nodes) => {
			dom.content(place, nodes);
			dom.append(place, this.addFooter());
			document.body.setAttribute('data-shown', 'yes');
		}).catch(L.error);
	},

	load: () => null,

	handleSave: function() {
		return Promise.all(Array.from(document.querySelectorAll('#maincontent .cbi-map')).map((map) => dom.callClassMethod(map, 'save')));
	},

	handleSaveApply: function(event, mode) {
		return this.handleSave(event).then(() => L.classes.ui.changes.apply(mode === '0'));
	},

	handleReset: function() {
		return Promise.all(Array.from(document.querySelectorAll('#maincontent .cbi-map')).map((map) => dom.callClassMethod(map, 'reset')));
	},

	addFooter: function() {
		const { ui } = L.classes, buttons = [];

		if (this.handleSaveApply)
			buttons.push(E('button', { 'class': 'cbi-button cbi-button-apply', 'click': ui.createHandlerFn(this, 'handleSaveApply') }, [ _('Save & Apply') ]), ' ');
		if (this.handleSave)
			buttons.push(E('button', { 'class': 'cbi-button cbi-button-save', 'click': ui.createHandlerFn(this, 'handleSave') }, [ _('Save') ]), ' ');
		if (this.handleReset)
			buttons.push(E('button', { 'class': 'cbi-button cbi-button-reset', 'click': ui.createHandlerFn(this, 'handleReset') }, [ _('Reset') ]));

		return E([], buttons.length && document.querySelector('#view .cbi-map') ? [ E('div', { 'class': 'cbi-page-actions' }, buttons) ] : []);
	}
});

window.L = {
	env: { sessionid: 'tests', cgi_base: '/cgi-bin', resource: '/luci-static/resources', scriptname: '/cgi-bin/luci' },
	dom, Poll: poll, Request: request, Class: Base,
	classes: { dom, poll, request, view, baseclass: Base },
	bind: (call, self, ...values) => call.bind(self, ...values),
	resource: (path) => '%s/%s'.format(L.env.resource, path),
	url: (...parts) => [ L.env.scriptname ].concat(parts).join('/').replace(/\/+/g, '/'),
	resolveDefault: (promise, otherwise) => Promise.resolve(promise).then((value) => value ?? otherwise, () => otherwise),
	isObject: (thing) => thing !== null && typeof(thing) === 'object',
	toArray: (thing) => thing === null || thing === undefined ? [] : Array.isArray(thing) ? thing : String(thing).trim().split(/\s+/).filter((word) => word),

	error: function(error) {
		console.error(error?.stack || error);
		document.body.setAttribute('data-shown', 'error');
		throw error;
	},

	/* Loads a module by its name, with what it requires; each stands for one instance, except classes to be extended. */
	require: async function(name) {
		if (L.classes[name])
			return L.classes[name];

		const reply = await request.get(L.resource('%s.js'.format(name.replace(/\./g, '/'))));

		if (!reply.ok)
			throw new Error('%s cannot be loaded: %d'.format(name, reply.status));

		const source = reply.text(), names = [], values = [];

		for (const [ , required, as ] of source.matchAll(/^'require ([^' ]+)(?: as ([a-zA-Z_]\w*))?';$/gm)) {
			values.push(await L.require(required));
			names.push(as ?? required.replace(/\W/g, '_'));
		}

		const made = new Function('window', 'document', 'L', ...names, source + '\n//# sourceURL=' + name + '.js')(window, document, L, ...values);

		L.classes[name] = L.classes[name] ?? new made();

		return L.classes[name];
	}
};
