package proof

import (
	"cmp"
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/funnel"
	h "github.com/coursecrm/coursecrm/hostadapter"
)

// figureKey names an offering and a day of the site's zone; no day: in all.
type figureKey struct {
	offering h.Target
	day      string
}

// figure is an offering's learners and money, or a day's.
type figure struct {
	potential, pending, enrolled, withdrawn, past int64
	gross, refunded, open, refunding              int64
	touched, joined, paid                         int64
}

// figures adds pairs up. Deleted accounts are in no stage, and are counted on no day; their money
// counts.
func figures(pairs map[pairKey]standing, zone *time.Location) map[figureKey]figure {
	out := map[figureKey]figure{}
	for key, s := range pairs {
		all := out[figureKey{key.offering, ""}]
		switch s.stage {
		case funnel.Potential:
			all.potential++
		case funnel.Pending:
			all.pending++
		case funnel.Enrolled:
			all.enrolled++
		case funnel.Withdrawn:
			all.withdrawn++
		case funnel.Nowhere:
		}
		if s.past {
			all.past++
		}
		all.gross += s.gross
		all.refunded += s.refunded
		all.open += s.open
		all.refunding += s.refunding
		out[figureKey{key.offering, ""}] = all
		touched := s.viewed
		for _, at := range []time.Time{s.intended, s.ordered, s.paid} {
			later(&touched, at)
		}
		onDay := func(at time.Time, count func(*figure)) {
			if at.IsZero() || s.deleted {
				return
			}
			day := figureKey{key.offering, at.In(zone).Format(time.DateOnly)}
			f := out[day]
			count(&f)
			out[day] = f
		}
		onDay(touched, func(f *figure) { f.touched++ })
		onDay(s.joined, func(f *figure) { f.joined++ })
		onDay(s.paid, func(f *figure) { f.paid++ })
	}
	for key, f := range out {
		if f == (figure{}) {
			delete(out, key)
		}
	}
	return out
}

// interest is a subject and how much somebody cares for it now.
type interest struct {
	word  string
	score float64
}

// interests tells what each learner cares for, the strongest first, tags or not.
func (w *world) interests(pairs map[pairKey]standing) map[h.LearnerID][]interest {
	sums := map[h.LearnerID]map[string]float64{}
	for key, s := range pairs {
		if sums[key.learner] == nil {
			sums[key.learner] = map[string]float64{}
		}
		o := w.offerings[key.offering]
		words := slices.Concat(o.Tags, o.CategoryPath)
		slices.Sort(words)
		for _, word := range slices.Compact(words) {
			sums[key.learner][word] += s.interest
		}
	}
	out := map[h.LearnerID][]interest{}
	for learner, words := range sums {
		for word, score := range words {
			out[learner] = append(out[learner], interest{word, score})
		}
		slices.SortFunc(out[learner], func(a, b interest) int {
			return cmp.Or(-cmp.Compare(a.score, b.score), cmp.Compare(a.word, b.word))
		})
	}
	return out
}

// Interest tags hold from this score on, so many at most.
const (
	tagScore = 3
	tagsMost = 8
)

// hair is the relative difference below which scores are the same.
const hair = 1e-9

func near(a, b float64) bool { return a == b || max(a-b, b-a) <= hair*max(a, b, -a, -b) }

// tagged is the tags that follow from interests. Not sure: two scores, or one and the bound, lie so
// close together that the order of adding decides.
func tagged(list []interest) (tags []string, sure bool) {
	sure = true
	for i, in := range list {
		if near(in.score, tagScore) || i > 0 && i <= tagsMost && in.score >= tagScore/2 && near(in.score, list[i-1].score) {
			sure = false
		}
		if in.score >= tagScore && i < tagsMost {
			tags = append(tags, in.word)
		}
	}
	return tags, sure
}

// levelOf is the intent level of a score. Not sure: the score is on the edge of two.
func levelOf(score float64) (level funnel.Level, sure bool) {
	sure = !near(score, 8) && !near(score, 3)
	switch {
	case score >= 8:
		return funnel.High, sure
	case score >= 3:
		return funnel.Medium, sure
	case score > 0:
		return funnel.Low, sure
	}
	return funnel.None, sure
}
