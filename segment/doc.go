// Package segment selects people. Whatever chooses an audience is a [Rule]: the condition builder,
// a saved quick query, an uploaded list, people ticked by hand. [Compile] turns a rule into a
// condition on the learners table; [Explain] evaluates the same rule for one person and says why;
// [Service] counts, lists, explains and remembers.
//
// A field of the [Catalog] has at most one value for a person: a moment, a count, a set. The value
// may be missing. A condition on a missing value is false and its negation is true: "logged in
// within 60 days" does not hold for who never logged in, "not logged in within 60 days" does.
//
// Dates and days are of the site's time zone. A day is a day of the calendar, 23 or 25 hours long
// where clocks change; a week begins on Monday; a month before 31 March is the last of February;
// who was born on 29 February has the birthday on the 28th in other years.
package segment
