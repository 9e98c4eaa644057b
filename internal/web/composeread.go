package web

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// readForm reads what was typed into a draft. What cannot be kept, such as a number that is none,
// leaves the draft as it was and is noted in c.wrong.
func (w *Web) readForm(q *request, c *composing, f url.Values) error {
	if f.Has("name") {
		c.d.Name = desk.Clean(f.Get("name"))
	}
	c.number(f, "cap_days", campaign.MaxCapDays, &c.d.CapDays)
	c.number(f, "control", campaign.MaxControl, &c.d.Control)
	w.readSendAt(c, f)
	c.readFill(f)
	c.testTo = desk.Clean(f.Get("test_to"))
	if w.Templates.NeedsApproval(c.d.Channel) {
		return w.readTemplate(q, c, f)
	}
	before := desk.Version(campaign.Draft{Content: desk.ContentFor(c.d.Channel, c.d.Content)})
	readContent(&c.d.Content, f)
	if desk.Version(campaign.Draft{Content: desk.ContentFor(c.d.Channel, c.d.Content)}) != before {
		c.touched()
	}
	return nil
}

// number reads a whole number; nothing is 0. What is out of range is kept, and found by a check.
func (c *composing) number(f url.Values, name string, most int, to *int) {
	if !f.Has(name) {
		return
	}
	text := number(f.Get(name))
	if text == "" {
		*to = 0
		return
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		c.wrong.Add(name, "problem.range", 0, most)
		c.typed[name] = desk.Clean(f.Get(name))
		return
	}
	*to = n
}

// readSendAt reads when the campaign goes out.
func (w *Web) readSendAt(c *composing, f url.Values) {
	switch f.Get("when") {
	case "now":
		c.d.SendAt = time.Time{}
	case "at":
		t, problem := localTime(halfWidth(f.Get("date")), halfWidth(f.Get("time")), w.Location)
		if problem.Key != "" {
			c.wrong["send_at"] = problem
			c.typed["date"], c.typed["time"] = desk.Clean(f.Get("date")), desk.Clean(f.Get("time"))
			return
		}
		if !t.Equal(c.d.SendAt) {
			c.d.SendAt = t
		}
	}
}

// readFill reads what is filled in. Values of what the text does not mention at the moment stay:
// somebody may be about to write it again.
func (c *composing) readFill(f url.Values) {
	if f.Has("link") {
		c.d.Fill.Link = strings.TrimSpace(desk.Clean(f.Get("link")))
	}
	c.d.Fill.Params = readNamed(c.d.Fill.Params, f, "param.")
	c.d.Fill.Fallbacks = readNamed(c.d.Fill.Fallbacks, f, "fallback.")
}

func readNamed(old map[string]string, f url.Values, prefix string) map[string]string {
	out := map[string]string{}
	for name, value := range old {
		out[name] = value
	}
	for name := range f {
		key, ok := strings.CutPrefix(name, prefix)
		if !ok || key == "" || len(key) > maxFillName {
			continue
		}
		key = desk.Clean(key)
		_, there := out[key]
		if value := desk.Clean(f.Get(name)); value == "" {
			delete(out, key)
		} else if there || len(out) < maxFill {
			out[key] = value
		}
	}
	return out
}

// Bounds of what a draft remembers of what was filled in.
const (
	maxFill     = 100
	maxFillName = 200 // bytes
)

// readTemplate reads which approved template is chosen. One that is gone or not approved is kept,
// and found by a check.
func (w *Web) readTemplate(q *request, c *composing, f url.Values) error {
	id, err := parseID(f.Get("template"))
	if err != nil || id == int64(c.d.Template.ID) {
		return nil //nolint:nilerr // nothing is chosen
	}
	t, err := w.Templates.Find(q.ctx(), campaign.TemplateID(id))
	if err != nil {
		return err
	}
	if t.Channel != c.d.Channel {
		return fault.Fields{"template": {Key: "problem.choice"}}
	}
	c.d.Content, c.d.Template = desk.WithTemplate(c.d.Content, t), t.Ref()
	c.d.Content.Supplier, c.whole = t.Supplier, true
	return nil
}

// check looks at a draft as launching does, and at what only the pages know. What could not be
// read comes first.
func (w *Web) check(q *request, c *composing) (fault.Fields, error) {
	out := fault.Fields{}
	for field, p := range c.wrong {
		out[field] = p
	}
	found, err := problemsOf(w.Campaigns.Check(q.ctx(), c.d))
	if err != nil {
		return nil, err
	}
	for field, p := range found {
		if _, ok := out[field]; !ok {
			out[field] = p
		}
	}
	if _, none := out["template"]; none {
		delete(out, "text") // which comes with it and has no field
	}
	if from := c.d.Content.From; c.d.Channel == hostadapter.ChannelMessage && from != "" {
		list, err := w.senders(q, from)
		if err != nil {
			out.Add("from", "problem.senders")
		} else if !mayChoose(list, from) {
			out.Add("from", "problem.choice")
		}
	}
	return out, nil
}
