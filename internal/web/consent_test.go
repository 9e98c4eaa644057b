package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/dossier"
	h "github.com/coursecrm/coursecrm/hostadapter"
)

func TestConsentOnThePersonPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/people/1").want(t, 200, "渠道与同意", "已退订", "拒绝，邮件里的一键退订", "同意，员工记录，员工 &lt;b&gt;7&lt;/b&gt;", "全部 2 条记录", "没有表示过", `aria-label="邮件：记录同意"`, `aria-label="短信：记录退订"`)
	a := s.post("/people/1/consent", url.Values{"channel": {"email"}, "state": {"granted"}}).want(t, http.StatusSeeOther)
	if got := a.Header.Get("Location"); got != "/crm/people/1#channels" {
		t.Errorf("leads to %s", got)
	}
	last := s.world.record.said[len(s.world.record.said)-1]
	if last.Person != 1 || last.Channel != h.ChannelEmail || last.State != h.ConsentGranted || last.Source != campaign.FromStaff || last.ByID != "7" {
		t.Errorf("entered %+v", last)
	}
	if got := s.world.deeds(); !slices.Equal(got, []string{"consent.entered person:1"}) {
		t.Errorf("recorded %q", got)
	}
	before := len(s.world.record.said)
	for _, form := range []url.Values{nil, {"channel": {"fax"}, "state": {"denied"}}, {"channel": {"sms"}, "state": {"unknown"}}, {"channel": {"sms"}}} {
		s.post("/people/1/consent", form).want(t, http.StatusUnprocessableEntity)
	}
	s.post("/people/999/consent", url.Values{"channel": {"sms"}, "state": {"denied"}}).want(t, 404)
	s.world.mute = errors.New("no paper")
	s.post("/people/1/consent", url.Values{"channel": {"sms"}, "state": {"denied"}}).want(t, http.StatusInternalServerError)
	if len(s.world.record.said) != before {
		t.Error("something was entered all the same")
	}
	s.world.staff.Permissions = []h.Permission{h.PermView}
	s.get("/people/1").want(t, 200, "拒绝，邮件里的一键退订").lacks(t, "记录退订", "发消息")
}

// TestTheHostsWordStands holds that a refusal in the school's own settings is shown as one that
// nobody here can overrule.
func TestTheHostsWordStands(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.world.hostNo = true
	s.get("/people/1").want(t, 200, "网校里已拒绝营销，在这里不能改")
	s.post("/people/1/consent", url.Values{"channel": {"email"}, "state": {"granted"}}).want(t, http.StatusSeeOther)
	s.get("/people/1").want(t, 200, "网校里已拒绝营销，在这里不能改", "已退订", "同意，员工记录")
}

func TestReachWords(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.world.dead = true
	s.get("/people/1").want(t, 200, "在屏蔽名单里")
	s.get("/people/8").want(t, 200, "没有可用手机号")
}

func TestWritingToOnePerson(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.get("/people/1/message").want(t, 200, "给 许知夏 发消息", "近 7 天营销过", "双 11 返场体验课转正价", "<html", `aria-label="用短信发消息"`, `value="email" disabled`)
	if n := strings.Count(a.body, `name="channel"`); n != 3 {
		t.Errorf("%d channels", n)
	}
	s.hx("/people/1/message", "dialog").want(t, 200, "<dialog", "近 7 天营销过").lacks(t, "<html")
	s.hx("/audience", "aud-table").want(t, 200, `aria-label="给 许知夏 发消息"`, "/crm/people/1/message")
	before := len(s.world.drafts)
	to := s.post("/people/1/message", url.Values{"channel": {"sms"}}).want(t, http.StatusSeeOther).Header.Get("Location")
	d, ok := s.world.drafts[strings.TrimPrefix(to, "/crm/drafts/")]
	if !ok || !d.Direct || d.Channel != h.ChannelSMS || canonical(d.Rule) != `{"all":[{"field":"learner","op":"in","value":[1]}]}` {
		t.Errorf("%s: %+v", to, d)
	}
	s.post("/people/1/message", url.Values{"channel": {"email"}}).want(t, http.StatusUnprocessableEntity, "联系不到") // unsubscribed
	s.post("/people/1/message", url.Values{"channel": {"fax"}}).want(t, http.StatusUnprocessableEntity)
	s.post("/people/1/message", nil).want(t, http.StatusUnprocessableEntity)
	s.post("/people/999/message", url.Values{"channel": {"sms"}}).want(t, 404)
	if len(s.world.drafts) != before+1 {
		t.Errorf("%d drafts were made", len(s.world.drafts)-before)
	}
}

// TestRecently holds what counts as contacted: campaigns within the days of the cap, and no
// message to one person.
func TestRecently(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	d, err := (*dossierStore)(s.world).Head(t.Context(), 1, dossier.Terms{})
	if err != nil {
		t.Fatal(err)
	}
	row := d.Recent[0]
	for _, tt := range []struct {
		change func()
		shown  int
	}{
		{func() {}, 1},
		{func() { row.State = campaign.Unknown }, 1},
		{func() { row.State = campaign.Failed }, 0},
		{func() { row.State, row.At = campaign.Delivered, s.world.now.Add(-7*24*time.Hour) }, 1},
		{func() { row.At = row.At.Add(-time.Second) }, 0},
		{func() { row.At, row.Direct = s.world.now, true }, 0},
	} {
		tt.change()
		d.Recent = d.Recent[:0]
		d.Recent = append(d.Recent, row)
		if got := s.web.recently(d); len(got.Rows) != tt.shown || got.Days != 7 {
			t.Errorf("%+v: %+v", row, got)
		}
	}
}
