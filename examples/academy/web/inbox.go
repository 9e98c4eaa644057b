package web

import (
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/coursecrm/coursecrm/examples/academy/sink"
)

const inboxPage = 50

type inboxListPage struct {
	*visit
	To    string
	Count int64
	Mails []sink.Mail
	Next  int64 // the mail after which the next page begins; 0: this is the last
}

func (s *site) inbox(w http.ResponseWriter, r *http.Request, v *visit) error {
	p := inboxListPage{visit: v, To: strings.TrimSpace(r.FormValue("to"))}
	before, _ := strconv.ParseInt(r.FormValue("before"), 10, 64) // anything else: the newest
	v.Title = v.L("收件箱", "Inbox")
	var err error
	if p.Count, err = s.Inbox.Count(r.Context(), p.To); err != nil {
		return err
	}
	p.Mails, err = s.Inbox.List(r.Context(), sink.Query{To: p.To, Before: before, Limit: inboxPage + 1})
	if err != nil {
		return err
	}
	if len(p.Mails) > inboxPage {
		p.Mails = p.Mails[:inboxPage]
		p.Next = p.Mails[inboxPage-1].ID
	}
	return s.render(w, http.StatusOK, "inbox", p)
}

type mailPage struct {
	*visit
	Mail    sink.Mail
	Content sink.Content
	Text    []textPiece
}

func (s *site) mail(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	m, err := s.Inbox.Get(r.Context(), id)
	if err != nil {
		return err
	}
	p := mailPage{visit: v, Mail: m, Content: sink.Parse(m.Raw)}
	p.Text = pieces(p.Content.Text)
	v.Title = m.Subject
	return s.render(w, http.StatusOK, "mail", p)
}

// textPiece is a piece of a plain text: words, or a link.
type textPiece struct{ Text, URL string }

var linkPattern = regexp.MustCompile(`https?://[^\s<>"'，。；！？、）》】]+`)

// pieces finds the links in a text. A full stop at the end of a link belongs to the sentence.
func pieces(text string) []textPiece {
	var all []textPiece
	for {
		at := linkPattern.FindStringIndex(text)
		if at == nil {
			break
		}
		link := strings.TrimRight(text[at[0]:at[1]], ".,;:!?)")
		all = append(all, textPiece{Text: text[:at[0]]}, textPiece{Text: link, URL: link})
		text = text[at[0]+len(link):]
	}
	return append(all, textPiece{Text: text})
}

// mailPolicy keeps a mail from doing anything but being read and having its links opened.
const mailPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'; " +
	"sandbox allow-popups allow-popups-to-escape-sandbox"

var headTag = regexp.MustCompile(`(?i)<head[^>]*>`)

// mailHTML is the HTML of a mail at an address of its own, for a frame: the page's own policy would
// take its styles away.
func (s *site) mailHTML(w http.ResponseWriter, r *http.Request) {
	m, ok := s.rawMail(w, r)
	if !ok {
		return
	}
	html := sink.Parse(m.Raw).HTML
	base := `<base target="_blank">` // links open beside the inbox, not inside the frame
	if at := headTag.FindStringIndex(html); at != nil {
		html = html[:at[1]] + base + html[at[1]:]
	} else {
		html = base + html
	}
	w.Header().Set("Content-Security-Policy", mailPolicy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write([]byte(html)) //nolint:errcheck // the client has gone
}

// mailRaw is the source of a mail as it came.
func (s *site) mailRaw(w http.ResponseWriter, r *http.Request) {
	m, ok := s.rawMail(w, r)
	if !ok {
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Write(m.Raw) //nolint:errcheck // the client has gone
}

// rawMail finds the mail of the path or answers that it cannot.
func (s *site) rawMail(w http.ResponseWriter, r *http.Request) (sink.Mail, bool) {
	id, err := pathID(r)
	if err != nil {
		http.NotFound(w, r)
		return sink.Mail{}, false
	}
	m, err := s.Inbox.Get(r.Context(), id)
	if errors.Is(err, sink.ErrNotFound) {
		http.NotFound(w, r)
		return m, false
	}
	if err != nil {
		s.Logger.ErrorContext(r.Context(), "mail not read", "error", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return m, false
	}
	return m, true
}
