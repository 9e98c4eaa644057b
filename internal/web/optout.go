package web

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// optOutPage is where people unsubscribe. It speaks every language.
type optOutPage struct {
	Site  string
	Texts []optOutText
}

type optOutText struct {
	Lang, Title, Text string
	Button            string // empty: there is nothing to press
	Answer            string // what the button says
}

// optOutWords lists the states of the page: to be asked, gone, and a test's.
func optOutWords() []string { return []string{"ask", "out", "test"} }

// Answers that a form of the page brings. A body without one unsubscribes too: whoever posts to
// the address of a List-Unsubscribe header means that.
const (
	answerOut = "out"
	answerIn  = "in"
)

// maxAnswer bounds what the page takes: the one-click body is 26 bytes.
const maxAnswer = 64 << 10

// optOutPolicy lets the page post to itself and load its style.
const optOutPolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// optOut shows the page or takes its answer. Looking never changes anything, since mail scanners
// follow links; a POST acts at once, without a login or a cookie.
func (w *Web) optOut(rw http.ResponseWriter, r *http.Request) {
	q := newRequest(rw, r, desk.RequestID())
	defer w.rescuePublic(q)
	privately(rw.Header())
	var err error
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		var o campaign.OptOut
		if o, err = w.Consents.Find(r.Context(), r.PathValue("token")); err == nil {
			err = w.showOptOut(q, o)
		}
	case http.MethodPost:
		err = w.takeAnswer(q)
	default:
		rw.Header().Set("Allow", "GET, HEAD, POST")
		rw.WriteHeader(http.StatusMethodNotAllowed)
	}
	if err != nil {
		w.publicError(q, "unsubscribe", err)
	}
}

// privately keeps an answer out of caches and its address from other sites.
func privately(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
}

func (w *Web) showOptOut(q *request, o campaign.OptOut) error {
	word := "ask"
	switch {
	case o.Test:
		word = "test"
	case o.Out:
		word = "out"
	}
	p := optOutPage{Site: w.Settings.Site()}
	for _, lang := range languages() {
		l := w.pages.locales[lang]
		channel := ""
		if !o.Test {
			channel = l.TK("optout.channel", o.Channel)
		}
		text := optOutText{Lang: lang, Title: l.TK("optout.title", word, w.Settings.Site(), channel), Text: l.TK("optout.text", word, w.Settings.Site(), channel)}
		switch word {
		case "ask":
			text.Button, text.Answer = l.T("optout.leave"), answerOut
		case "out":
			text.Button, text.Answer = l.T("optout.back"), answerIn
		}
		p.Texts = append(p.Texts, text)
	}
	q.w.Header().Set("Content-Security-Policy", optOutPolicy)
	return w.render(q, http.StatusOK, "optout#public-optout", p)
}

// takeAnswer does what a POST says.
func (w *Web) takeAnswer(q *request) error {
	form, err := readAnswer(q)
	if err != nil {
		return err
	}
	state, source := hostadapter.ConsentDenied, campaign.FromPage
	oneClick := strings.EqualFold(form.Get("List-Unsubscribe"), "One-Click") // RFC 8058
	switch {
	case oneClick:
		source = campaign.FromOneClick
	case form.Get("answer") == answerIn:
		state = hostadapter.ConsentGranted
	}
	o, err := w.Consents.Answer(q.ctx(), q.r.PathValue("token"), state, source)
	if err != nil {
		return err
	}
	if !oneClick {
		return w.showOptOut(q, o)
	}
	q.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = q.w.Write([]byte("OK\n")) // a program reads it, if anybody
	return nil
}

// readAnswer reads a form of either kind. What says nothing of its kind is read as the usual one.
func readAnswer(q *request) (url.Values, error) {
	q.r.Body = http.MaxBytesReader(q.w, q.r.Body, maxAnswer)
	if kind, _, err := mime.ParseMediaType(q.r.Header.Get("Content-Type")); err != nil || kind != "multipart/form-data" {
		q.r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		err := q.parse()
		return q.r.PostForm, err
	}
	defer q.forgetUpload()
	err := q.parseUpload()
	return q.r.PostForm, err
}

// publicError answers a request that could not be done, and writes down what is our fault.
func (w *Web) publicError(q *request, doing string, err error) {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large), errors.Is(err, desk.ErrTooLarge):
		q.w.Header().Set("Connection", "close")
		plainAnswer(q.w, http.StatusRequestEntityTooLarge)
		return
	case errors.Is(err, fault.ErrInvalid):
		plainAnswer(q.w, http.StatusBadRequest)
		return
	case !errors.Is(err, fault.ErrNotFound):
		w.Log.ErrorContext(q.ctx(), "web: "+doing, "request", q.id, "err", err)
	}
	w.publicFail(q.w, q.r, err)
}

// rescuePublic turns a panic on a public page into an answer. What was panicked with may quote the
// request and is not written down.
func (w *Web) rescuePublic(q *request) {
	if p := recover(); p != nil {
		if q.id == "" {
			q.id = desk.RequestID()
		}
		w.Log.ErrorContext(q.ctx(), "web: panic on a public page", "request", q.id, "stack", string(debug.Stack()))
		w.publicFail(q.w, q.r, errors.New("panic"))
	}
}
