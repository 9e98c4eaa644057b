package sms

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

var (
	secret = []byte("0123456789abcdef0123456789abcdef")
	noon   = time.Date(2026, time.November, 22, 4, 0, 0, 0, time.UTC)
)

func callbackHead(at time.Time, body string) http.Header {
	return Sign("academy", secret, at, http.MethodPost, CallbackPath, []byte(body))
}

func TestParseCallback(t *testing.T) {
	t.Parallel()
	body := `{"receipts":[{"key":"c1-1","status":"delivered"},{"key":"c1-2","status":"failed","reason":"invalid"},` +
		`{"key":"c1-3","status":"failed","reason":"complaint"},{"key":"c1-4","status":"failed","reason":"暂停服务"},{"key":"nobody's","status":"delivered","extra":1},` +
		`{"key":"c1-1","status":"delivered"}],` +
		`"inbound":[{"from":"13800138000","text":"T\u0000D","at":"2026-11-22T12:00:00+08:00"},{"from":"+85291234567","text":"","at":"2026-11-22T04:00:01Z"}],` +
		`"templates":[{"id":"7","state":"pending"},{"id":"7","state":"rejected","reason":"缺少退订方式"},{"id":"8","state":"approved","reason":"x"}]}`
	got, err := ParseCallback(secret, callbackHead(noon, body), noon, []byte(body))
	want := Callback{
		Receipts: []h.Receipt{{Key: "c1-1", Delivered: true}, {Key: "c1-2", Failure: h.FailureInvalid}, {Key: "c1-3", Failure: h.FailureComplaint},
			{Key: "c1-4", Failure: h.FailureRejected}, {Key: "nobody's", Delivered: true}, {Key: "c1-1", Delivered: true}},
		Inbound:   []Inbound{{"13800138000", "TD", noon}, {"+85291234567", "", noon.Add(time.Second)}},
		Approvals: map[string]h.Approval{"7": {State: h.ApprovalRejected, Reason: "缺少退订方式"}, "8": {State: h.ApprovalApproved}},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
	long := `{"inbound":[{"from":"123","at":"2026-11-22T04:00:00Z","text":"` + strings.Repeat("长", 1200) + `"}]}`
	got, err = ParseCallback(secret, callbackHead(noon, long), noon, []byte(long))
	if err != nil || got.Inbound[0].Text != strings.Repeat("长", 1000) {
		t.Errorf("a long text: %v", err)
	}
}

// TestCallbackOnlyFromTheGateway: whatever is not signed by it, now, is not read.
func TestCallbackOnlyFromTheGateway(t *testing.T) {
	t.Parallel()
	body := `{"receipts":[{"key":"c1-1","status":"delivered"}]}`
	without := func(name string) http.Header {
		head := callbackHead(noon, body)
		head.Del(name)
		return head
	}
	with := func(name, value string) http.Header {
		head := callbackHead(noon, body)
		head.Set(name, value)
		return head
	}
	for name, c := range map[string]struct {
		secret []byte
		head   http.Header
		now    time.Time
	}{
		"no headers":                  {secret, http.Header{}, noon},
		"no signature":                {secret, without(HeaderSignature), noon},
		"no time":                     {secret, without(HeaderTime), noon},
		"signature is no hex":         {secret, with(HeaderSignature, "zz"), noon},
		"signature cut short":         {secret, with(HeaderSignature, callbackHead(noon, body).Get(HeaderSignature)[:32]), noon},
		"zero signature":              {secret, with(HeaderSignature, hex.EncodeToString(make([]byte, 32))), noon},
		"another time":                {secret, with(HeaderTime, fmt.Sprint(noon.Unix()+1)), noon},
		"another body":                {secret, callbackHead(noon, body+" "), noon},
		"another secret":              {secret, Sign("academy", []byte("0123456789abcdef"), noon, http.MethodPost, CallbackPath, []byte(body)), noon},
		"a request is no callback":    {secret, Sign("academy", secret, noon, http.MethodPost, "/messages", []byte(body)), noon},
		"another method":              {secret, Sign("academy", secret, noon, http.MethodPut, CallbackPath, []byte(body)), noon},
		"old":                         {secret, callbackHead(noon, body), noon.Add(MaxAge + time.Second)},
		"from the future":             {secret, callbackHead(noon, body), noon.Add(-MaxAge - time.Second)},
		"time is no number":           {secret, signedAt("noon", body), noon},
		"time overflows":              {secret, signedAt("9223372036854775807", body), noon},
		"without a secret of our own": {nil, Sign("academy", nil, noon, http.MethodPost, CallbackPath, []byte(body)), noon},
	} {
		if got, err := ParseCallback(c.secret, c.head, c.now, []byte(body)); !errors.Is(err, ErrForged) || len(got.Receipts) > 0 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for _, near := range []time.Duration{MaxAge, -MaxAge} {
		if _, err := ParseCallback(secret, callbackHead(noon, body), noon.Add(near), []byte(body)); err != nil {
			t.Errorf("%s away: %v", near, err)
		}
	}
}

// signedAt signs whatever stands for a time.
func signedAt(unix, body string) http.Header {
	head := http.Header{}
	head.Set(HeaderTime, unix)
	head.Set(HeaderSignature, hex.EncodeToString(seal(secret, unix, http.MethodPost, CallbackPath, []byte(body))))
	return head
}

func TestMalformedCallback(t *testing.T) {
	t.Parallel()
	many := func(n int) string {
		return `{"receipts":[` + strings.TrimSuffix(strings.Repeat(`{"key":"k","status":"delivered"},`, n), ",") + `]}`
	}
	for name, body := range map[string]string{
		"empty": "", "no JSON": "ok", "an array": "[]", "two values": "{} {}", "cut": `{"receipts":[`, "wrong type": `{"receipts":{}}`,
		"no key": `{"receipts":[{"status":"delivered"}]}`, "no status": `{"receipts":[{"key":"k"}]}`, "a status of its own": `{"receipts":[{"key":"k","status":"DELIVRD"}]}`,
		"accepted is no receipt": `{"receipts":[{"key":"k","status":"accepted"}]}`, "key with a control": `{"receipts":[{"key":"a\u0000","status":"delivered"}]}`,
		"key too long":            `{"receipts":[{"key":"` + strings.Repeat("k", 201) + `","status":"delivered"}]}`,
		"said twice":              `{"receipts":[{"key":"k","status":"failed","Status":"delivered"}]}`,
		"no number":               `{"inbound":[{"text":"TD","at":"2026-11-22T04:00:00Z"}]}`,
		"number with spaces":      `{"inbound":[{"from":"138 0013","text":"TD","at":"2026-11-22T04:00:00Z"}]}`,
		"no time":                 `{"inbound":[{"from":"13800138000","text":"TD"}]}`,
		"time is a number":        `{"inbound":[{"from":"13800138000","text":"TD","at":1763784000}]}`,
		"template without id":     `{"templates":[{"state":"approved"}]}`,
		"template without state":  `{"templates":[{"id":"7"}]}`,
		"more than 1,000 entries": many(1001),
		"nested without end":      strings.Repeat(`{"a":`, 100_000),
		"longer than 1 MiB":       `{"x":"` + strings.Repeat("x", MaxCallback) + `"}`,
	} {
		got, err := ParseCallback(secret, callbackHead(noon, body), noon, []byte(body))
		if !errors.Is(err, ErrMalformed) || !reflect.DeepEqual(got, Callback{}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "138") {
			t.Errorf("%s: the error quotes a number: %v", name, err)
		}
	}
	for name, body := range map[string]string{"nothing to tell": "{}", "null": "null", "1,000 entries": many(1000)} {
		if _, err := ParseCallback(secret, callbackHead(noon, body), noon, []byte(body)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzParseCallback: signed nonsense does no harm, and unsigned sense is not read.
func FuzzParseCallback(f *testing.F) {
	f.Add([]byte(`{"receipts":[{"key":"c1-1","status":"delivered"}],"inbound":[{"from":"13800138000","text":"TD","at":"2026-11-22T04:00:00Z"}],"templates":[{"id":"7","state":"approved"}]}`))
	f.Add([]byte(`{"receipts":[{"key":"k","status":"failed","Status":"delivered"}]}`))
	f.Add([]byte(`]]`))
	f.Add([]byte(`{"a":{"a":[{},{}]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := ParseCallback(secret, callbackHead(noon, string(body)), noon, body)
		if err != nil && !errors.Is(err, ErrMalformed) {
			t.Fatalf("signed, but: %v", err)
		}
		for _, r := range c.Receipts {
			if r.Key == "" || r.Delivered == (r.Failure != "") {
				t.Errorf("receipt %+v", r)
			}
		}
		if _, err := ParseCallback(secret, callbackHead(noon, string(body)), noon, append(bytes.Clone(body), ' ')); !errors.Is(err, ErrForged) && len(body) < MaxCallback {
			t.Errorf("changed after it was signed: %v", err)
		}
	})
}
