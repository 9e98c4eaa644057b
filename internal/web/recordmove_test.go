package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

func TestDeedsOnCampaigns(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(w *world, _ *Config) { w.result = halfSent() })
	c := &s.world.campaigns[3]
	step := func(do string, want campaign.State) {
		t.Helper()
		a := s.post("/campaigns/14/"+do, nil).want(t, http.StatusSeeOther)
		if got := a.Header.Get("Location"); got != "/crm/campaigns/14" || c.State != want {
			t.Fatalf("%s leads to %s in state %s", do, got, c.State)
		}
	}
	step("pause", campaign.Paused)
	step("resume", campaign.Sending)
	s.get("/campaigns/14/resend").want(t, 200, "再次发送 11 条结果不明的消息？", "可能会收到两次", `<form class="crm-card crm-narrow" method="post" action="/crm/campaigns/14/resend"`, "<html")
	s.hx("/campaigns/14/resend", "dialog").want(t, 200, "<dialog", "再次发送").lacks(t, "<html")
	step("resend", campaign.Sending)
	if m := s.world.moves[2]; !m.Again {
		t.Errorf("moved %+v", m)
	}
	s.hx("/campaigns/14/cancel", "dialog").want(t, 200, "取消剩余的 2,498 条？", "crm-btn-df")
	step("cancel", campaign.CalledOff)
	s.get("/campaigns/14/cancel").want(t, http.StatusConflict, "状态刚刚变了")
	s.hx("/campaigns/14/cancel", "dialog").want(t, http.StatusConflict, `class="crm-toast"`).lacks(t, "<html")
	c.State, c.SendAt = campaign.Late, s.world.now.Add(-time.Hour)
	step("late", campaign.Scheduled)
	if got, want := s.world.deeds(), []string{"campaign.paused campaign:14", "campaign.resumed campaign:14", "campaign.unknown_resent campaign:14", "campaign.cancelled campaign:14", "campaign.sent_late campaign:14"}; !slices.Equal(got, want) {
		t.Errorf("recorded %q", got)
	}
	s.world.mute = errors.New("no paper")
	c.State = campaign.Sending
	s.post("/campaigns/14/pause", nil).want(t, http.StatusInternalServerError)
	if c.State != campaign.Sending {
		t.Error("paused without a record")
	}
}

// TestSomebodyWasFirst is the case that the page cannot see: the state changes between looking
// and doing.
func TestSomebodyWasFirst(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(w *world, _ *Config) { w.result = halfSent() })
	s.world.rival = func() { s.world.campaigns[3].State, s.world.campaigns[3].DoneAt = campaign.Done, s.world.now }
	s.post("/campaigns/14/pause", nil).want(t, http.StatusConflict, "状态刚刚变了", "已完成")
	if len(s.world.moves) != 0 {
		t.Errorf("moved %v", s.world.moves)
	}
}

func TestCopyAndWriteAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	made := func(path string) campaign.Draft {
		t.Helper()
		before := len(s.world.drafts)
		a := s.post(path, nil).want(t, http.StatusSeeOther)
		key, ok := strings.CutPrefix(a.Header.Get("Location"), "/crm/drafts/")
		if d, there := s.world.drafts[key]; ok && there && len(s.world.drafts) == before+1 {
			return d
		}
		t.Fatalf("%s leads to %q", path, a.Header.Get("Location"))
		return campaign.Draft{}
	}
	if d := made("/campaigns/14/copy"); d.Name != "会员续费" || d.Control != 10 || d.Channel != h.ChannelSMS || !d.SendAt.IsZero() {
		t.Errorf("copied %+v", d)
	}
	d := made("/campaigns/12/again")
	if want := segment.Group("all", segment.Condition("not_clicked", segment.OpAnyOf, []int64{12}, "")); canonical(d.Rule) != canonical(want) || d.Channel != h.ChannelEmail || d.Name != "" {
		t.Errorf("written again %+v", d)
	}
	s.get("/campaigns/12").want(t, 200, "对未点击的人再营销", "field%22%3A%22received", "field%22%3A%22clicked")
	s.get("/campaigns/11").want(t, 200, "field%22%3A%22received").lacks(t, "对未点击的人再营销", "field%22%3A%22clicked")
	s.post("/campaigns/999/copy", nil).want(t, 404)
	s.post("/campaigns/999/again", nil).want(t, 404)
}
