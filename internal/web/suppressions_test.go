package web

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

func TestSuppressions(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.get("/suppressions").want(t, 200, "s***@example.com", "138****5621", "空号或退信", "投诉或拒收", "/crm/campaigns/12", "下一页", "显示完整号码", "加入屏蔽名单", `aria-label="把 138****5621 移出名单"`).
		lacks(t, "secret77", "13800135621")
	next := strings.ReplaceAll(regexp.MustCompile(`id="suppressions-next" href="([^"]*)"`).FindStringSubmatch(a.body)[1], "&amp;", "&")
	if strings.Contains(decoded(next), "1380013") || strings.Contains(decoded(next), "secret") {
		t.Errorf("the address of the next page names somebody: %s", next)
	}
	s.do(visit{method: "GET", path: next}).want(t, 200, "138****5622", "员工加入", "回到第一页").lacks(t, "下一页")
	s.hx("/suppressions?channel=email", "suppressions").want(t, 200, "s***@example.com").lacks(t, "138****", "<html")
	for _, path := range []string{"/suppressions?channel=fax", "/suppressions?after=nonsense", "/suppressions?after=" + strings.Repeat("a", 3000)} {
		s.get(path).want(t, http.StatusNotFound)
	}
	s.world.staff.Permissions = []h.Permission{h.PermView}
	s.get("/suppressions").want(t, 200, "138****5621", "查一个").lacks(t, "显示完整", "加入屏蔽名单", "移出")
	s.world.record.suppressed = nil
	s.get("/suppressions").want(t, 200, "名单是空的")
}

// decoded undoes what base64 would hide.
func decoded(text string) string {
	var out strings.Builder
	for _, m := range regexp.MustCompile(`[\w-]{8,}`).FindAllString(text, -1) {
		if raw, err := base64.RawURLEncoding.DecodeString(m); err == nil {
			out.Write(raw)
		}
	}
	return text + out.String()
}

func TestSuppressionsWhole(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.post("/suppressions/whole", url.Values{}).want(t, 200, "secret77@example.com", "13800135621", "<html").lacks(t, "13800135622")
	if got := s.world.deeds(); !slices.Equal(got, []string{"contact.shown suppressions"}) {
		t.Errorf("recorded %q", got)
	}
	s.world.mute = errors.New("no paper")
	s.post("/suppressions/whole", url.Values{}).want(t, http.StatusInternalServerError).lacks(t, "13800135621")
}

func TestLookingUpASuppression(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.post("/suppressions/lookup", url.Values{"contact": {" 138 0013 5622 "}}).want(t, 200, "在名单里", "138****5622").lacks(t, "138****5621", "s***@")
	s.post("/suppressions/lookup", url.Values{"contact": {"nobody@example.com"}}).want(t, 200, "不在名单里").lacks(t, "138****")
	s.post("/suppressions/lookup", url.Values{"contact": {`"><script>alert(1)</script>`}}).want(t, http.StatusUnprocessableEntity, "138****5621", `id="x-contact"`).lacks(t, "<script>alert")
	s.post("/suppressions/lookup", nil).want(t, http.StatusUnprocessableEntity)
	s.get("/suppressions/lookup?contact=13800135622").want(t, http.StatusMethodNotAllowed)
}

var sealedRE = regexp.MustCompile(`name="sealed" value="([^"]*)"`)

func TestRemovingASuppression(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	seals := sealedRE.FindAllStringSubmatch(s.get("/suppressions").body, -1)
	if len(seals) != 2 {
		t.Fatalf("%d rows", len(seals))
	}
	a := s.post("/suppressions/remove", url.Values{"sealed": {seals[1][1]}}).want(t, http.StatusSeeOther)
	if got := s.world.record.suppressed; len(got) != 2 || got[1].Contact != "13800135622" {
		t.Errorf("left: %+v", got)
	}
	s.do(visit{method: "GET", path: a.Header.Get("Location")}).want(t, 200, "已移出")
	s.post("/suppressions/remove", url.Values{"sealed": {seals[1][1]}}).want(t, http.StatusSeeOther) // pressed twice
	for _, e := range s.world.audited {
		if e.Action != "suppression.removed" || strings.Contains(e.Object+e.Detail["channel"].(string), "138") {
			t.Errorf("recorded %+v", e)
		}
	}
	cursor := s.web.sealer.Seal(sealCursor, "sms 13800135622")
	for _, bad := range []string{"", "x", "sms 13800135622", cursor, seals[0][1] + "A"} {
		s.post("/suppressions/remove", url.Values{"sealed": {bad}}).want(t, http.StatusUnprocessableEntity)
	}
	if len(s.world.record.suppressed) != 2 {
		t.Error("a forged seal removed something")
	}
}

func TestAddingSuppressions(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.post("/suppressions/add", url.Values{"text": {"13900139000\r\nx@y.example,投诉\n\n12\n13800135621\nabc"}}).want(t, 200, "加入了 2 个", "这些行没有加入，行号：", "4、6").lacks(t, "13900139000", "x@y.example")
	s.uploadTo("/suppressions/add", nil, "\uFEFF13900139001\n13900139000\n").want(t, 200, "加入了 1 个")
	if n := len(s.world.record.suppressed); n != 6 {
		t.Errorf("%d contacts", n)
	}
	s.uploadTo("/suppressions/add", url.Values{"text": {"13900139003"}}, "13900139004").want(t, http.StatusUnprocessableEntity, "粘贴和文件只能用一种", "13900139003")
	s.post("/suppressions/add", url.Values{"text": {"  "}}).want(t, http.StatusUnprocessableEntity, `id="x-text"`)
	s.post("/suppressions/add", url.Values{"text": {strings.Repeat("1\n", 200_001)}}).want(t, http.StatusUnprocessableEntity, "最多 200,000 个")
	if got := s.world.deeds(); !slices.Equal(got, []string{"suppression.added suppressions", "suppression.added suppressions"}) {
		t.Errorf("recorded %q", got)
	}
	var many strings.Builder
	for range 150 {
		many.WriteString("nobody\n")
	}
	s.post("/suppressions/add", url.Values{"text": {many.String()}}).want(t, 200, "加入了 0 个", "显示 100 条，共 150 条")
	s.world.mute = errors.New("no paper")
	s.post("/suppressions/add", url.Values{"text": {"13900139009"}}).want(t, http.StatusInternalServerError)
	if n := len(s.world.record.suppressed); n != 6 {
		t.Errorf("%d contacts: added without a record", n)
	}
}
