package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// outside asks the public pages, as nobody in particular.
func (s *site) outside(method, path, kind, body string) answer {
	s.t.Helper()
	r := httptest.NewRequest(method, "http://school.example/go"+path, strings.NewReader(body))
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	rec := httptest.NewRecorder()
	s.web.Public().ServeHTTP(rec, r)
	return answer{rec.Result(), rec.Body.String()}
}

const formKind = "application/x-www-form-urlencoded"

func TestUnsubscribing(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(w *world, _ *Config) { w.who, w.staff = h.ErrUnauthenticated, h.Staff{} }) // nobody is logged in
	path := "/u/" + s.world.token(12, 2)
	before := len(s.world.record.said)
	for range 3 { // scanners of mail look at links
		s.outside("GET", path, "", "").want(t, 200, "启明网校", "退订邮件", "Unsubscribe from e-mails", `<form method="post">`, `name="answer" value="out"`, `lang="en"`, `name="robots" content="noindex"`)
		s.outside("HEAD", path, "", "").want(t, 200)
	}
	if len(s.world.record.said) != before {
		t.Fatal("looking unsubscribed somebody")
	}
	a := s.outside("POST", path, formKind, "answer=out").want(t, 200, "已退订邮件", "You are unsubscribed from e-mails", `value="in"`, "重新订阅")
	for name, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "Set-Cookie": "", "Content-Security-Policy": optOutPolicy} {
		if got := a.Header.Get(name); got != want {
			t.Errorf("%s %q", name, got)
		}
	}
	if got := s.world.record.said[before]; got.Person != 3 || got.Channel != h.ChannelEmail || got.State != h.ConsentDenied || got.Source != campaign.FromPage || got.Campaign != 12 {
		t.Errorf("entered %+v", got)
	}
	s.outside("GET", path, "", "").want(t, 200, "已退订邮件")
	s.outside("POST", path, formKind, "answer=in").want(t, 200, "退订邮件").lacks(t, "已退订")
	if got := s.world.record.said[before+1]; got.State != h.ConsentGranted || got.Source != campaign.FromPage {
		t.Errorf("entered %+v", got)
	}
	balanced(t, path, a.body)
	if m := scriptRE.FindString(a.body); m != "" {
		t.Errorf("%q is not allowed by the policy", m)
	}
}

// TestOneClick is RFC 8058: the mail program posts, with neither a login nor anybody looking.
func TestOneClick(t *testing.T) {
	t.Parallel()
	var parts bytes.Buffer
	form := multipart.NewWriter(&parts)
	if err := errors.Join(form.WriteField("List-Unsubscribe", "One-Click"), form.Close()); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		kind, body string
		source     campaign.ConsentSource
	}{
		"urlencoded":      {formKind, "List-Unsubscribe=One-Click", campaign.FromOneClick},
		"with a charset":  {formKind + "; charset=utf-8", "List-Unsubscribe=One-Click", campaign.FromOneClick},
		"multipart":       {form.FormDataContentType(), parts.String(), campaign.FromOneClick},
		"of no kind":      {"", "List-Unsubscribe=One-Click", campaign.FromOneClick},
		"of another kind": {"text/plain", "List-Unsubscribe=One-Click", campaign.FromOneClick},
		"an empty body":   {"", "", campaign.FromPage},
	} {
		s := newSite(t)
		before := len(s.world.record.said)
		r := httptest.NewRequest("POST", "http://school.example/go/u/"+s.world.token(12, 4), strings.NewReader(tt.body))
		r.Header.Set("Content-Type", tt.kind)
		r.Header.Set("Sec-Fetch-Site", "cross-site") // a webmail posts from its own page
		r.Header.Set("Origin", "https://webmail.example")
		rec := httptest.NewRecorder()
		s.web.Public().ServeHTTP(rec, r)
		if rec.Code != 200 || len(s.world.record.said) != before+1 {
			t.Errorf("%s: status %d, %d entries", name, rec.Code, len(s.world.record.said)-before)
			continue
		}
		if got := s.world.record.said[before]; got.Source != tt.source || got.State != h.ConsentDenied || got.Person != 5 {
			t.Errorf("%s: entered %+v", name, got)
		}
		if tt.source == campaign.FromOneClick && (rec.Body.Len() > 10 || !strings.HasPrefix(rec.Header().Get("Content-Type"), "text/plain")) {
			t.Errorf("%s: answered %q", name, rec.Body)
		}
	}
}

func TestUnsubscribingFromNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	before := len(s.world.record.said)
	good := s.world.token(12, 2)
	for _, token := range []string{"x", good + "A", good[:len(good)-1], s.world.token(99, 1), strings.Repeat("a", 300), "%00", "%3Cscript%3E"} {
		for _, method := range []string{"GET", "POST"} {
			a := s.outside(method, "/u/"+token, formKind, "List-Unsubscribe=One-Click")
			a.want(t, http.StatusNotFound, "链接打不开").lacks(t, "<script")
			if got := a.Header.Get("Referrer-Policy"); got != "no-referrer" {
				t.Errorf("%s %s: Referrer-Policy %q", method, token, got)
			}
		}
	}
	test := "/u/" + s.world.token(0, 0)
	s.outside("GET", test, "", "").want(t, 200, "测试消息", "Nobody can unsubscribe from a test").lacks(t, "<form")
	s.outside("POST", test, formKind, "answer=out").want(t, 200, "测试消息")
	s.outside("POST", test, formKind, "List-Unsubscribe=One-Click").want(t, 200)
	s.outside("DELETE", "/u/"+good, "", "").want(t, http.StatusMethodNotAllowed)
	s.outside("POST", "/u/"+good, formKind, "a="+strings.Repeat("b", maxAnswer)).want(t, http.StatusRequestEntityTooLarge)
	s.outside("POST", "/u/"+good, "multipart/form-data; boundary=x", "--x\r\n\r\n"+strings.Repeat("b", maxAnswer)).want(t, http.StatusRequestEntityTooLarge)
	s.outside("POST", "/u/"+good, "multipart/form-data", "no boundary").want(t, http.StatusBadRequest)
	s.outside("POST", "/u/"+good, formKind, "a=%zz").want(t, http.StatusBadRequest)
	if len(s.world.record.said) != before {
		t.Errorf("%d entries", len(s.world.record.said)-before)
	}
	s.world.fail = fault.ErrUnavailable
	s.outside("GET", "/u/"+good, "", "").want(t, http.StatusServiceUnavailable, "暂时打不开")
	s.outside("POST", "/u/"+good, formKind, "List-Unsubscribe=One-Click").want(t, http.StatusServiceUnavailable)
}

func TestCallbacks(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	var got []string
	s := newSite(t, func(w *world, c *Config) {
		c.Log = slog.New(slog.NewTextHandler(&log, nil))
		c.Callbacks = map[string]func(context.Context, http.Header, []byte) error{
			"sms": func(_ context.Context, head http.Header, body []byte) error {
				got = append(got, head.Get("X-Signature")+string(body))
				switch {
				case strings.HasPrefix(string(body), "forged"):
					return errors.Join(fault.ErrForbidden, errors.New(string(body)))
				case strings.HasPrefix(string(body), "nonsense"):
					return errors.Join(fault.ErrInvalid, errors.New(string(body)))
				case strings.HasPrefix(string(body), "panic"):
					panic(string(body))
				}
				return w.fail
			}}
	})
	for body, status := range map[string]int{"fine 13800135621": 204, "forged 13800135621": 403, "nonsense 13800135621": 400, "panic 13800135621": 503, strings.Repeat("x", maxReport): 204, strings.Repeat("x", maxReport+1): 413} {
		a := s.outside("POST", "/callbacks/sms", "application/json", body).want(t, status)
		if a.Header.Get("Cache-Control") != "no-store" || (status == 503) != (a.Header.Get("Retry-After") != "") {
			t.Errorf("%.10s: %v", body, a.Header)
		}
		if strings.Contains(a.body, "138") {
			t.Errorf("%.10s: the answer repeats it", body)
		}
	}
	if len(got) != 5 {
		t.Errorf("%d reports were handed over", len(got))
	}
	s.outside("POST", "/callbacks/nobody", "", "x").want(t, http.StatusNotFound)
	s.outside("GET", "/callbacks/sms", "", "").want(t, http.StatusNotFound)
	s.world.fail = fault.ErrUnavailable
	if a := s.outside("POST", "/callbacks/sms", "", "again").want(t, http.StatusServiceUnavailable); a.Header.Get("Retry-After") == "" {
		t.Error("nothing says when to send it again")
	}
	r := httptest.NewRequest("POST", "http://school.example/go/callbacks/sms", io.MultiReader(strings.NewReader("half"), broken{}))
	rec := httptest.NewRecorder()
	s.web.Public().ServeHTTP(rec, r)
	if rec.Code != http.StatusBadRequest {
		t.Errorf("half a report: status %d", rec.Code)
	}
	if strings.Contains(log.String(), "13800135621") {
		t.Errorf("the log holds what was reported:\n%s", log.String())
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
