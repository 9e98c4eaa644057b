package web

import (
	"cmp"
	"slices"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/internal/desk"
)

// sumView accounts for everybody the campaign was meant for: its lines add up to Total.
type sumView struct {
	Groups  []sumGroup
	Total   int64
	Matched int64
	Changes []changeLine // what planning found otherwise than the dry run at launch
	Kept    bool         // it found the same
	Before  campaign.Sum // the dry run
	After   campaign.Sum // as planned
	OOB     bool
}

// sumGroup is what happened to people at one point: planning, hand-over, or after it.
type sumGroup struct {
	Key   string // sum.group.<key>
	N     int64
	Lines []sumLine
}

// sumGroups lists the points.
func sumGroups() []string { return []string{"excluded", "late", "sent"} }

// sumLine is a part of the people. Each number opens them.
type sumLine struct {
	Part   campaign.Filter    // excluded, late, or where the others stand
	Reason campaign.Exclusion // of excluded and late ones
	Label  string             // the reason in words
	N      int64
	Share  float64 // of the largest line
	URL    string
}

// Key names a filter in the message files.
func (s sumLine) Key() string { return string(s.Part) }

// changeLine is a difference between the dry run at launch and the plan.
type changeLine struct {
	Label string // the reason in words; empty: it is the audience itself
	By    string // "+3"
}

func (w *Web) sumView(l *locale, c campaign.Campaign, r campaign.Result, receipts bool) sumView {
	v := sumView{Matched: r.Matched, Before: c.Promised, After: r.Sum, Groups: []sumGroup{{Key: "excluded"}, {Key: "late"}, {Key: "sent"}}}
	var most int64
	add := func(part campaign.Filter, reason campaign.Exclusion, n int64) {
		g := &v.Groups[min(slices.Index([]campaign.Filter{campaign.FilterExcluded, campaign.FilterLate, part}, part), 2)]
		v.Total, g.N, most = v.Total+n, g.N+n, max(most, n)
		if n > 0 {
			g.Lines = append(g.Lines, sumLine{Part: part, Reason: reason, Label: l.exclusion(c.Channel, reason, c.CapDays), N: n, URL: w.paths.CampaignPeople(c.ID, part, string(reason), "") + "#recipients"})
		}
	}
	for _, e := range campaign.Exclusions() {
		add(campaign.FilterExcluded, e, r.Excluded[e])
	}
	for _, e := range campaign.Exclusions() {
		add(campaign.FilterLate, e, r.LateOut[e])
	}
	taken := campaign.FilterAccepted
	if receipts {
		taken = campaign.FilterPending
	}
	add(taken, "", r.ByState[campaign.Accepted])
	add(campaign.FilterDelivered, "", r.ByState[campaign.Delivered])
	add(campaign.FilterFailed, "", r.ByState[campaign.Failed])
	add(campaign.FilterUnknown, "", r.ByState[campaign.Unknown])
	add(campaign.FilterCancelled, "", r.ByState[campaign.Cancelled])
	add(campaign.FilterWaiting, "", desk.Waiting(r))
	for _, g := range v.Groups {
		for i := range g.Lines {
			g.Lines[i].Share = share(g.Lines[i].N, most)
		}
	}
	v.Groups = slices.DeleteFunc(v.Groups, func(g sumGroup) bool { return g.N == 0 })
	if !c.PlannedAt.IsZero() && c.Promised.Matched > 0 {
		v.Changes = changes(l, c, r.Sum)
		v.Kept = len(v.Changes) == 0
	}
	return v
}

// promiseOf breaks the dry run at launch down: those to be sent to first.
func promiseOf(l *locale, c campaign.Campaign) []sumLine {
	out := []sumLine{{Label: l.T("promise.sendable"), N: c.Promised.Sendable}}
	for _, e := range campaign.Exclusions() {
		if n := c.Promised.Excluded[e]; n > 0 {
			out = append(out, sumLine{Reason: e, Label: l.exclusion(c.Channel, e, c.CapDays), N: n})
		}
	}
	var most int64
	for _, line := range out {
		most = max(most, line.N)
	}
	for i := range out {
		out[i].Share = share(out[i].N, most)
	}
	return out
}

// changes compares the dry run at launch with the plan, reason by reason.
func changes(l *locale, c campaign.Campaign, after campaign.Sum) []changeLine {
	var out []changeLine
	before := c.Promised
	if d := after.Matched - before.Matched; d != 0 {
		out = append(out, changeLine{By: l.signed(d)})
	}
	for _, e := range campaign.Exclusions() {
		if d := after.Excluded[e] - before.Excluded[e]; d != 0 {
			out = append(out, changeLine{l.exclusion(c.Channel, e, c.CapDays), l.signed(d)})
		}
	}
	return out
}

// signed writes a difference: +3, -1,204.
func (l *locale) signed(n int64) string {
	if n > 0 {
		return "+" + l.Num(n)
	}
	return l.Num(n)
}

// failsView is why messages failed, and what became of those whose fate nobody knows.
type failsView struct {
	Failed  int64
	Reasons []reasonLine // of failures
	Unknown int64
	Why     []reasonLine // of unknowns
	Dead    bool         // some contacts proved dead and are suppressed now
	Resend  bool         // staff may send what is unknown again
	AskURL  string
	OOB     bool
}

type reasonLine struct {
	Reason campaign.Reason
	N      int64
	Share  float64 // of its kind
	URL    string
}

func (w *Web) failsView(c campaign.Campaign, r campaign.Result) failsView {
	v := failsView{Failed: r.ByState[campaign.Failed], Unknown: r.ByState[campaign.Unknown], AskURL: w.paths.CampaignPart(c.ID, "resend"),
		Dead: r.ByReason[campaign.ReasonInvalid]+r.ByReason[campaign.ReasonComplaint] > 0}
	for _, reason := range campaign.Reasons() {
		line := reasonLine{Reason: reason, N: r.ByReason[reason]}
		filter, of, list := campaign.FilterFailed, v.Failed, &v.Reasons
		if reason == campaign.ReasonCrash || reason == campaign.ReasonBroken {
			filter, of, list = campaign.FilterUnknown, v.Unknown, &v.Why
		}
		if line.N > 0 && reason != campaign.ReasonTemporary { // that one waits for another try
			line.Share = share(line.N, of)
			line.URL = w.paths.CampaignPeople(c.ID, filter, string(reason), "") + "#recipients"
			*list = append(*list, line)
		}
	}
	slices.SortStableFunc(v.Reasons, func(a, b reasonLine) int { return cmp.Compare(b.N, a.N) })
	return v
}
