package crm_test

import (
	"database/sql"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign/sms"
	"github.com/coursecrm/coursecrm/crm"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/internal/pgtest"
)

// listening makes a CRM that hears a gateway and a mail service, with one learner to hear of.
func listening(t *testing.T) (*crm.CRM, *sql.DB) {
	t.Helper()
	db := pgtest.Open(t)
	cfg := config(t, db)
	cfg.SMS = crm.SMS{URL: "http://127.0.0.1:1", KeyID: "k", Secret: []byte("of the SMS gateway"), Signature: "启明网校"}
	cfg.Email.BounceSecret = []byte("of the mail service")
	if err := crm.Migrate(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	c, err := crm.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	l := hosttest.SmallSeed().Learners[0]
	l.ID, l.Mobile, l.MobileVerified, l.UpdatedAt = "told", "13800138001", true, time.Now().UTC()
	if err := c.Notify(t.Context(), hostadapter.Changed(l)); err != nil {
		t.Fatal(err)
	}
	return c, db
}

func TestCallbacks(t *testing.T) {
	t.Parallel()
	c, db := listening(t)
	const (
		td      = `{"inbound": [{"from": "13800138001", "text": "TD", "at": "2026-11-22T08:00:00Z"}]}`
		bounces = `{"events": [{"key": "c12.345.00000000", "event": "bounced", "kind": "hard"}, {"message_id": "<x@y>", "event": "complaint"}]}`
	)
	now := time.Now()
	for _, tt := range []struct {
		name, way, secret, method, path, body string
		at                                    time.Time
		want                                  int
	}{
		{"forged", "sms", "not the secret of it", "POST", sms.CallbackPath, td, now, 403},
		{"of the other service", "sms", "of the mail service", "POST", sms.CallbackPath, td, now, 403},
		{"of the other gateway", "email", "of the SMS gateway", "POST", sms.CallbackPath, bounces, now, 403},
		{"old", "sms", "of the SMS gateway", "POST", sms.CallbackPath, td, now.Add(-6 * time.Minute), 403},
		{"of tomorrow", "email", "of the mail service", "POST", sms.CallbackPath, bounces, now.Add(6 * time.Minute), 403},
		{"a request of ours that somebody kept", "sms", "of the SMS gateway", "POST", "/messages", td, now, 403},
		{"no JSON", "email", "of the mail service", "POST", sms.CallbackPath, "<html>", now, 400},
		{"no JSON", "sms", "of the SMS gateway", "POST", sms.CallbackPath, "<html>", now, 400},
		{"to nobody", "fax", "of the SMS gateway", "POST", sms.CallbackPath, td, now, 404},
		{"not posted", "sms", "of the SMS gateway", "GET", sms.CallbackPath, "", now, 404},
		{"about what is not ours", "email", "of the mail service", "POST", sms.CallbackPath, bounces, now, 204},
		{"twenty hours of nothing", "sms", "of the SMS gateway", "POST", sms.CallbackPath, "{}", now, 204},
	} {
		if got := call(c, tt.way, tt.method, sms.Sign("any", []byte(tt.secret), tt.at, tt.method, tt.path, []byte(tt.body)), tt.body); got != tt.want {
			t.Errorf("%s over %s: status %d, want %d", tt.name, tt.way, got, tt.want)
		}
	}
	if call(c, "sms", "POST", http.Header{}, td) != 403 {
		t.Error("unsigned, and taken")
	}
	if got := one(t, db, "SELECT count(*)::text FROM crm_consents"); got != "0" {
		t.Fatalf("%s consents were entered", got)
	}
	for range 2 { // telling twice is fine
		if got := call(c, "sms", "POST", sms.Sign("any", []byte("of the SMS gateway"), now, "POST", sms.CallbackPath, []byte(td)), td); got != 204 {
			t.Errorf("status %d", got)
		}
	}
	if got := one(t, db, "SELECT string_agg(channel || ' ' || state || ' ' || source, ',') FROM crm_consents"); got != "sms denied reply" {
		t.Errorf("entered %q", got)
	}
}

// call asks the public pages and gives the status.
func call(c *crm.CRM, way, method string, head http.Header, body string) int {
	r := httptest.NewRequest(method, "/go/callbacks/"+way, strings.NewReader(body))
	r.Header = head
	rec := httptest.NewRecorder()
	c.Public().ServeHTTP(rec, r)
	return rec.Code
}

func TestShortSecretIsRefused(t *testing.T) {
	t.Parallel()
	cfg := config(t, pgtest.Open(t))
	cfg.Email.BounceSecret = []byte("hunter2")
	if _, err := crm.New(cfg); err == nil || !strings.Contains(err.Error(), "BounceSecret") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}
