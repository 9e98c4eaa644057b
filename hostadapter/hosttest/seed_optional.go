package hosttest

import (
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// seedMemberships makes nine, of which several changed in one second.
func seedMemberships() []h.Membership {
	member := func(n int, level, name string, rank, days int) h.Membership {
		return h.Membership{
			LearnerID: learner(n), LevelID: level, LevelName: name, Rank: rank,
			StartsAt: ago(days, 0), ExpiresAt: ago(days-365, 0), UpdatedAt: ago(days, 0),
		}
	}
	rows := []h.Membership{
		member(9, "1", "月度会员", 1, 40),
		member(10, "1", "月度会员", 1, 40), // beside 9: the order of text is not the order of numbers
		member(11, "2", "年度会员", 2, 40),
		member(12, "2", "年度会员", 2, 40),
		member(13, "2", "年度会员", 2, 400), // over since long, still listed (trap 11)
		member(14, "3", "终身会员", 3, 39),
		member(56, "2", "年度会员", 2, 8),
		member(32, "1", "月度会员", 1, 40), // the account was closed
		member(15, "1", "月度会员", 1, 38),
	}
	rows[5].ExpiresAt = time.Time{} // for life
	rows[8].Deleted, rows[8].UpdatedAt = true, ago(9, 0)
	return rows
}

// seedActivities makes some 80 events: intent, learning, types of the host's own, visitors.
func seedActivities() []h.Activity {
	var rows []h.Activity
	add := func(of h.LearnerID, what h.ActivityType, about h.Target, days, seconds int) {
		rows = append(rows, h.Activity{
			EventID: number(91 + len(rows)), LearnerID: of, Type: what, Target: about, OccurredAt: ago(days, seconds),
		})
	}
	intent := []h.ActivityType{h.ActivityView, h.ActivityTrial, h.ActivityFavorite, h.ActivityQuestion, h.ActivityCoupon}
	for i := range 24 { // a batch job that logged them all at once
		add(learner(11+i%20), h.ActivityLearn, course(1+4*(i%2)), 19, 0)
	}
	for i := range 40 { // people about to buy: from today back to beyond any window
		add(learner(40+i%20), intent[i%5], course(1+i%7), 3*i, 17*i)
	}
	for i := range 8 {
		add(learner(50+i), h.ActivityLogin, h.Target{}, i, 0)
	}
	add(learner(58), h.ActivityView, classroom(1), 7, 0)
	add(learner(58), h.ActivityView, classroom(1), 7, 0) // the same again is another event
	add(learner(51), "live_watched", course(5), 2, 0)    // a word of the host's own
	add(learner(2), h.ActivityView, course(1), 2, 0)     // a teacher
	add(learner(32), h.ActivityView, course(6), 101, 0)  // a closed account
	add("", h.ActivityView, course(1), 1, 0)             // visitors (trap 13): in the host, not in the feed
	add("", h.ActivityView, classroom(2), 19, 0)
	add(learner(60), h.ActivityView, course(9), 0, 0)
	return rows
}
