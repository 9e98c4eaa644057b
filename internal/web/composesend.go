package web

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// confirmPage asks before anything is sent, and says to how many.
type confirmPage struct {
	Frame
	Draft   campaign.Draft
	URL     string
	Sum     campaign.Sum
	SendAt  time.Time
	Version string // of the draft that was confirmed
	Was     int64  // the number that was confirmed before; negative: none
	Changed bool   // the draft says something else than what was confirmed
	Cost    costView
}

// ready looks at a draft as launching does and counts its people.
//
// Errors: fault.Fields.
func (w *Web) ready(q *request, c *composing) (campaign.Sum, error) {
	problems, err := w.check(q, c)
	if err != nil {
		return campaign.Sum{}, err
	}
	if err := problems.Err(); err != nil {
		return campaign.Sum{}, err
	}
	sum, err := w.Campaigns.DryRun(q.ctx(), c.d)
	if err != nil {
		return sum, err
	}
	return sum, desk.Sendable(q.staff, w.Settings.Current().LargeSend, sum)
}

// confirm asks whether the draft should be sent, or shows what is wrong with it.
func (w *Web) confirm(q *request, c *composing) error {
	sum, err := w.ready(q, c)
	if problems, other := problemsOf(err); other != nil {
		return other
	} else if problems != nil {
		c.problems = problems
		return w.showComposer(q, http.StatusUnprocessableEntity, c)
	}
	return w.ask(q, c, confirmPage{Sum: sum, Was: -1})
}

// ask shows the question.
func (w *Web) ask(q *request, c *composing, p confirmPage) error {
	var err error
	p.Draft, p.URL, p.SendAt, p.Version = c.d, w.paths.Draft(c.d.Key, "", nil), c.d.SendAt, desk.Version(c.d)
	if p.Cost, err = w.costView(q, c.d, p.Sum); err != nil {
		return err
	}
	if q.hx() {
		p.Frame = w.plainFrame(q, "", "")
		q.w.Header().Set("HX-Retarget", "#dialog")
		q.w.Header().Set("HX-Reswap", "innerHTML")
		return w.render(q, http.StatusOK, "confirm#confirm-dialog", p)
	}
	p.Frame = w.frame(q, "confirm.title", "audience")
	return w.render(q, http.StatusOK, "confirm", p)
}

// send launches a draft that was confirmed. When it says something else by now, or goes to another
// number of people, it asks again.
func (w *Web) send(q *request, d campaign.Draft) error {
	f := q.r.PostForm
	c := &composing{d: d}
	w.refresh(q, c)
	sum, err := w.ready(q, c)
	if problems, other := problemsOf(err); other != nil {
		return other
	} else if problems != nil { // found between the question and the answer
		return q.redirect(w.paths.Draft(d.Key, "", values("check", "1")))
	}
	was, err := strconv.ParseInt(f.Get("n"), 10, 64)
	if err != nil {
		was = -1
	}
	if changed := f.Get("version") != desk.Version(c.d); changed || was != sum.Sendable {
		return w.ask(q, c, confirmPage{Sum: sum, Was: was, Changed: changed && f.Has("version")})
	}
	id, err := w.Campaigns.Launch(q.ctx(), desk.Launchable(c.d), q.staff)
	if errors.Is(err, fault.ErrInvalid) {
		return q.redirect(w.paths.Draft(d.Key, "", values("check", "1")))
	}
	if err != nil {
		return err
	}
	if err := w.record(q, audit.Launched, fmt.Sprintf("campaign:%d", id), desk.LaunchDetail(d.Channel, d.Rule, sum)); err != nil {
		return err
	}
	return q.redirect(w.paths.Campaign(id, "", ""))
}

// dropPage asks before a draft is thrown away.
type dropPage struct {
	Frame
	Draft campaign.Draft
	URL   string
}

func (w *Web) draftDropAsk(q *request) error {
	d, done, err := w.ownDraft(q)
	if done || err != nil {
		return err
	}
	p := dropPage{Frame: w.frame(q, "drafts.drop", "audience"), Draft: d, URL: w.paths.Draft(d.Key, "", nil)}
	if q.target() == "dialog" {
		return w.render(q, http.StatusOK, "draftdrop#drop-dialog", p)
	}
	return w.render(q, http.StatusOK, "draftdrop", p)
}

func (w *Web) dropDraft(q *request, d campaign.Draft) error {
	if err := w.Campaigns.DropDraft(q.ctx(), d.Key, q.staff); err != nil {
		return err
	}
	return q.redirect(w.paths.Campaigns(""))
}
