package gateway

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/campaign/sms"
	"github.com/coursecrm/coursecrm/hostadapter"
)

// first makes the first request with messages go wrong.
func first(m Manner) Rule {
	return Rule{Manner: func(request int64) Manner {
		if request == 1 {
			return m
		}
		return Properly
	}}
}

// TestNothingTwice: whatever happens to the first answer, the same keys again bring each message
// to its phone once.
func TestNothingTwice(t *testing.T) {
	t.Parallel()
	const people = 10
	for name, c := range map[string]struct {
		manner  Manner
		unknown int  // of the first answer
		nothing bool // the first request comes back with an error: nothing was done
		arrived int  // after the first request
	}{
		"properly":       {Properly, 0, false, people},
		"busy":           {Busy, 0, true, 0},
		"hangs":          {Hangs, people, false, 0},
		"times out":      {TimesOut, people, false, people},
		"hangs up":       {HangsUp, people, false, people},
		"talks rubbish":  {TalksRubbish, people, false, people},
		"contradicts":    {Contradicts, people, false, people},
		"forgets a half": {Forgets, people / 2, false, people},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := start(t)
			patient := connect(t, g)
			id := approve(t, patient, text)
			g.SetRule(first(c.manner))
			batch := messages(id, people, func(i int) string { return fmt.Sprintf("1380013801%d", i) })
			hasty := patient
			if c.manner == Hangs || c.manner == TimesOut { // half a second is enough on a loaded machine, and lost if not
				hasty = connect(t, g, func(c *sms.HTTPConfig) { c.Timeout = 500 * time.Millisecond })
			}
			outcomes, err := sms.New(hasty).Send(t.Context(), batch)
			if (err != nil) != c.nothing {
				t.Fatalf("the first time: %v", err)
			}
			unknown := 0
			for _, o := range outcomes {
				if o.Kind == campaign.OutcomeUnknown {
					unknown++
				}
			}
			if unknown != c.unknown {
				t.Errorf("%d unknown, want %d", unknown, c.unknown)
			}
			until(t, "the gateway has done what it does", func() bool { return count(t, g, "SELECT count(*) FROM sms_messages") == c.arrived })
			again, err := sms.New(patient).Send(t.Context(), batch)
			if err != nil {
				t.Fatal(err)
			}
			for i, o := range again {
				if o.Kind != campaign.OutcomeAccepted || outcomes != nil && outcomes[i].Kind == campaign.OutcomeAccepted && outcomes[i] != o {
					t.Errorf("message %d: %+v, then %+v", i, outcomes[i], o)
				}
			}
			if n := count(t, g, "SELECT count(*) FROM sms_messages"); n != people {
				t.Errorf("%d arrived, want %d", n, people)
			}
			if n := count(t, g, "SELECT 200000 - parts FROM sms_account"); n != people {
				t.Errorf("%d parts charged, want %d", n, people)
			}
		})
	}
}

// TestEverythingGoesWrong: four workers, a fifth of the requests answered badly, 5 % of the messages put
// off, two workers on the same messages: everybody gets one, and everybody is known to have.
func TestEverythingGoesWrong(t *testing.T) {
	t.Parallel()
	const people = 1200
	heard := listen(t)
	g := start(t, func(c *Config) { c.Callback = heard.URL })
	client := connect(t, g)
	id := approve(t, client, text)
	var mu sync.Mutex
	dice := rand.New(rand.NewPCG(4, 2))
	roll := func(n int) int {
		mu.Lock()
		defer mu.Unlock()
		return dice.IntN(n)
	}
	g.SetRule(Rule{
		Fate: func(string) Fate { return []Fate{Arrives, PutOff}[roll(20)/19] },
		Manner: func(int64) Manner {
			return []Manner{Properly, Properly, Properly, Properly, Busy, HangsUp, TalksRubbish, Contradicts, Forgets, Properly}[roll(10)]
		},
	})
	all := messages(id, people, func(i int) string { return fmt.Sprintf("139%08d", i) })
	var workers sync.WaitGroup
	for n := range 4 {
		workers.Go(func() {
			part := all[n/2*people/2:][:people/2]
			for at := 0; at < len(part); at += 100 {
				send(t, client, part[at:at+100])
			}
		})
	}
	workers.Wait()
	if n := count(t, g, "SELECT count(DISTINCT mobile) FROM sms_messages"); n != people {
		t.Errorf("%d people got one, want %d", n, people)
	}
	if n := count(t, g, "SELECT count(*) FROM sms_messages"); n != people {
		t.Errorf("%d messages, want %d", n, people)
	}
	until(t, "all receipts are told", heard.knows(func() bool { return len(heard.receipts) == people }))
}

// send sends a batch until every message of it is accepted.
func send(t *testing.T, client *sms.HTTP, batch []campaign.Message) {
	for tries := 0; len(batch) > 0; tries++ {
		if tries == 200 {
			t.Errorf("%d messages are left", len(batch))
			return
		}
		outcomes, err := sms.New(client).Send(t.Context(), batch)
		if err != nil {
			continue
		}
		var left []campaign.Message
		for i, o := range outcomes {
			switch o.Kind {
			case campaign.OutcomeAccepted:
			case campaign.OutcomePermanent:
				t.Errorf("%s failed: %s", batch[i].Key, o.Reason)
			default:
				left = append(left, batch[i])
			}
		}
		batch = left
	}
}

// TestKeysNotKept shows what keys are for.
func TestKeysNotKept(t *testing.T) {
	t.Parallel()
	g := start(t, func(c *Config) { c.NotIdempotent = true })
	client := connect(t, g, func(c *sms.HTTPConfig) { c.NotIdempotent = true })
	id := approve(t, client, text)
	g.SetRule(first(HangsUp))
	batch := messages(id, 3, always(number))
	for range 2 {
		if _, err := sms.New(client).Send(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	if n := count(t, g, "SELECT count(*) FROM sms_messages"); n != 6 {
		t.Errorf("%d arrived, want 6", n)
	}
	if sms.New(client).Traits().Idempotent {
		t.Error("the client thinks that keys are kept")
	}
}

// TestStartedAgain: keys, templates and untold callbacks outlive the gateway.
func TestStartedAgain(t *testing.T) {
	t.Parallel()
	heard := listen(t)
	heard.answer = func(sms.Callback) int { return http.StatusServiceUnavailable }
	db := database(t)
	g := start(t, func(c *Config) { c.DB, c.Callback = db, heard.URL })
	client := connect(t, g)
	id := approve(t, client, text)
	batch := messages(id, 5, always(number))
	before, err := sms.New(client).Send(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	until(t, "a callback was refused", heard.knows(func() bool { return heard.refused > 0 }))
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	gone, err := sms.New(client).Send(t.Context(), batch)
	for _, o := range gone { // a kept connection that was closed just now leaves them unknown
		if err != nil || o.Kind != campaign.OutcomeUnknown {
			t.Errorf("a closed gateway answers: %+v, %v", o, err)
		}
	}
	heard.knows(func() bool { heard.answer = nil; return true })()
	g = start(t, func(c *Config) { c.DB, c.Callback = db, heard.URL })
	after, err := sms.New(connect(t, g)).Send(t.Context(), batch)
	if err != nil || fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("before %v, after %v, %v", before, after, err)
	}
	until(t, "what was not told is told now", heard.knows(func() bool {
		return len(heard.receipts) == 5 && heard.states[id].State == hostadapter.ApprovalApproved
	}))
}

// TestOneBadApple: an entry that the CRM cannot take does not hold up the others.
func TestOneBadApple(t *testing.T) {
	t.Parallel()
	heard := listen(t)
	heard.answer = func(told sms.Callback) int {
		for _, r := range told.Receipts {
			if r.Key == "c1-7" {
				return http.StatusBadRequest
			}
		}
		return http.StatusOK
	}
	g := start(t, func(c *Config) { c.Callback = heard.URL })
	client := connect(t, g)
	id := approve(t, client, text)
	if _, err := sms.New(client).Send(t.Context(), messages(id, 20, always(number))); err != nil {
		t.Fatal(err)
	}
	until(t, "the others are told", heard.knows(func() bool { return len(heard.receipts) == 19 }))
}

// TestRedirectIsNotFollowed: what is signed for the CRM is not told to somebody else.
func TestRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	heard := listen(t)
	elsewhere := listen(t)
	heard.Config.Handler = http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect)
	g := start(t, func(c *Config) { c.Callback = heard.URL })
	if err := g.Reply(t.Context(), number, "TD"); err != nil {
		t.Fatal(err)
	}
	until(t, "the callback was tried", func() bool { return count(t, g, "SELECT coalesce(max(tries), 0) FROM sms_callbacks") > 0 })
	if elsewhere.knows(func() bool { return len(elsewhere.inbound) > 0 })() {
		t.Error("the redirect was followed")
	}
}

// TestBadRequests: each is refused, and none is half done.
func TestBadRequests(t *testing.T) {
	t.Parallel()
	g := start(t)
	for name, c := range map[string]struct {
		method, path, body string
		status             int
	}{
		"no JSON":           {http.MethodPost, "/messages", "x", 400},
		"no key":            {http.MethodPost, "/messages", `{"messages":[{"to":"13800138012"}]}`, 400},
		"too many":          {http.MethodPost, "/messages", `{"messages":[` + repeat(`{"key":"k"}`, 101) + `]}`, 413},
		"too long":          {http.MethodPost, "/messages", `{"x":"` + repeat("x", maxBody) + `"}`, 413},
		"template no JSON":  {http.MethodPost, "/templates", "x", 400},
		"template no text":  {http.MethodPost, "/templates", `{"key":"a","text":" "}`, 400},
		"template too long": {http.MethodPost, "/templates", `{"key":"a","text":"` + repeat("x", 300) + `"}`, 400},
		"too many ids":      {http.MethodGet, "/templates?" + url.Values{"ids": make([]string, 101)}.Encode(), "", 400},
		"ids that are none": {http.MethodGet, "/templates?ids=x&ids=", "", 200},
		"no messages":       {http.MethodPost, "/messages", `{}`, 200},
		"unknown path":      {http.MethodGet, "/", "", 404},
	} {
		if status := ask(t, g, c.method, c.path, c.body); status != c.status {
			t.Errorf("%s: status %d, want %d", name, status, c.status)
		}
	}
}

func repeat(text string, n int) string { return strings.TrimSuffix(strings.Repeat(text+",", n), ",") }

func ask(t *testing.T, g *Gateway, method, path, body string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, g.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = sms.Sign("academy", secret, time.Now(), method, path, []byte(body))
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}
