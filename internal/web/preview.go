package web

import (
	"html/template"
	"net/http"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/segment"
)

// previewView is a message as one of its recipients will see it.
type previewView struct {
	campaign.Preview
	From string
	Prev int // places of the neighbours in the sample; -1: none
	Next int
}

// Place is the person's place as people count.
func (p previewView) Place() int { return p.At + 1 }

// Shown reports whether there is a message to show.
func (p previewView) Shown() bool { return p.Of > 0 && (p.Subject != "" || p.Text != "") }

func (w *Web) previewOf(q *request, in composerInput, r segment.Rule) (previewView, error) {
	p, err := w.Campaigns.Preview(q.ctx(), w.input(q, in, r), in.At)
	v := previewView{Preview: p, From: w.EmailFrom, Prev: p.At - 1, Next: p.At + 1}
	if v.Next >= p.Of {
		v.Next = -1
	}
	return v, err
}

// preview renders the form for one person: the fragment for htmx, else the whole composer.
func (w *Web) preview(q *request) error {
	if err := q.parse(); err != nil {
		return err
	}
	in, token := readComposer(q.r.PostForm), q.r.PostForm.Get("s")
	if !q.hx() {
		return w.showComposer(q, http.StatusOK, token, in, nil)
	}
	rule, err := w.Segments.Selection(q.ctx(), token)
	if err != nil {
		return err
	}
	v, err := w.previewOf(q, in, rule)
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
	Body template.HTML
}

// previewMail lays out a text as a mail, the way campaign.HTML does for sending. The text comes
// in the body of the request, posted by the preview into its own frame: message texts are in no
// address and no log.
func (w *Web) previewMail(q *request) error {
	if err := q.parse(); err != nil {
		return err
	}
	h := q.w.Header()
	h.Set("Content-Security-Policy", mailPolicy)
	p := mailPage{Lang: q.lang}
	if text := q.r.PostForm.Get("text"); text != "" {
		p.Body = template.HTML(campaign.HTML(text)) //nolint:gosec // campaign.HTML escapes all it is given
	}
	return w.render(q, http.StatusOK, "mail#mail", p)
}
