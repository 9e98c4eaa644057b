// Package web is the school's own site: server-rendered pages, plain forms, no scripts. The CRM is
// mounted beside it, not inside it.
package web

import (
	"embed"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"github.com/coursecrm/coursecrm/examples/academy/gateway"
	"github.com/coursecrm/coursecrm/examples/academy/school"
	"github.com/coursecrm/coursecrm/examples/academy/sink"
)

// Config says what the site shows.
type Config struct {
	School *school.School
	Inbox  sink.Inbox
	Phones gateway.Phones // zero: there are no phones to look at
	Logger *slog.Logger
	Lang   string // zh-CN or en, for visitors who have not chosen; empty: zh-CN
	CRM    string // where the CRM is mounted; empty: it is not
	Now    func() time.Time
}

type site struct {
	Config
	pages map[string]pageTemplate
}

//go:embed static templates
var files embed.FS

// New makes the site's handler. It serves every path that the caller's mux leaves to it.
func New(c Config) (http.Handler, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Lang == "" {
		c.Lang = langChinese
	}
	s := &site{Config: c}
	if err := s.loadTemplates(); err != nil {
		return nil, err
	}
	static, err := fs.Sub(files, "static")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /static/", http.StripPrefix("/static/", http.FileServerFS(static)))
	s.routes(mux)
	return secure(mux), nil
}

// routes are all pages of the site. Who may use one is said here and nowhere else.
func (s *site) routes(mux *http.ServeMux) {
	anyone := func(pattern string, h handler) { mux.Handle(pattern, s.handle(everybody, h)) }
	learner := func(pattern string, h handler) { mux.Handle(pattern, s.handle(loggedIn, h)) }
	staff := func(pattern string, h handler) { mux.Handle(pattern, s.handle(staffOnly, h)) }
	operator := func(pattern string, h handler) { mux.Handle(pattern, s.handle(operatorOnly, h)) }

	anyone("GET /{$}", s.home)
	anyone("GET /courses", s.courses)
	anyone("GET /courses/{id}", s.course)
	anyone("GET /classrooms/{id}", s.classroom)
	anyone("GET /vip", s.vip)
	learner("POST /courses/{id}/{action}", s.act(school.TypeCourse))
	learner("POST /classrooms/{id}/{action}", s.act(school.TypeClassroom))
	learner("POST /vip/{id}/{action}", s.act(school.TypeVIP))

	learner("GET /orders", s.orders)
	learner("GET /orders/{id}", s.cashier)
	learner("POST /orders/{id}/pay", s.pay)
	learner("POST /orders/{id}/cancel", s.cancel)
	learner("POST /orders/{id}/refund", s.askRefund)

	anyone("GET /login", s.login)
	anyone("POST /login/as/{id}", s.loginAs)
	anyone("POST /register", s.register)
	anyone("POST /logout", s.logout)
	learner("GET /learning", s.learning)
	learner("GET /messages", s.messages)
	learner("GET /me", s.me)
	learner("POST /me/consent", s.consent)

	staff("GET /admin/{$}", s.admin)
	staff("GET /admin/users", s.adminUsers)
	staff("GET /admin/users/{id}", s.adminUser)
	operator("POST /admin/users/{id}/message", s.adminMessage)
	operator("POST /admin/users/{id}/delete", s.adminDelete)
	operator("POST /admin/courses/{id}/price", s.adminPrice)
	operator("POST /admin/refunds/{id}/grant", s.adminGrant)
	operator("POST /admin/refunds/{id}/refuse", s.adminRefuse)

	// The inbox plays everybody's mailbox and the phone everybody's phone, so they need no login.
	anyone("GET /phone", s.phone)
	anyone("POST /phone", s.reply)
	anyone("GET /inbox/{$}", s.inbox)
	anyone("GET /inbox/{id}", s.mail)
	mux.HandleFunc("GET /inbox/{id}/html", s.mailHTML)
	mux.HandleFunc("GET /inbox/{id}/raw", s.mailRaw)
	mux.HandleFunc("GET /healthz", s.healthz)
	anyone("/", func(http.ResponseWriter, *http.Request, *visit) error { return school.ErrNotFound })
}

func (s *site) healthz(w http.ResponseWriter, r *http.Request) {
	if err := s.School.DB().PingContext(r.Context()); err != nil {
		http.Error(w, "database", http.StatusServiceUnavailable)
		return
	}
	w.Write([]byte("ok\n")) //nolint:errcheck // the client has gone
}

// secure sets what every answer has in common and turns forms of other sites away.
func secure(next http.Handler) http.Handler {
	return http.NewCrossOriginProtection().Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'; object-src 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		next.ServeHTTP(w, r)
	}))
}
