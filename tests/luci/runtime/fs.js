'use strict';
'require baseclass';
'require request';
'require rpc';

return baseclass.extend({
	exec: (command, params) => rpc.call('file', 'exec', Array.isArray(params) ? { command, params } : { command }),

	exec_direct: function(command, params, type, latin1, stderr, responseProgress) {
		const words = [ command ].concat(params ?? []).map((word) => String(word).replace(/\\/g, '\\\\').replace(/(\s)/g, '\\$1'));
		const content = 'sessionid=%s&command=%s&stderr=%d'.format(encodeURIComponent(L.env.sessionid), encodeURIComponent(words.join(' ')), stderr ? 1 : 0);

		return request.post(L.env.cgi_base + '/cgi-exec', content, { headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, responseProgress }).then((reply) => {
			if (reply.status !== 200) {
				const error = new Error(reply.statusText);

				error.name = { 400: 'InvalidArgumentError', 403: 'PermissionError', 404: 'NotFoundError' }[reply.status] ?? 'Error';
				throw error;
			}

			return type === 'json' ? reply.json() : reply.text();
		});
	}
});
