// Package hostadapter is the contract between a learning platform (the host) and the CRM.
//
// A host implements [HostAdapter]: four feeds (learners, offerings, orders, enrollments) and a
// way to tell who is asking. Everything else is optional: an adapter that also has the methods
// of [MembershipSource], [ActivitySource] and so on gets the features that need them, and the
// CRM's settings page says what is missing. There is nothing to register; see [CapabilitiesOf].
//
// # Feeds
//
// A feed is read in pages, in the order of (UpdatedAt, ID), and resumed with the cursor of the
// page before. Cursors belong to the host: the CRM stores and returns them without looking
// inside. [Cursor.After], [CursorAt] and [KeysetPage] make keyset cursors for hosts that keep an updated_at column,
// which is nearly all of them:
//
//	SELECT … FROM users
//	WHERE (updated_at, id) > ($1, $2) AND updated_at < now() - interval '1 second'
//	ORDER BY updated_at, id LIMIT $3
//
// The second condition matters: a row becomes visible when its transaction commits, which may be
// after a row with a later updated_at. Leaving out the last second keeps the cursor from running
// past it. (Beware of SELECT id::text AS id … ORDER BY updated_at, id: it sorts by the text.) What is missed all the same is found by the CRM's repair pass, and what must be seen
// at once is pushed as an [Event].
//
// # Sending
//
// A host may lend its private messages ([MessageSender]) and its SMS account ([SMSGateway]).
// Both take messages with a key and say for each what became of it; what they cannot say for
// certain they leave open, and the CRM shows it as unknown instead of guessing. [ConsentSource]
// is asked about each batch just before it is handed over.
//
// # Conventions
//
// Ids are strings, unique within their kind and never reused. Time is UTC; the zero time means
// none. Money is an int64 in minor units (fen, cents), never negative, with an ISO 4217 code;
// coins or points of the host are kept apart. A rate is 0 to 1. Text is UTF-8.
//
// Package hosttest checks an implementation against all of this.
package hostadapter
