package gateway

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/campaign/sms"
	"github.com/coursecrm/coursecrm/examples/academy/school"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/pgtest"
)

var secret = []byte("0123456789abcdef0123456789abcdef")

const number = "13800138012"

// database opens the test's own schema.
func database(t testing.TB) *sql.DB {
	t.Helper()
	db, err := school.Open(t.Context(), pgtest.DSN(t), "")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(8)
	t.Cleanup(func() { db.Close() })
	return db
}

// start starts a gateway that is in no mood to wait.
func start(t testing.TB, change ...func(*Config)) *Gateway {
	t.Helper()
	none := func() time.Duration { return 0 }
	c := Config{KeyID: "academy", Secret: secret, Signature: "启明网校", ReviewTakes: none, ReceiptTakes: none}
	for _, f := range change {
		f(&c)
	}
	if c.DB == nil {
		c.DB = database(t)
	}
	g, err := Start(t.Context(), "127.0.0.1:0", c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	return g
}

// connect is the CRM's side of the wire.
func connect(t testing.TB, g *Gateway, change ...func(*sms.HTTPConfig)) *sms.HTTP {
	t.Helper()
	c := sms.HTTPConfig{URL: g.URL(), KeyID: "academy", Secret: secret, Signature: "启明网校", Timeout: 30 * time.Second}
	for _, f := range change {
		f(&c)
	}
	s, err := sms.NewHTTP(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// until waits for something that happens soon.
func until(t testing.TB, what string, happened func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !happened(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// approve submits a template and waits for its approval.
func approve(t testing.TB, s sms.Supplier, text string) (id string) {
	t.Helper()
	id, err := s.Submit(t.Context(), hostadapter.SMSTemplate{Key: "t1", Name: "问候", Text: text})
	if err != nil {
		t.Fatal(err)
	}
	until(t, "the template is approved", func() bool {
		found, err := s.Approvals(t.Context(), []string{id})
		if err != nil {
			t.Fatal(err)
		}
		if found[id].State == hostadapter.ApprovalRejected {
			t.Fatalf("rejected: %s", found[id].Reason)
		}
		return found[id].State == hostadapter.ApprovalApproved
	})
	return id
}

// crm hears callbacks as the CRM does.
type crm struct {
	*httptest.Server
	mu       sync.Mutex
	answer   func(sms.Callback) int // the status; nil: 200
	receipts map[string][]hostadapter.Receipt
	inbound  []sms.Inbound
	states   map[string]hostadapter.Approval
	refused  int
}

func listen(t testing.TB) *crm {
	t.Helper()
	c := &crm{receipts: map[string][]hostadapter.Receipt{}, states: map[string]hostadapter.Approval{}}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		told, err := sms.ParseCallback(secret, r.Header, time.Now(), body)
		if err != nil {
			t.Errorf("callback %s: %v", body, err)
		}
		w.WriteHeader(c.take(told))
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *crm) take(told sms.Callback) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.answer != nil {
		if status := c.answer(told); status != http.StatusOK {
			c.refused++
			return status
		}
	}
	for _, r := range told.Receipts {
		c.receipts[r.Key] = append(c.receipts[r.Key], r)
	}
	c.inbound = append(c.inbound, told.Inbound...)
	for id, a := range told.Approvals {
		c.states[id] = a
	}
	return http.StatusOK
}

// knows asks about what was heard, under the lock.
func (c *crm) knows(what func() bool) func() bool {
	return func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return what()
	}
}

func messages(template string, n int, to func(i int) string) []campaign.Message {
	var all []campaign.Message
	for i := range n {
		all = append(all, campaign.Message{Key: fmt.Sprint("c1-", i), To: to(i), Template: template,
			Params: []campaign.Param{{Name: "nickname", Value: "小满"}}})
	}
	return all
}

func always(number string) func(int) string { return func(int) string { return number } }

const text = "{{nickname}}您好，点击 https://example.com/go/k7Ad2f 查看。拒收请回复R"

func count(t testing.TB, g *Gateway, query string) (n int) {
	t.Helper()
	if err := g.DB.QueryRowContext(context.WithoutCancel(t.Context()), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
