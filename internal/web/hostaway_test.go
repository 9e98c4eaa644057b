package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// TestSendersCannotBeAsked is a host that does not say who may send private messages: the page
// stands, keeps what is typed, says so under the field, and sends nothing.
func TestSendersCannotBeAsked(t *testing.T) {
	t.Parallel()
	for name, ask := range map[string]func(context.Context) ([]h.Staff, error){
		"away":   func(context.Context) ([]h.Staff, error) { return nil, fmt.Errorf("host: %w", h.ErrUnavailable) },
		"broken": func(context.Context) ([]h.Staff, error) { return nil, errors.New("dial tcp 10.0.0.7: refused") },
		"hangs":  func(ctx context.Context) ([]h.Staff, error) { <-ctx.Done(); return nil, ctx.Err() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t, func(_ *world, c *Config) { c.Senders = ask })
				s.get("/drafts/PMDRAFT").want(t, 200, "暂时查不到可选的发送人").lacks(t, "10.0.0.7")
				s.change("PMDRAFT", letter("text", "改过的话"), "preview").want(t, 200)
				if got := s.world.drafts["PMDRAFT"].Content; got.Text != "改过的话" || got.From != "7" {
					t.Errorf("kept %+v", got)
				}
				s.post("/drafts/PMDRAFT", letter("step", "confirm")).want(t, http.StatusUnprocessableEntity, "暂时查不到可选的发送人", "改过的话").lacks(t, "10.0.0.7")
				s.post("/drafts/PMDRAFT", url.Values{"step": {"test"}, "test_key": {"k"}}).want(t, http.StatusUnprocessableEntity)
				if len(s.world.sent)+len(s.world.launched) > 0 {
					t.Error("sent in nobody's name")
				}
				s.get("/templates/5").want(t, 200)
				s.get("/templates/new?channel=message").want(t, 200)
				s.post("/campaigns/new", url.Values{"channel": {"message"}, "g.": {"all"}}).want(t, http.StatusSeeOther)
			})
		})
	}
}

// TestBalanceHangs is a supplier of SMS that does not answer: no page waits for it.
func TestBalanceHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, func(_ *world, c *Config) {
			c.Balance = func(ctx context.Context) (int64, error) { <-ctx.Done(); return 0, ctx.Err() }
		})
		s.get("/drafts/SMSDRAFT").want(t, 200, "最多")
		s.post("/drafts/SMSDRAFT", url.Values{"step": {"confirm"}}).want(t, 200)
	})
}
