package sms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
)

const (
	accepted  = campaign.OutcomeAccepted
	temporary = campaign.OutcomeTemporary
	permanent = campaign.OutcomePermanent
	unknown   = campaign.OutcomeUnknown
)

func connect(t *testing.T, url string, change ...func(*HTTPConfig)) *HTTP {
	t.Helper()
	c := HTTPConfig{URL: url, KeyID: "academy", Secret: secret, Signature: "启明网校", Timeout: 10 * time.Second}
	for _, f := range change {
		f(&c)
	}
	s, err := NewHTTP(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func serve(t *testing.T, answer http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	return s
}

func batch(n int) []campaign.Message {
	out := make([]campaign.Message, n)
	for i := range out {
		out[i] = campaign.Message{Key: fmt.Sprintf("c1-%d", i), To: fmt.Sprintf("1380013800%d", i), Text: "【启明网校】小满<您好>",
			Template: "7", Params: []campaign.Param{{Name: "nickname", Value: "小满"}}}
	}
	return out
}

func kinds(outcomes []campaign.Outcome) (all []campaign.OutcomeKind) {
	for _, o := range outcomes {
		all = append(all, o.Kind)
	}
	return all
}

// TestAnswers holds what the gateway says against what we make of it. Everything is sent as one
// batch of three.
func TestAnswers(t *testing.T) {
	t.Parallel()
	all := func(k campaign.OutcomeKind) []campaign.OutcomeKind { return []campaign.OutcomeKind{k, k, k} }
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(code)
			io.WriteString(w, `{"messages":[{"key":"c1-0","status":"accepted"},{"key":"c1-1","status":"accepted"},{"key":"c1-2","status":"accepted"}]}`)
		}
	}
	text := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) }
	}
	answers := func(list string) http.HandlerFunc { return text(`{"messages":[` + list + `]}`) }
	const a0, a1, a2 = `{"key":"c1-0","status":"accepted","id":"m0"}`, `{"key":"c1-1","status":"accepted","id":"m1"}`, `{"key":"c1-2","status":"accepted","id":"m2"}`
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		want   []campaign.OutcomeKind // nil: err is wanted
		err    error
	}{
		{"all taken", answers(a0 + "," + a1 + "," + a2), all(accepted), nil},
		{"in any order", answers(a2 + "," + a0 + "," + a1), all(accepted), nil},
		{"each its own", answers(a0 + `,{"key":"c1-1","status":"temporary"},{"key":"c1-2","status":"failed","reason":"invalid"}`),
			[]campaign.OutcomeKind{accepted, temporary, permanent}, nil},
		{"fewer answers", answers(a0 + "," + a2), []campaign.OutcomeKind{accepted, unknown, accepted}, nil},
		{"no answers", answers(""), all(unknown), nil},
		{"answers of somebody else", answers(`{"key":"x","status":"accepted"},` + a1), []campaign.OutcomeKind{unknown, accepted, unknown}, nil},
		{"the same answer twice", answers(a0 + "," + a0 + "," + a1 + "," + a2), all(accepted), nil},
		{"two answers for one key", answers(a0 + "," + a1 + "," + a2 + `,{"key":"c1-1","status":"failed","reason":"invalid"}`),
			[]campaign.OutcomeKind{accepted, unknown, accepted}, nil},
		{"accepted twice, under two names", answers(a0 + `,{"key":"c1-0","status":"accepted","id":"m9"},` + a1 + "," + a2),
			[]campaign.OutcomeKind{unknown, accepted, accepted}, nil},
		{"two answers, then the first again", answers(a0 + `,{"key":"c1-0","status":"failed"},` + a0), all(unknown), nil},
		{"two answers in one object", answers(`{"key":"c1-0","status":"failed","Status":"accepted"}`), all(unknown), nil},
		{"a word of its own", answers(a0 + `,{"key":"c1-1","status":"ok"},` + a2), []campaign.OutcomeKind{accepted, unknown, accepted}, nil},
		{"a word in capitals", answers(`{"key":"c1-0","status":"Accepted"}`), all(unknown), nil},
		{"garbage", text("<html>502 but we say 200</html>"), all(unknown), nil},
		{"nothing", text(""), all(unknown), nil},
		{"null", text("null"), all(unknown), nil},
		{"an array", text("[]"), all(unknown), nil},
		{"garbage behind the answer", text(`{"messages":[` + a0 + `]} <script>`), all(unknown), nil},
		{"wrong types", answers(`{"key":0,"status":true}`), all(unknown), nil},
		{"too long", text(`{"messages":[` + a0 + "," + a1 + "," + a2 + "]}" + strings.Repeat(" ", maxAnswer)), all(unknown), nil},
		{"breaks off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			io.WriteString(w, `{"messages":[`+a0+"]}")
		}, all(unknown), nil},
		{"breaks off before the answer", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, all(unknown), nil},
		{"200 is the only yes: 202", status(202), all(unknown), nil},
		{"204", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, all(unknown), nil},
		{"302 may follow on work done", status(302), all(unknown), nil},
		{"303", status(303), all(unknown), nil},
		{"500", status(500), all(unknown), nil},
		{"502", status(502), all(unknown), nil},
		{"504", status(504), all(unknown), nil},
		{"301", status(301), nil, campaign.ErrRefused},
		{"307", status(307), nil, campaign.ErrRefused},
		{"308", status(308), nil, campaign.ErrRefused},
		{"400", status(400), nil, campaign.ErrRefused},
		{"401", status(401), nil, campaign.ErrRefused},
		{"402", status(402), nil, campaign.ErrRefused},
		{"403", status(403), nil, campaign.ErrRefused},
		{"404", status(404), nil, campaign.ErrRefused},
		{"413", status(413), nil, campaign.ErrRefused},
		{"408", status(408), nil, campaign.ErrUnreachable},
		{"429", status(429), nil, campaign.ErrUnreachable},
		{"503", status(503), nil, campaign.ErrUnreachable},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				if r.URL.Path != "/v1/messages" {
					t.Errorf("asked for %s", r.URL)
				}
				io.Copy(io.Discard, r.Body)
				c.answer(w, r)
			})
			got, err := New(connect(t, s.URL+"/v1")).Send(t.Context(), batch(3))
			if !errors.Is(err, c.err) || fmt.Sprint(kinds(got)) != fmt.Sprint(c.want) {
				t.Errorf("outcomes %v, error %v; want %v, %v", kinds(got), err, c.want, c.err)
			}
			if asked.Load() != 1 {
				t.Errorf("asked %d times", asked.Load())
			}
			if err != nil && (strings.Contains(err.Error(), "138") || strings.Contains(err.Error(), "小满")) {
				t.Errorf("the error tells about a person: %v", err)
			}
		})
	}
}

func TestReasonsAndNames(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"messages":[{"key":"c1-0","status":"failed","reason":"invalid"},{"key":"c1-1","status":"failed","reason":"complaint"},
			{"key":"c1-2","status":"failed","reason":"敏感词"},{"key":"c1-3","status":"failed"},{"key":"c1-4","status":"accepted","id":"m4"}]}`)
	})
	got, err := New(connect(t, s.URL)).Send(t.Context(), batch(5))
	want := []campaign.Outcome{{Kind: permanent, Reason: campaign.ReasonInvalid}, {Kind: permanent, Reason: campaign.ReasonComplaint},
		{Kind: permanent, Reason: campaign.ReasonRejected}, {Kind: permanent, Reason: campaign.ReasonRejected}, {Kind: accepted, ProviderID: "m4"}}
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, %v\nwant %v", got, err, want)
	}
	if got, err := New(connect(t, "http://127.0.0.1:1")).Send(t.Context(), nil); err != nil || len(got) != 0 {
		t.Errorf("nothing to send: %v, %v", got, err)
	}
}

// TestNoConnection: what cannot have arrived is not unknown.
func TestNoConnection(t *testing.T) {
	t.Parallel()
	tls := httptest.NewUnstartedServer(http.NotFoundHandler()) // whose certificate nobody knows
	tls.Config.ErrorLog = log.New(io.Discard, "", 0)
	tls.StartTLS()
	defer tls.Close()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	fine := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a cancelled request arrived") })
	for name, c := range map[string]struct {
		ctx context.Context
		url string
	}{
		"nobody listens":    {t.Context(), "http://127.0.0.1:1"},
		"no such host":      {t.Context(), "http://gateway.invalid"},
		"not to be trusted": {t.Context(), tls.URL},
		"no TLS":            {t.Context(), strings.Replace(fine.URL, "http", "https", 1)},
		"cancelled":         {ended, fine.URL},
	} {
		got, err := New(connect(t, c.url)).Send(c.ctx, batch(2))
		if !errors.Is(err, campaign.ErrUnreachable) || got != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// TestNoAnswerInTime runs on a clock of its own: the gateway takes the request and says nothing,
// or begins and does not end.
func TestNoAnswerInTime(t *testing.T) {
	t.Parallel()
	for name, begins := range map[string]string{"nothing": "", "half an answer": "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"mess"} {
		synctest.Test(t, func(t *testing.T) {
			ours, theirs := net.Pipe()
			c := connect(t, "http://gateway.example", func(c *HTTPConfig) { c.Timeout = 3 * time.Second })
			c.client.Transport.(*http.Transport).DialContext = func(context.Context, string, string) (net.Conn, error) { return ours, nil }
			go func() {
				defer theirs.Close()
				buf, wrote := make([]byte, 64<<10), false
				for { // until we hang up
					if _, err := theirs.Read(buf); err != nil {
						return
					}
					if !wrote {
						wrote = true
						io.WriteString(theirs, begins)
					}
				}
			}()
			start := time.Now()
			got, err := New(c).Send(t.Context(), batch(2))
			if err != nil || fmt.Sprint(kinds(got)) != fmt.Sprint([]campaign.OutcomeKind{unknown, unknown}) {
				t.Errorf("%s: %v, %v", name, kinds(got), err)
			}
			if waited := time.Since(start); waited != 3*time.Second {
				t.Errorf("%s: waited %s", name, waited)
			}
		})
	}
}

// TestConnectionsThatGoStale: a gateway that hangs up on kept connections may leave a batch unknown,
// but no batch goes out twice by itself.
func TestConnectionsThatGoStale(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	taken := map[string]int{}
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var in wireBatch
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			return // we have hung up on this one
		}
		mu.Lock()
		defer mu.Unlock()
		taken[in.Messages[0].Key]++
		io.WriteString(w, `{"messages":[{"key":"`+in.Messages[0].Key+`","status":"accepted"}]}`)
	})
	c := New(connect(t, s.URL))
	for i := range 100 {
		key := fmt.Sprint("c1-", i)
		got, err := c.Send(t.Context(), []campaign.Message{{Key: key}})
		mu.Lock()
		arrived := taken[key]
		mu.Unlock()
		if err != nil && arrived > 0 || err == nil && got[0].Kind == accepted && arrived != 1 {
			t.Errorf("%s: %v, %v, arrived %d times", key, got, err, arrived)
		}
		s.CloseClientConnections()
	}
	for key, n := range taken {
		if n > 1 {
			t.Errorf("%s arrived %d times", key, n)
		}
	}
}

func TestBadConfig(t *testing.T) {
	t.Parallel()
	_, err := NewHTTP(HTTPConfig{URL: "ftp://x", KeyID: "a b", Secret: []byte("short"), Signature: "【启明】", Rate: -1})
	for _, field := range []string{"URL", "KeyID", "Secret", "Signature", "Rate"} {
		if err == nil || !strings.Contains(err.Error(), "field "+field) && !strings.Contains(err.Error(), ", "+field) {
			t.Errorf("%s is not named in %v", field, err)
		}
	}
	for _, url := range []string{"", "http://", "sms.example", "http://u:p@sms.example", "http://sms.example/?a=1", "http://sms.example/#a", "http://sms.example:x"} {
		if _, err := NewHTTP(HTTPConfig{URL: url, KeyID: "a", Secret: secret, Signature: "启明"}); err == nil || strings.Contains(err.Error(), "u:p") {
			t.Errorf("%q: %v", url, err)
		}
	}
	c := connect(t, "https://sms.example/v1", func(c *HTTPConfig) { c.Rate, c.Price, c.NotIdempotent, c.BatchSize = 50, 4500, true, 5000 })
	want := h.SMSTraits{Signature: "启明网校", BatchSize: 1000, Rate: 50, Receipts: true, Approval: true, Price: 4500}
	if got := c.Traits(); got != want {
		t.Errorf("traits %+v", got)
	}
	if got := New(c).Traits(); got != (campaign.Traits{BatchSize: 1000, Rate: 50, Receipts: true}) || New(c).Name() != h.ChannelSMS || New(c).Supplier() != Supplier(c) {
		t.Errorf("channel's traits %+v", got)
	}
}
