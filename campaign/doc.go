// Package campaign sends one message to one audience and accounts for every recipient.
//
// A campaign is launched once: its audience is frozen into delivery rows, each excluded for one
// reason or to be sent; workers take the rows in chunks, write "sending" before they hand a
// message to its [Channel], and the outcome after. What was being sent when a process died is
// unknown, is shown as such, and is never sent again by itself.
package campaign
