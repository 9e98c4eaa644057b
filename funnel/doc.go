// Package funnel follows the learners of each course and classroom from the first look to the last
// lesson: who may buy, who has not paid yet, who learns and who has left, with the money at stake.
//
// A learner stands with an offering in one [Stage] at a time, and has a [Level] of intent. Both
// come from all that is known of the two, and change by themselves as time goes by. The lists of
// people are rules of package segment, in an order of their own: whatever number is shown, its
// people can be opened, exported and written to.
//
// Amounts are minor units of the site's currency, net of coins; orders in other currencies count
// as orders, their money does not. Times are UTC.
package funnel
