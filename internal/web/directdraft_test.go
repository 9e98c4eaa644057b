package web

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/coursecrm/coursecrm/segment"
)

// TestDirectStaysDirect is a message to one person whose people are changed by a form that is not
// ours: caps neither hold such a message back nor count it, so it must not go out to many.
func TestDirectStaysDirect(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	before := s.world.drafts["ONEDRAFT"]
	s.post("/audience/select", url.Values{"draft": {"ONEDRAFT"}, "mode": {"all"}}).want(t, http.StatusNotFound)
	s.get("/drafts/ONEDRAFT/audience").want(t, http.StatusNotFound)
	if now := s.world.drafts["ONEDRAFT"]; canonical(now.Rule) != canonical(before.Rule) || !now.Direct {
		t.Errorf("changed to %+v", now)
	}
	// One that was changed all the same is not sent.
	d := s.world.drafts["ONEDRAFT"]
	d.Rule = segment.Everyone()
	s.world.drafts["ONEDRAFT"] = d
	s.post("/drafts/ONEDRAFT", url.Values{"step": {"confirm"}}).want(t, http.StatusUnprocessableEntity)
	if len(s.world.launched) != 0 {
		t.Errorf("launched %+v", s.world.launched)
	}
}
