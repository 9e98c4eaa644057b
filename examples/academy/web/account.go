package web

import (
	"database/sql"
	"net/http"
	"net/url"
	"strings"

	"github.com/coursecrm/coursecrm/examples/academy/school"
)

type loginPage struct {
	*visit
	Query, Next      string
	Learners         []school.User
	Operator, Viewer int64
}

func (s *site) login(w http.ResponseWriter, r *http.Request, v *visit) error {
	p := loginPage{visit: v, Query: r.FormValue("q"), Next: local(r.FormValue("next")), Operator: school.OperatorID, Viewer: school.ViewerID}
	v.Title = v.L("登录", "Log in")
	var err error
	if p.Learners, err = s.School.SearchUsers(r.Context(), p.Query, 20); err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "login", p)
}

func (s *site) loginAs(w http.ResponseWriter, r *http.Request, _ *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	next := local(r.FormValue("next"))
	if next == "" && (id == school.OperatorID || id == school.ViewerID) {
		next = "/admin/"
	}
	return s.open(w, r, id, next, "")
}

func (s *site) register(w http.ResponseWriter, r *http.Request, _ *visit) error {
	id, err := s.School.Register(r.Context(), r.FormValue("nickname"), strings.TrimSpace(r.FormValue("mobile")))
	if err != nil {
		return err
	}
	return s.open(w, r, id, "", "welcome")
}

// open logs an account in and goes to next, or home.
func (s *site) open(w http.ResponseWriter, r *http.Request, id int64, next, word string) error {
	token, err := s.School.Login(r.Context(), id)
	if err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{Name: school.SessionCookie, Value: token, Path: "/", MaxAge: int(school.SessionLife.Seconds()),
		HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode})
	if next == "" {
		next = "/"
	}
	return done(w, r, next, word)
}

func (s *site) logout(w http.ResponseWriter, r *http.Request, _ *visit) error {
	if c, err := r.Cookie(school.SessionCookie); err == nil {
		if err := s.School.Logout(r.Context(), c.Value); err != nil {
			return err
		}
	}
	http.SetCookie(w, &http.Cookie{Name: school.SessionCookie, Path: "/", MaxAge: -1})
	return done(w, r, "/", "")
}

// local is a path of this site, or nothing: a login must not lead elsewhere.
func local(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.Contains(next, `\`) {
		return ""
	}
	return next
}

type learningPage struct {
	*visit
	Seats []school.Enrollment
}

func (s *site) learning(w http.ResponseWriter, r *http.Request, v *visit) error {
	p := learningPage{visit: v}
	v.Title = v.L("我的学习", "My learning")
	var err error
	if p.Seats, err = s.School.Enrollments(r.Context(), v.User.ID); err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "learning", p)
}

type messagesPage struct {
	*visit
	Messages []school.Message
}

func (s *site) messages(w http.ResponseWriter, r *http.Request, v *visit) error {
	p := messagesPage{visit: v}
	v.Title = v.L("私信", "Messages")
	var err error
	if p.Messages, err = s.School.Messages(r.Context(), v.User.ID, 100); err != nil {
		return err
	}
	v.Unread = 0
	return s.render(w, http.StatusOK, "messages", p)
}

type mePage struct {
	*visit
	Choices []consentChoice
}

// consentChoice is one question about advertising.
type consentChoice struct {
	Name, Label string
	Answer      string // yes, no, or empty: never asked
}

func (s *site) me(w http.ResponseWriter, _ *http.Request, v *visit) error {
	v.Title = v.L("账号设置", "My account")
	a := v.User.Accept
	return s.render(w, http.StatusOK, "me", mePage{visit: v, Choices: []consentChoice{
		{"sms", v.L("短信", "Text messages"), answer(a.SMS)},
		{"email", v.L("邮件", "E-mail"), answer(a.Email)},
		{"message", v.L("站内私信", "Private messages"), answer(a.Message)},
	}})
}

func (s *site) consent(w http.ResponseWriter, r *http.Request, v *visit) error {
	accept := school.Consent{SMS: asked(r.FormValue("sms")), Email: asked(r.FormValue("email")), Message: asked(r.FormValue("message"))}
	if err := s.School.SetConsent(r.Context(), v.User.ID, accept); err != nil {
		return err
	}
	return done(w, r, "/me", "saved")
}

func answer(b sql.NullBool) string {
	switch {
	case !b.Valid:
		return ""
	case b.Bool:
		return "yes"
	}
	return "no"
}

func asked(answer string) sql.NullBool {
	return sql.NullBool{Bool: answer == "yes", Valid: answer == "yes" || answer == "no"}
}
