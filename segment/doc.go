// Package segment selects people. Whatever chooses an audience is a [Rule]: the condition
// builder, a saved quick query, people ticked by hand. [Compile] turns a rule into a condition on
// the learners table; [Service] counts, lists and remembers.
//
// A condition on a missing value is false and its negation is true: "logged in within 60 days"
// does not hold for who never logged in, and none of "logged in within 60 days" does.
package segment
