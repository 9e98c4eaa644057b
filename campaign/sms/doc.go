// Package sms sends campaigns as text messages. A [Supplier] is either the host's own account
// ([FromHost]) or a gateway that speaks the protocol below ([NewHTTP]); [New] makes the channel of
// it. [ParseCallback] reads what a gateway tells later, and [OptOut] a reply that says no.
//
// # The gateway protocol
//
// Anybody can write such a gateway in front of a supplier: four requests, and one callback. Bodies
// are JSON in UTF-8. Times are RFC 3339 in UTC. A member that is not named here is ignored; an
// object that names a member twice is an error.
//
// Each request carries three headers:
//
//	CourseCRM-Key        the id of the key, which names the account
//	CourseCRM-Time       Unix seconds; refuse what is more than five minutes away from now
//	CourseCRM-Signature  hex(HMAC-SHA256(secret, time "\n" method "\n" path "\n" body))
//
// The path is what follows the gateway's address, with its query, as it was sent: "/messages",
// "/templates?ids=7&ids=8". The body of a GET is empty. Compare signatures in constant time.
//
// POST /messages hands over up to 100 messages:
//
//	{"messages": [{"key": "c7-1250", "to": "13800138000", "text": "【启明网校】小满您好，…",
//	               "template": "2081", "params": [{"name": "nickname", "value": "小满"}]}]}
//
// and is answered with status 200 and one answer for each key, in any order:
//
//	{"messages": [{"key": "c7-1250", "status": "accepted", "id": "8f3a"},
//	              {"key": "c7-1251", "status": "temporary"},
//	              {"key": "c7-1252", "status": "failed", "reason": "invalid"}]}
//
// Numbers are digits, with +country outside mainland China. The text is what should arrive, with
// the signature. Accepted: it will be delivered, or a receipt says otherwise. Temporary: it has not
// left and may come again. Failed: never; the reason is "invalid" (no such number), "complaint"
// (the person has barred us) or "rejected" (all else). The key is an idempotency key: a message
// whose key was accepted or failed before is answered as it was then and is not sent again, also when
// both come at once. Keep keys for a week at least.
//
// POST /templates asks for a template to be approved; its parameters stand in it as {{name}}. The
// same key and text again are the same submission:
//
//	{"key": "t12v3", "name": "课程优惠提醒", "text": "{{nickname}}您好，…拒收请回复R"}
//	{"id": "2081"}
//
// GET /templates?ids=…&ids=… tells where up to 100 templates stand. The state is "pending",
// "approved" or "rejected", the last with a reason for people to read; an id that is not known is
// left out:
//
//	{"templates": [{"id": "2081", "state": "rejected", "reason": "缺少退订方式"}]}
//
// GET /balance says how many parts are left; -1: not known:
//
//	{"parts": 38420}
//
// # What a status says
//
// A status other than 200 is about the whole request. 408, 429 and 503 promise that nothing of it
// was done: it comes again later. 401 and 403 refuse the key; they, every other 4xx, and the
// redirects 301, 307 and 308 (none is followed) stop sending until somebody looks: nothing of the
// request may have been done. After anything else (another status, an answer that breaks off or
// cannot be read, no answer in time) nobody knows what has left, and a message without a clear
// answer of its own counts as that too. It is handed over again under its key, unless
// HTTPConfig.NotIdempotent forbids it. Mind the proxies in front of a gateway: one that answers 503
// after it has passed a request on breaks the promise.
//
// # The callback
//
// The gateway posts to the CRM's address for callbacks what it learns later, in any order, at most
// 1,000 entries and 1 MiB at once, until it gets a 2xx. Telling twice is fine. The headers are those
// of a request; the path that is signed is always "/callback".
//
//	{"receipts":  [{"key": "c7-1250", "status": "delivered"},
//	               {"key": "c7-1253", "status": "failed", "reason": "invalid"}],
//	 "inbound":   [{"from": "13800138000", "text": "TD", "at": "2026-11-22T08:00:00Z"}],
//	 "templates": [{"id": "2081", "state": "approved"}]}
package sms
