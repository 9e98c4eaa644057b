// Package campaign sends one message to one audience over one channel and accounts for every
// recipient.
//
// A [Draft] is launched once: its audience is frozen into delivery rows, each excluded for one
// reason or to be sent; workers take the rows in chunks, write "sending" before they hand a
// message to its [Channel], and the outcome after. What was being sent when a process died is
// unknown, is shown as such, and is never sent again by itself, unless the provider knows a
// message by its key ([Traits]). Consent, suppression, caps and quiet hours are asked when the
// audience is planned and again when a message is handed over.
//
// What a message says is [Content], compiled to a [Letter]. [Service] is for the screens, [Sender]
// for the workers, [Templates], [Consents] and [Receiver] for what their names say. All of them are
// safe for concurrent use, and keep everything in the stores they are given.
package campaign
