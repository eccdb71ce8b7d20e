'use strict';
'require baseclass';
'require request';

/* Calls of ubus over HTTP, as uhttpd-mod-ubus has them. */

let id = 0;

return baseclass.extend({
	/* What a call gives, or the number of what went wrong: 6 is "no permission". */
	call: function(object, method, values) {
		const content = JSON.stringify({ jsonrpc: '2.0', id: ++id, method: 'call', params: [ L.env.sessionid, object, method, values ] });

		return request.post('/ubus/', content, { headers: { 'Content-Type': 'application/json' } }).then((reply) => {
			const told = reply.json();

			if (told.error) {
				const error = new Error('%s: %s'.format(method, told.error.message));

				error.name = told.error.code === -32002 ? 'PermissionError' : 'RPCError';
				throw error;
			}

			if (told.result[0] !== 0) {
				const error = new Error(told.result[0] === 6 ? 'Permission denied' : 'ubus code %d'.format(told.result[0]));

				error.name = told.result[0] === 6 ? 'PermissionError' : 'RPCError';
				throw error;
			}

			return told.result[1] ?? {};
		});
	}
});
