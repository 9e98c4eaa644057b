package web

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// testView is the form of a message to oneself, and what became of those that were sent.
type testView struct {
	To    fieldView
	Self  bool   // it goes to the visitor's own account
	Key   string // of the next test
	Tests []campaign.Test
	List  string // tells where they stand
	Poll  bool   // some may still change
	URL   string // takes the form
}

// testWatch is how long the page goes on asking about a test that a provider has taken: a receipt
// may come.
const testWatch = 30 * time.Second

func (w *Web) testView(q *request, c *composing, form bool) (testView, error) {
	v := testView{List: w.paths.Draft(c.d.Key, "/tests", nil), URL: w.paths.Draft(c.d.Key, "", nil), Self: c.d.Channel == hostadapter.ChannelMessage}
	if form {
		v.Key = rand.Text()
		v.To = fieldView{Field: "test_to", Name: "test_to", Value: c.testTo, Type: "email", Label: w.locale(q).TK("composer.test_to", c.d.Channel), Problem: c.problems["test_to"]}
		if c.d.Channel == hostadapter.ChannelSMS {
			v.To.Type, v.To.Keys = "tel", "tel"
		}
	}
	var err error
	if v.Tests, err = w.Campaigns.Tests(q.ctx(), c.d); err != nil {
		return v, err
	}
	for _, t := range v.Tests {
		young := w.Now().Sub(t.CreatedAt) < testWatch
		v.Poll = v.Poll || young && (t.State == campaign.InFlight || t.State == campaign.Accepted)
	}
	return v, nil
}

// sendTest sends a draft to its author. The form's key makes a second click do nothing.
func (w *Web) sendTest(q *request, c *composing, f url.Values) error {
	problems, err := w.check(q, c)
	if err != nil {
		return err
	}
	if p, wrong := problems["from"]; wrong {
		c.problems = fault.Fields{"from": p}
		return w.showComposer(q, http.StatusUnprocessableEntity, c)
	}
	d := c.d
	d.Content = desk.ContentFor(d.Channel, d.Content)
	err = w.Campaigns.CheckTest(q.ctx(), d, f.Get("test_key"), c.testTo, q.staff)
	if problems, other := problemsOf(err); other != nil {
		return other
	} else if problems != nil {
		c.problems = problems
		return w.showComposer(q, http.StatusUnprocessableEntity, c)
	}
	if err := w.record(q, audit.TestSent, "draft:"+c.d.Key, map[string]any{"channel": c.d.Channel}); err != nil {
		return err
	}
	err = w.Campaigns.SendTest(q.ctx(), d, f.Get("test_key"), c.testTo, c.as, q.staff)
	if problems, other := problemsOf(err); other != nil {
		return other
	} else if problems != nil {
		c.problems = problems
		return w.showComposer(q, http.StatusUnprocessableEntity, c)
	}
	if !q.hx() {
		return q.redirect(w.paths.Draft(c.d.Key, "", c.view()) + "#test")
	}
	v, err := w.testView(q, c, true)
	if err != nil {
		return err
	}
	return w.render(q, http.StatusOK, "composer#test", v)
}

// draftTests tells where the tests of a draft stand.
func (w *Web) draftTests(q *request) error {
	d, done, err := w.ownDraft(q)
	if done || err != nil {
		return err
	}
	if !q.hx() {
		return q.redirect(w.paths.Draft(d.Key, "", nil) + "#test")
	}
	v, err := w.testView(q, &composing{d: d}, false)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if !v.Poll {
		status = statusStopPolling
	}
	return w.render(q, status, "composer#tests", v)
}
