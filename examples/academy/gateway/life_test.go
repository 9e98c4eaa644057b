package gateway

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/campaign/sms"
	"github.com/coursecrm/coursecrm/hostadapter"
)

// TestLife follows a template and its messages from one end to the other.
func TestLife(t *testing.T) {
	t.Parallel()
	heard := listen(t)
	g := start(t, func(c *Config) { c.Callback, c.Balance = heard.URL, 1000 })
	client := connect(t, g)
	bad, err := client.Submit(t.Context(), hostadapter.SMSTemplate{Key: "t0", Name: "年末回馈", Text: "{{nickname}}您好，全场课程最低一折"})
	if err != nil {
		t.Fatal(err)
	}
	id := approve(t, client, text)
	if again, err := client.Submit(t.Context(), hostadapter.SMSTemplate{Key: "t1", Name: "改名", Text: text}); again != id || err != nil {
		t.Errorf("the same template has ids %s and %s, %v", id, again, err)
	}
	until(t, "both decisions are told", heard.knows(func() bool {
		return heard.states[id].State == hostadapter.ApprovalApproved && heard.states[bad].Reason == "含有绝对化用语“最低”；缺少退订方式"
	}))

	to := []string{number, "13800130044", "13800130045", "13800130046", "13800130047", "13800130451", "110"}
	outcomes, err := sms.New(client).Send(t.Context(), messages(id, len(to), func(i int) string { return to[i] }))
	if err != nil {
		t.Fatal(err)
	}
	want := []campaign.Outcome{{Kind: campaign.OutcomeAccepted}, {Kind: campaign.OutcomePermanent, Reason: campaign.ReasonInvalid},
		{Kind: campaign.OutcomeAccepted}, {Kind: campaign.OutcomeAccepted}, {Kind: campaign.OutcomePermanent, Reason: campaign.ReasonComplaint},
		{Kind: campaign.OutcomeTemporary}, {Kind: campaign.OutcomePermanent, Reason: campaign.ReasonInvalid}}
	for i, o := range outcomes {
		if named := o.ProviderID != ""; named != (o.Kind == campaign.OutcomeAccepted) {
			t.Errorf("%s: named %q", to[i], o.ProviderID)
		}
		o.ProviderID = ""
		if o != want[i] {
			t.Errorf("%s: %+v, want %+v", to[i], o, want[i])
		}
	}
	until(t, "receipts are told", heard.knows(func() bool { return len(heard.receipts) == 3 }))
	for key, receipt := range map[string]hostadapter.Receipt{"c1-0": {Key: "c1-0", Delivered: true},
		"c1-2": {Key: "c1-2", Failure: hostadapter.FailureInvalid}, "c1-3": {Key: "c1-3", Failure: hostadapter.FailureRejected}} {
		if got := heard.receipts[key]; len(got) == 0 || got[0] != receipt {
			t.Errorf("%s: %+v", key, got)
		}
	}
	if n, err := client.Balance(t.Context()); n != 997 || err != nil {
		t.Errorf("balance %d, %v", n, err)
	}

	if err := g.Reply(t.Context(), number, " TD "); err != nil {
		t.Fatal(err)
	}
	until(t, "the reply is told", heard.knows(func() bool { return len(heard.inbound) > 0 }))
	if in := heard.inbound[0]; in.Mobile != number || !sms.OptOut(in.Text) || time.Since(in.At) > time.Minute {
		t.Errorf("reply %+v", in)
	}
	thread, err := g.Thread(t.Context(), number, 10)
	if err != nil || len(thread) != 2 || thread[0].Text != "【启明网校】小满您好，点击 https://example.com/go/k7Ad2f 查看。拒收请回复R" || thread[0].Mine || !thread[1].Mine || thread[1].Text != "TD" {
		t.Errorf("thread %+v, %v", thread, err)
	}
	phones, err := g.List(t.Context(), "138", 10)
	if err != nil || len(phones) != 1 || phones[0].Number != number {
		t.Errorf("phones %+v, %v", phones, err)
	}
	if n, err := g.Count(t.Context()); n != 1 || err != nil {
		t.Errorf("%d have arrived, %v", n, err)
	}
	if phones, err := g.List(t.Context(), "139", 10); err != nil || len(phones) != 0 {
		t.Errorf("phones %+v, %v", phones, err)
	}
	for _, bad := range [][2]string{{"110", "TD"}, {number, " "}, {number, strings.Repeat("长", 501)}} {
		if err := g.Reply(t.Context(), bad[0], bad[1]); !errors.Is(err, ErrBadReply) {
			t.Errorf("%q: %v", bad[0], err)
		}
	}
}

// TestWhatIsNotSent: without an approved template, with a value missing, without money.
func TestWhatIsNotSent(t *testing.T) {
	t.Parallel()
	g := start(t, func(c *Config) { c.Balance = 3 })
	client := connect(t, g)
	id := approve(t, client, text)
	batch := messages(id, 4, always(number))
	batch[0].Template, batch[1].Template, batch[2].Params = "", "999", nil
	batch[3].Params[0].Value = strings.Repeat("长", 60) // two parts
	outcomes, err := sms.New(client).Send(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range outcomes {
		if rejected := o == (campaign.Outcome{Kind: campaign.OutcomePermanent, Reason: campaign.ReasonRejected}); rejected != (i < 3) {
			t.Errorf("message %d: %+v", i, o)
		}
	}
	if n, _ := client.Balance(t.Context()); n != 1 {
		t.Errorf("balance %d, want 1", n)
	}
	more := messages(id, 2, always(number))
	more[0].Key, more[1].Key = "c2-0", "c2-1"
	if _, err := sms.New(client).Send(t.Context(), more); err == nil || !strings.Contains(err.Error(), "402") {
		t.Errorf("without money: %v", err)
	}
	if n, _ := g.Count(t.Context()); n != 1 {
		t.Errorf("%d have arrived, want 1", n)
	}
	if outcomes, err := sms.New(client).Send(t.Context(), more[:1]); err != nil || outcomes[0].Kind != campaign.OutcomeAccepted {
		t.Errorf("the last part: %v, %v", outcomes, err)
	}
}

// TestOnlyTheClient: nobody else is let in, and nothing that is old.
func TestOnlyTheClient(t *testing.T) {
	t.Parallel()
	g := start(t)
	for name, change := range map[string]func(*http.Request){
		"no headers":      func(r *http.Request) { r.Header = http.Header{} },
		"another key":     func(r *http.Request) { r.Header.Set(sms.HeaderKey, "other") },
		"another path":    func(r *http.Request) { r.URL.Path = "/templates" },
		"another query":   func(r *http.Request) { r.URL.RawQuery = "a=1" },
		"another method":  func(r *http.Request) { r.Method = http.MethodPost; r.URL.Path = "/messages" },
		"no signature":    func(r *http.Request) { r.Header.Set(sms.HeaderSignature, "") },
		"another body":    func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("x")); r.ContentLength = 1 },
		"from long ago":   func(r *http.Request) { resign(r, time.Now().Add(-sms.MaxAge-time.Minute)) },
		"from the future": func(r *http.Request) { resign(r, time.Now().Add(sms.MaxAge+time.Minute)) },
		"":                func(*http.Request) {},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.URL()+"/balance", nil)
		if err != nil {
			t.Fatal(err)
		}
		resign(r, time.Now())
		change(r)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		want := http.StatusUnauthorized
		if name == "" {
			want = http.StatusOK
		}
		if resp.StatusCode != want {
			t.Errorf("%s: %s", name, resp.Status)
		}
	}
	if _, err := sms.New(connect(t, g, func(c *sms.HTTPConfig) { c.Secret = []byte("another secret of ours") })).Send(t.Context(), messages("1", 1, always(number))); err == nil {
		t.Error("another secret was let in")
	}
}

func resign(r *http.Request, at time.Time) {
	for name, value := range sms.Sign("academy", secret, at, http.MethodGet, "/balance", nil) {
		r.Header[name] = value
	}
}
