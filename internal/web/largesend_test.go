package web

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
)

// TestLargeDeeds holds that whoever may not begin a large campaign cannot let one go on either, by
// any button: late, resumed, or sent again.
func TestLargeDeeds(t *testing.T) {
	t.Parallel()
	for _, may := range []bool{false, true} {
		s := newSite(t, func(w *world, c *Config) {
			w.result, w.chosen.LargeSend = halfSent(), new(int64(10))
			if !may {
				w.staff.Permissions = slices.DeleteFunc(h.AllPermissions(), func(p h.Permission) bool { return p == h.PermCampaignSendLarge })
			}
		})
		c := &s.world.campaigns[3]
		want := http.StatusForbidden
		if may {
			want = http.StatusSeeOther
		}
		for do, state := range map[string]campaign.State{"late": campaign.Late, "resume": campaign.Paused, "resend": campaign.Done} {
			c.State, c.SendAt, c.Promised = state, s.world.now.Add(-time.Hour), campaign.Sum{Matched: 11, Sendable: 11}
			page := s.get("/campaigns/14").want(t, 200)
			if path := "/campaigns/14/" + do; !may {
				page.lacks(t, path+`"`)
			} else {
				page.want(t, 200, path+`"`)
			}
			s.post("/campaigns/14/"+do, nil).want(t, want)
			if !may && c.State != state {
				t.Errorf("%s went on as %s", do, c.State)
			}
		}
		// Stopping is for everybody who may send.
		c.State = campaign.Sending
		s.post("/campaigns/14/pause", nil).want(t, http.StatusSeeOther)
		s.post("/campaigns/14/cancel", nil).want(t, http.StatusSeeOther)
	}
}

// TestResendIsOfferedWhenItCanBeDone: a paused campaign would let everything else out too.
func TestResendIsOfferedWhenItCanBeDone(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(w *world, _ *Config) { w.result = halfSent() })
	s.world.campaigns[3].State = campaign.Paused
	s.get("/campaigns/14").want(t, 200).lacks(t, "/campaigns/14/resend")
	s.get("/campaigns/14/resend").want(t, http.StatusConflict)
}
