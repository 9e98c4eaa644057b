package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/coursecrm/coursecrm/examples/academy/gateway"
	"github.com/coursecrm/coursecrm/examples/academy/school"
)

const (
	phonesShown  = 100
	bubblesShown = 200
)

type phonesPage struct {
	*visit
	Number string // what the numbers begin with
	Count  int64
	Phones []gateway.Phone
}

type phonePage struct {
	*visit
	Number  string
	Bubbles []gateway.Bubble
}

var wholeNumber = regexp.MustCompile(`^(1\d{10}|\+\d{6,15})$`)

// phone plays everybody's phone: the one with the number that was asked for, or the list of those
// that got a message.
func (s *site) phone(w http.ResponseWriter, r *http.Request, v *visit) error {
	if s.Phones.DB == nil {
		return school.ErrNotFound
	}
	number := strings.ReplaceAll(r.FormValue("number"), " ", "")
	var err error
	if wholeNumber.MatchString(number) {
		p := phonePage{visit: v, Number: number}
		v.Title = v.L("手机", "Phone")
		if p.Bubbles, err = s.Phones.Thread(r.Context(), number, bubblesShown); err != nil {
			return err
		}
		return s.render(w, http.StatusOK, "phone", p)
	}
	p := phonesPage{visit: v, Number: number}
	v.Title = v.L("手机短信", "Text messages")
	if p.Count, err = s.Phones.Count(r.Context()); err != nil {
		return err
	}
	if p.Phones, err = s.Phones.List(r.Context(), number, phonesShown); err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "phones", p)
}

// reply sends a message from a phone.
func (s *site) reply(w http.ResponseWriter, r *http.Request, _ *visit) error {
	if s.Phones.DB == nil {
		return school.ErrNotFound
	}
	number := r.FormValue("number")
	if err := s.Phones.Reply(r.Context(), number, r.FormValue("text")); err != nil {
		return err
	}
	http.Redirect(w, r, "/phone?"+url.Values{"number": {number}, "done": {"replied"}}.Encode(), http.StatusSeeOther)
	return nil
}
