package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/coursecrm/coursecrm/examples/academy/gateway"
	"github.com/coursecrm/coursecrm/examples/academy/school"
	"github.com/coursecrm/coursecrm/examples/academy/sink"
)

const (
	langChinese = "zh-CN"
	langEnglish = "en"
	langCookie  = "academy_lang"
)

// visit is what every page knows: who asks, in which language, and the page's head. Pages embed it.
type visit struct {
	Title  string
	Lang   string
	User   school.User // zero: nobody is logged in
	Unread int
	Done   string // what the visitor has just done, for a line at the top
	CRM    string
	path   string // with the query
}

// handler is a page. An error becomes an error page.
type handler func(w http.ResponseWriter, r *http.Request, v *visit) error

// access says who may use a page.
type access int

const (
	everybody access = iota
	loggedIn
	staffOnly
	operatorOnly
)

var errForbidden = errors.New("web: not allowed")

func (a access) check(v *visit) error {
	switch {
	case a == staffOnly && !v.User.Staff(), a == operatorOnly && !v.User.Is(school.RoleOperator):
		return errForbidden
	}
	return nil
}

// handle finds out who asks and runs a page.
func (s *site) handle(need access, h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.chooseLang(w, r) {
			return
		}
		v := &visit{Lang: s.lang(r), CRM: s.CRM, path: r.URL.RequestURI(), Done: r.URL.Query().Get("done")}
		err := s.recognise(r, v)
		if err == nil && need > everybody && !v.LoggedIn() {
			http.Redirect(w, r, "/login?next="+url.QueryEscape(loginTarget(r)), http.StatusSeeOther)
			return
		}
		if err == nil {
			err = need.check(v)
		}
		if err == nil {
			err = h(w, r, v)
		}
		if err != nil {
			s.fail(w, r, v, err)
		}
	})
}

// loginTarget is where to go after a login: back to the page, or to the page of the form.
func loginTarget(r *http.Request) string {
	if r.Method == http.MethodGet {
		return r.URL.RequestURI()
	}
	if path := r.URL.Path; strings.HasPrefix(path, "/courses/") || strings.HasPrefix(path, "/classrooms/") {
		return path[:strings.LastIndex(path, "/")]
	}
	return "/"
}

// recognise reads the session.
func (s *site) recognise(r *http.Request, v *visit) error {
	cookie, err := r.Cookie(school.SessionCookie)
	if err != nil {
		return nil
	}
	v.User, err = s.School.SessionUser(r.Context(), cookie.Value)
	if errors.Is(err, school.ErrNotFound) {
		return nil
	}
	if err == nil {
		v.Unread, err = s.School.Unread(r.Context(), v.User.ID)
	}
	return err
}

// chooseLang keeps ?lang= in a cookie and goes to the same page without it.
func (s *site) chooseLang(w http.ResponseWriter, r *http.Request) bool {
	query := r.URL.Query()
	lang := query.Get("lang")
	if r.Method != http.MethodGet || lang != langChinese && lang != langEnglish {
		return false
	}
	http.SetCookie(w, &http.Cookie{Name: langCookie, Value: lang, Path: "/", MaxAge: 365 * 24 * 60 * 60, SameSite: http.SameSiteLaxMode})
	query.Del("lang")
	http.Redirect(w, r, (&url.URL{Path: r.URL.Path, RawQuery: query.Encode()}).String(), http.StatusSeeOther)
	return true
}

func (s *site) lang(r *http.Request) string {
	if c, err := r.Cookie(langCookie); err == nil && (c.Value == langEnglish || c.Value == langChinese) {
		return c.Value
	}
	return s.Lang
}

// LoggedIn reports whether the visitor has an account.
func (v *visit) LoggedIn() bool { return v.User.ID != 0 }

// L picks the text in the visitor's language.
func (v *visit) L(chinese, english string) string {
	if v.Lang == langEnglish {
		return english
	}
	return chinese
}

// OtherLang is a link to this page in the other language.
func (v *visit) OtherLang() string {
	u, err := url.Parse(v.path)
	if err != nil {
		return "/"
	}
	q := u.Query()
	q.Set("lang", v.L(langEnglish, langChinese))
	u.RawQuery = q.Encode()
	return u.String()
}

// pathID reads {id} of the route; ErrNotFound when it cannot be one.
func pathID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id < 1 {
		return 0, fmt.Errorf("read the path: %w", school.ErrNotFound)
	}
	return id, nil
}

// done goes to a page after a form, with a word about what happened.
func done(w http.ResponseWriter, r *http.Request, path, word string) error {
	if word != "" {
		path += "?done=" + word
	}
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
}

// fail answers with the page for an error. What went wrong inside goes to the log only.
func (s *site) fail(w http.ResponseWriter, r *http.Request, v *visit, err error) {
	status, text := http.StatusInternalServerError, v.L("服务器出了点问题，请稍后再试。", "Something went wrong. Please try again later.")
	switch {
	case errors.Is(err, school.ErrNotFound), errors.Is(err, sink.ErrNotFound):
		status, text = http.StatusNotFound, v.L("没有找到这个页面。", "There is no such page.")
	case errors.Is(err, errForbidden):
		status, text = http.StatusForbidden, v.L("你没有权限查看这个页面。", "You are not allowed to see this page.")
	case errors.Is(err, school.ErrConflict):
		status, text = http.StatusConflict, v.L("现在不能这样操作：状态已经变化，或已经加入。", "That is not possible now: the state has changed, or you are in already.")
	case errors.Is(err, school.ErrBadRequest), errors.Is(err, gateway.ErrBadReply):
		status, text = http.StatusUnprocessableEntity, v.L("填写的内容不正确。", "Please check what you have entered.")
	case r.Context().Err() != nil:
		return // the visitor has gone
	default:
		s.Logger.ErrorContext(r.Context(), "page failed", "method", r.Method, "route", r.Pattern, "error", err)
	}
	v.Title = http.StatusText(status)
	page := errorPage{visit: v, Status: status, Text: text}
	if err := s.render(w, status, "error", page); err != nil {
		s.Logger.ErrorContext(r.Context(), "error page failed", "error", err)
		http.Error(w, text, status)
	}
}

type errorPage struct {
	*visit
	Status int
	Text   string
}
