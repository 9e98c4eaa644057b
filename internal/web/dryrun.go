package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// dryView breaks the audience down: Sendable and the lines add up to Matched.
type dryView struct {
	campaign.Sum
	Lines  []dryLine
	Failed bool
}

type dryLine struct {
	Reason campaign.Exclusion
	N      int64
	Share  float64 // of the largest line
	Label  string  // the reason in words; empty: the usual ones
	URL    string  // lists the people; empty: there are none
}

func dryViewOf(s campaign.Sum) dryView {
	d := dryView{Sum: s}
	var most int64
	for _, n := range s.Excluded {
		most = max(most, n)
	}
	for _, e := range campaign.Exclusions() {
		line := dryLine{Reason: e, N: s.Excluded[e]}
		if most > 0 {
			line.Share = float64(line.N) / float64(most)
		}
		d.Lines = append(d.Lines, line)
	}
	return d
}

// dryRun is the waterfall of a draft.
type dryRun struct {
	dryView
	At   time.Time // when it was counted
	Took time.Duration
	Key  string // of what was counted: another one has to be counted again
	URL  string // takes the form
	List string // of those to be sent to
	Cap  int    // days in which a single recipient has been written to; 0: not
	OOB  bool
}

// countKey names what the number of recipients and the cost depend on.
func countKey(d campaign.Draft) string {
	text, err := json.Marshal([]any{d.Channel, d.Rule, d.Unticked, d.CapDays, d.Control, lacking(d)})
	if err != nil {
		panic(err) // words, numbers and a rule that was read as JSON
	}
	if d.Channel == hostadapter.ChannelSMS { // its length counts
		return hash(string(text) + d.Content.Text + desk.Version(campaign.Draft{Fill: d.Fill}))
	}
	return hash(string(text))
}

// exclusion says why people are left out of a channel; days are those of the cap.
func (l *locale) exclusion(ch hostadapter.Channel, e campaign.Exclusion, days int) string {
	switch e {
	case campaign.NoContact, campaign.SameContact, campaign.NoConsent, campaign.Suppressed:
		return l.TK("exclusion."+string(ch), e)
	case campaign.Contacted:
		if days > 0 {
			return l.T("exclusion.contacted_in", days)
		}
	}
	return l.TK("exclusion", e)
}

// addCounts counts the draft's audience and what it costs. What cannot be counted in time is said
// to be so; nothing can be sent then.
func (w *Web) addCounts(q *request, p *composerPage, c *composing) error {
	l, d := w.locale(q), c.d
	p.Dry = dryRun{Key: countKey(d), URL: p.URL, At: w.Now()}
	sum, err := w.Campaigns.DryRun(q.ctx(), d)
	if errors.Is(err, fault.ErrUnavailable) {
		p.Dry.Failed, p.Go.Off, p.Steps[3].Done = true, true, false
		return nil
	}
	if err != nil {
		return err
	}
	p.Dry.dryView, p.Dry.Took = dryViewOf(sum), w.Now().Sub(p.Dry.At)
	for i := range p.Dry.Lines {
		line := &p.Dry.Lines[i]
		line.Label = l.exclusion(d.Channel, line.Reason, d.CapDays)
		if line.N > 0 {
			line.URL = w.paths.Draft(d.Key, "/people", values("reason", string(line.Reason)))
		}
	}
	if sum.Sendable > 0 {
		p.Dry.List = w.paths.Draft(d.Key, "/people", nil)
	}
	p.Steps[3].Done = sum.Sendable > 0
	p.Go.N, p.Go.Off = strconv.FormatInt(sum.Sendable, 10), sum.Sendable == 0
	p.Go.Label = l.goLabel(d.SendAt, l.Num(sum.Sendable))
	names := lacking(d)
	for i, x := range personalOf(d) {
		if i < len(p.Fill.Fallbacks) {
			p.Fill.Fallbacks[i].Hint = l.missing(x, names, &sum)
		}
	}
	if d.Direct {
		if p.Dry.Cap, err = w.capOf(q, d); err != nil {
			return err
		}
	}
	p.Cost, err = w.costView(q, d, sum)
	return err
}

func personalOf(d campaign.Draft) []campaign.Variable {
	personal, _, _, _ := campaign.Mentions(d.Channel, desk.ContentFor(d.Channel, d.Content))
	return personal
}

// capOf tells within how many days a single recipient has been written to, when the cap would hold
// a campaign back: a message to one person is only warned about.
func (w *Web) capOf(q *request, d campaign.Draft) (int, error) {
	d.Direct, d.CapDays = false, w.Campaigns.Settings().CapDays
	sum, err := w.Campaigns.DryRun(q.ctx(), d)
	if err != nil || sum.Excluded[campaign.Contacted] == 0 {
		return 0, err
	}
	return d.CapDays, nil
}

// costView is what an SMS campaign costs at most.
type costView struct {
	campaign.Cost
	Shown   bool
	People  int64
	Known   bool // the balance is
	Balance int64
	After   int64 // what is left of it
	Failed  bool
	OOB     bool
}

func (w *Web) costView(q *request, d campaign.Draft, sum campaign.Sum) (costView, error) {
	if d.Channel != hostadapter.ChannelSMS {
		return costView{}, nil
	}
	v := costView{Shown: true, People: sum.Sendable}
	var err error
	if v.Cost, err = w.Campaigns.Cost(q.ctx(), d, sum); errors.Is(err, fault.ErrUnavailable) {
		v.Failed = true
		return v, nil
	} else if err != nil {
		return v, err
	}
	if w.Balance == nil {
		return v, nil
	}
	ctx, cancel := context.WithTimeout(q.ctx(), hostPatience)
	defer cancel()
	left, err := w.Balance(ctx)
	if err != nil { // the supplier is asked for every page; one that does not answer breaks none
		w.Log.WarnContext(q.ctx(), "web: balance of SMS", "request", q.id, "err", err)
		return v, nil
	}
	v.Known, v.Balance, v.After = left >= 0, left, left-v.Total
	return v, nil
}

// showDry answers a fresh count: the waterfall, and what else says how many.
func (w *Web) showDry(q *request, c *composing) error {
	p, err := w.basics(q, c)
	if err != nil {
		return err
	}
	if err := w.addCounts(q, &p, c); err != nil {
		return err
	}
	p.OOB, p.Go.OOB, p.Cost.OOB = true, true, true
	return w.render(q, http.StatusOK, "composer#composer-counted", p)
}
