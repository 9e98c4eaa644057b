package web

import (
	"encoding/json"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strconv"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// previewView is a message as one of its recipients will see it.
type previewView struct {
	campaign.Preview
	Channel hostadapter.Channel
	Sender  string // whom it comes from
	Address string // e-mail: of the sender
	URL     string // takes the form when somebody steps on
	Width   string
	Widths  []widthView
	Mail    string // address of the mail's body; empty: it is posted
	Posted  string // the content that is posted
	Prev    int    // places of the neighbours in the sample; -1: none
	Next    int
	Failed  bool
	OOB     bool
}

// widthView is a way to look at a mail.
type widthView struct {
	Key     string
	Current bool
}

// previewWidths are the ways to look at a mail: as on a computer, on a phone, and as plain text.
func previewWidths() []string { return []string{"", "phone", "text"} }

// Word names the width in the message files, where the first needs a word.
func (v widthView) Word() string {
	if v.Key == "" {
		return "desktop"
	}
	return v.Key
}

// Place is the person's place as people count.
func (p previewView) Place() int { return p.At + 1 }

// Shown reports whether there is a message to show.
func (p previewView) Shown() bool { return p.Of > 0 && (p.HTML != "" || p.Text != "") }

// Stretches cuts the text at its links.
func (p previewView) Stretches() []textPart { return linked(p.Text) }

// preview renders a draft for a person of its audience.
func (w *Web) preview(q *request, c *composing) (previewView, error) {
	d := c.d
	d.Content = desk.ContentFor(d.Channel, d.Content)
	v, err := w.previewOf(q, d, c.as)
	v.URL = w.paths.Draft(d.Key, "", nil)
	v.Width = c.width
	for _, key := range previewWidths() {
		v.Widths = append(v.Widths, widthView{key, key == c.width})
	}
	v.Mail = w.paths.Draft(d.Key, "/mail", values("as", strconv.Itoa(v.At), "v", desk.Version(d)))
	return v, err
}

// previewOf renders a message. One that cannot be had in time is a preview that says so.
func (w *Web) previewOf(q *request, d campaign.Draft, as int) (previewView, error) {
	v := previewView{Channel: d.Channel, Sender: w.Settings.Site(), Address: w.EmailFrom}
	p, err := w.Campaigns.Preview(q.ctx(), d, as)
	switch {
	case errors.Is(err, fault.ErrUnavailable):
		v.Failed = true
		return v, nil
	case err != nil:
		return v, err
	}
	v.Preview, v.Prev, v.Next = p, p.At-1, p.At+1
	if v.Next >= p.Of {
		v.Next = -1
	}
	return v, nil
}

// showPreview answers a step to another person.
func (w *Web) showPreview(q *request, c *composing) error {
	v, err := w.preview(q, c)
	if err != nil {
		return err
	}
	return w.render(q, http.StatusOK, "composer#preview", v)
}

// mailPolicy lets a mail keep its own styles and do nothing else. The page is shown in a
// sandboxed frame under its own address: in srcdoc it would inherit the panel's policy.
const mailPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox"

type mailPage struct {
	Lang string
	Body template.HTML // a whole page; empty: there is nothing to show
}

// draftMail is the body of a draft's mail for a person of the preview. The address holds no more
// than the draft's key and the person's place.
func (w *Web) draftMail(q *request) error {
	d, done, err := w.ownDraft(q)
	if done || err != nil {
		return err
	}
	c := &composing{d: d}
	c.readView(q.r.URL.Query())
	v, err := w.preview(q, c)
	if err != nil {
		return err
	}
	return w.showMail(q, v)
}

func (w *Web) showMail(q *request, v previewView) error {
	q.w.Header().Set("Content-Security-Policy", mailPolicy)
	return w.render(q, http.StatusOK, "mail#mail", mailPage{Lang: q.lang, Body: template.HTML(v.HTML)}) //nolint:gosec // made by campaign, which escapes all that it is given
}

// templateMail is the body of a mail that is being edited in the library. The content is posted by
// the preview into its own frame; it is rendered here again, never shown as it came.
func (w *Web) templateMail(q *request) error {
	if err := q.parse(); err != nil {
		return err
	}
	var content campaign.Content
	if err := json.Unmarshal([]byte(q.r.PostForm.Get("content")), &content); err != nil {
		return errors.Join(fault.ErrInvalid, err)
	}
	as, _ := strconv.Atoi(q.r.PostForm.Get("as"))
	v, err := w.previewOf(q, w.sampleDraft(q, hostadapter.ChannelEmail, content), as)
	if err != nil {
		return err
	}
	return w.showMail(q, v)
}

// sampleDraft makes a campaign of a template, with the names of what is filled in as the reader knows
// them.
func (w *Web) sampleDraft(q *request, ch hostadapter.Channel, content campaign.Content) campaign.Draft {
	return desk.Sample(ch, content, q.staff.ID, w.locale(q).parameter)
}

// templatePreview shows a template that is being edited.
func (w *Web) templatePreview(q *request, t campaign.SavedTemplate, f url.Values) (previewView, error) {
	c := &composing{}
	c.readView(f)
	v, err := w.previewOf(q, w.sampleDraft(q, t.Channel, t.Content), c.as)
	if err != nil {
		return v, err
	}
	v.Width = c.width
	for _, key := range previewWidths() {
		v.Widths = append(v.Widths, widthView{key, key == c.width})
	}
	text, err := json.Marshal(desk.ContentFor(t.Channel, t.Content))
	v.Posted = string(text)
	return v, err
}
