// Package followup keeps what staff did with a learner and what is to be done next (跟进): a call
// was made, this was said, come back on Friday at three.
//
// A [Followup] is a note. One with a time to come back to it is a reminder as well, open until its
// owner has done something with the learner or somebody ticks it off. A note of method [Plan] is
// nothing but a reminder. Notes can be edited by who wrote and who owns them; what they said before
// stays. Times are UTC.
package followup
