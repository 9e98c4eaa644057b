package sms

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
)

// TestRequest reads what goes over the wire as a gateway's author would.
func TestRequest(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if err := Verify(secret, r.Header, time.Now(), r.Method, strings.TrimPrefix(r.URL.RequestURI(), "/v1"), body); err != nil {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
		}
		if got := r.Header.Get(HeaderKey); got != "academy" {
			t.Errorf("key %q", got)
		}
		switch r.Method + " " + r.URL.Path {
		case "POST /v1/messages":
			var in struct {
				Messages []struct {
					Key, To, Text, Template string
					Params                  []map[string]string
				}
			}
			if err := json.Unmarshal(body, &in); err != nil || len(in.Messages) != 2 {
				t.Errorf("%s: %v", body, err)
			}
			if m := in.Messages[1]; m.Key != "c1-1" || m.To != "13800138001" || m.Text != "【启明网校】小满<您好>" || m.Template != "7" ||
				m.Params[0]["name"] != "nickname" || m.Params[0]["value"] != "小满" {
				t.Errorf("message %+v", m)
			}
			io.WriteString(w, `{"messages":[]}`)
		case "POST /v1/templates":
			if want := `{"key":"t1v2","name":"优惠","text":"{{nickname}}您好"}`; string(body) != want {
				t.Errorf("template %s", body)
			}
			io.WriteString(w, `{"id":"2081"}`)
		case "GET /v1/templates":
			ids := r.URL.Query()["ids"]
			if len(ids) > 100 || len(body) > 0 {
				t.Errorf("%d ids, body %q", len(ids), body)
			}
			if ids[0] == "2081" {
				io.WriteString(w, `{"templates":[{"id":"2081","state":"rejected","reason":"缺少退订方式"},{"id":"a&b","state":"maybe"},{"id":"not asked for","state":"approved"}]}`)
				return
			}
			io.WriteString(w, `{"templates":[{"id":"`+ids[0]+`","state":"pending","reason":"x"}]}`)
		case "GET /v1/balance":
			io.WriteString(w, `{"parts":38420}`)
		default:
			t.Errorf("%s %s", r.Method, r.URL)
		}
	})
	c := connect(t, s.URL+"/v1/")
	if _, err := New(c).Send(t.Context(), batch(2)); err != nil {
		t.Error(err)
	}
	if id, err := c.Submit(t.Context(), h.SMSTemplate{Key: "t1v2", Name: "优惠", Text: "{{nickname}}您好"}); id != "2081" || err != nil {
		t.Errorf("submitted as %q, %v", id, err)
	}
	ids := []string{"2081", "a&b"}
	for i := range 150 {
		ids = append(ids, fmt.Sprint(i))
	}
	states, err := c.Approvals(t.Context(), ids)
	if err != nil || len(states) != 2 || states["2081"] != (h.Approval{State: h.ApprovalRejected, Reason: "缺少退订方式"}) || states["98"] != (h.Approval{State: h.ApprovalPending}) {
		t.Errorf("states %v, %v", states, err)
	}
	if n, err := c.Balance(t.Context()); n != 38420 || err != nil {
		t.Errorf("balance %d, %v", n, err)
	}
}

// TestAsking: what changes nothing when it is made twice is asked again after any unclear answer.
func TestAsking(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		body    string
		status  int
		balance int64
		err     error
	}{
		{`{"parts":0}`, 200, 0, nil},
		{`{"parts":-7}`, 200, -1, nil},
		{`{}`, 200, -1, nil},
		{`{"parts":null}`, 200, -1, nil},
		{`{"parts":"many","templates":7,"id":7}`, 200, -1, campaign.ErrUnreachable},
		{`{"parts":1e30,"templates":{},"id":{}}`, 200, -1, campaign.ErrUnreachable},
		{"garbage", 200, -1, campaign.ErrUnreachable},
		{"{} garbage", 200, -1, campaign.ErrUnreachable},
		{"{}", 500, -1, campaign.ErrUnreachable},
		{"{}", 403, -1, campaign.ErrRefused},
		{`{"id":"` + long + `"}`, 200, -1, nil},
		{`{"id":"a\u0000"}`, 200, -1, nil},
	} {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			io.WriteString(w, c.body)
		})
		g := connect(t, s.URL)
		if n, err := g.Balance(t.Context()); n != c.balance || !errors.Is(err, c.err) {
			t.Errorf("%.40s: balance %d, %v", c.body, n, err)
		}
		if _, err := g.Approvals(t.Context(), []string{"7"}); !errors.Is(err, c.err) {
			t.Errorf("%.40s: approvals %v", c.body, err)
		}
		if id, err := g.Submit(t.Context(), h.SMSTemplate{}); id != "" || err == nil || c.err != nil && !errors.Is(err, c.err) {
			t.Errorf("%.40s: submitted as %q, %v", c.body, id, err)
		}
	}
}

const long = "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789x"
