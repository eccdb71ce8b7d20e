'use strict';
'require baseclass';

/* Made of the rules in filter/core/src/incident/reasons.rs: MINEWALL_BLESS=1 cargo test -p minewall --test minewall luci::app */

return baseclass.extend({
	rules: () => ({
		'register': [ 'an entry of the register let it pass', _('an entry of the register let it pass') ],
		'same-wallet': [ 'three hosts or more name the same wallet or account', _('three hosts or more name the same wallet or account') ],
		'malware-list': [ 'a name or address that malware uses was asked for', _('a name or address that malware uses was asked for') ],
		'web-page': [ 'a miner in a web page', _('a miner in a web page') ],
		'own-proxy': [ 'the answers are those of somebody\'s own proxy', _('the answers are those of somebody\'s own proxy') ],
		'raw-address': [ 'the pool was reached by an address that no name led to', _('the pool was reached by an address that no name led to') ],
		'everyday-port': [ 'mining in plain on a port of web, mail or DNS', _('mining in plain on a port of web, mail or DNS') ],
		'processor-coin': [ 'Monero on processors, or its software', _('Monero on processors, or its software') ],
		'nameless': [ 'logins without a name of a rig', _('logins without a name of a rig') ],
		'donation': [ 'the login is the hash a miner sends with its donation', _('the login is the hash a miner sends with its donation') ],
		'mining-machine': [ 'the software is that of machines made for mining', _('the software is that of machines made for mining') ],
		'graphics-card': [ 'the software mines with graphics cards', _('the software mines with graphics cards') ],
		'e-mail': [ 'an e-mail address in the login', _('an e-mail address in the login') ],
		'market': [ 'a market for hashes is the pool', _('a market for hashes is the pool') ],
		'account': [ 'the login is an account at a pool', _('the login is an account at a pool') ],
		'worker-name': [ 'rigs with names that software does not give by itself', _('rigs with names that software does not give by itself') ],
		'pool-page': [ 'the pool\'s web page was visited', _('the pool\'s web page was visited') ],
		'several-rigs': [ 'two rigs or more at one host', _('two rigs or more at one host') ],
		'graphics-coin': [ 'a coin that processors do not mine, and no software named', _('a coin that processors do not mine, and no software named') ],
		'referral': [ 'a code of who recruited the miner', _('a code of who recruited the miner') ],
		'night': [ 'three days or more, from 20 to 8 h only', _('three days or more, from 20 to 8 h only') ],
		'one-wallet': [ 'it mined, and no other host names its wallet', _('it mined, and no other host names its wallet') ]
	})
});
