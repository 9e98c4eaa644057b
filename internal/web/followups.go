package web

import (
	"net/http"
	"strconv"

	"github.com/coursecrm/coursecrm/crm/followup"
	"github.com/coursecrm/coursecrm/hostadapter"
)

// followupsPage lists the reminders that are open, the longest overdue first.
type followupsPage struct {
	Frame
	Who    []choiceLink // mine, everybody's
	States []followupTab
	Team   bool
	State  followup.State
	Rows   []followupRow
	Pager  pager
	Here   string // this list, to come back to it
}

// followupTab is a state with how many reminders are in it.
type followupTab struct {
	choiceLink
	N int64
}

// followupRow is a reminder in the list.
type followupRow struct {
	followup.Followup
	URL       string // its own page
	PersonURL string
	WriteURL  string // the form for what was done; empty: staff may not
	DoneURL   string // takes the tick; empty: staff may not
	Late      bool
}

// shortContent is how many characters of a note a list shows.
const shortContent = 120

// Short is the beginning of what the note says.
func (r followupRow) Short() string { return firstOf(r.Content, shortContent) }

// firstOf is the beginning of a text, with a sign where there is more.
func firstOf(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most]) + "…"
}

const followupsPerPage = 50

// The words for whose reminders are listed.
const (
	followupsMine = ""
	followupsTeam = "team"
)

// followups shows the list.
func (w *Web) followups(q *request) error {
	v := q.r.URL.Query()
	who, state := v.Get("who"), followup.State(v.Get("state"))
	if state == "" {
		state = followup.AnyTime
	}
	p := followupsPage{Team: who == followupsTeam, State: state}
	owner := q.staff.ID
	if p.Team {
		owner = ""
	}
	list, err := w.Followups.Due(q.ctx(), followup.Query{Owner: owner, State: state, After: v.Get("after"), Limit: followupsPerPage})
	if err != nil {
		return err
	}
	tally, err := w.Followups.Tally(q.ctx(), owner)
	if err != nil {
		return err
	}
	p.Here = w.paths.Followups(who, state, v.Get("after"))
	for _, f := range list.Followups {
		row := followupRow{Followup: f, URL: w.paths.Followup(f.ID, ""), PersonURL: w.paths.Person(f.Learner), Late: f.NextAt.Before(w.Now())}
		if q.may(hostadapter.PermFollowup) {
			row.WriteURL, row.DoneURL = w.paths.FollowupNew(f.Learner, p.Here), w.paths.Followup(f.ID, "/done")
		}
		p.Rows = append(p.Rows, row)
	}
	for _, s := range []string{followupsMine, followupsTeam} {
		p.Who = append(p.Who, choiceLink{s, w.paths.Followups(s, state, ""), (s == followupsTeam) == p.Team})
	}
	for _, s := range followup.States() {
		p.States = append(p.States, followupTab{choiceLink{string(s), w.paths.Followups(who, s, ""), s == state}, tally.Of(s)})
	}
	p.Pager = newPager(v.Get("after"), list.Next, w.paths.Followups(who, state, ""), w.paths.Followups(who, state, list.Next), "followups")
	if q.target() == "followups" {
		return w.render(q, http.StatusOK, "followups#followups", p)
	}
	p.Frame = w.frame(q, "followups.title", "followups")
	return w.render(q, http.StatusOK, "followups", p)
}

// badgeMost is the largest number that the menu shows beside the reminders.
const badgeMost = 99

// followupBadge is how many reminders wait for who asks, for the menu; empty: none. A menu is shown
// also when they cannot be counted.
func (w *Web) followupBadge(q *request) string {
	n, err := w.Followups.Waiting(q.ctx(), q.staff.ID, badgeMost+1)
	switch {
	case err != nil:
		w.Log.WarnContext(q.ctx(), "web: reminders", "request", q.id, "err", err)
		return ""
	case n == 0:
		return ""
	case n > badgeMost:
		return strconv.Itoa(badgeMost) + "+"
	}
	return strconv.Itoa(n)
}
