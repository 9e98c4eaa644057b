package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
)

// TestFunnel holds that heights are linear and that no step stands above the one that all are of.
func TestFunnel(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		matched, accepted, clickers, buyers int64
	}{{8214, 6390, 506, 43}, {0, 0, 0, 0}, {10, 10, 10, 10}, {3, 5, 9, 9}, {1_000_000, 1, 1, 0}} {
		steps := funnelSteps(campaign.Result{Sum: campaign.Sum{Matched: tt.matched}, ByState: map[campaign.DeliveryState]int64{campaign.Accepted: tt.accepted}, Clickers: tt.clickers, Buyers: tt.buyers}, false)
		for i, st := range steps {
			y, err := strconv.ParseFloat(strings.TrimPrefix(strings.Fields(st.Line)[0], "0,"), 64)
			if err != nil || y < funnelTop || y > funnelFloor {
				t.Errorf("%+v step %d: height %v", tt, i, st.Line)
			}
			if want := 72 - 64*float64(min(st.N, tt.matched))/float64(max(tt.matched, 1)); st.N > 0 && tt.matched > 0 && y < 69 && (y-want > 0.06 || want-y > 0.06) {
				t.Errorf("%+v step %d: height %v, want %v", tt, i, y, want)
			}
		}
	}
}

func TestFreshness(t *testing.T) {
	t.Parallel()
	base := newWorld()
	for _, tt := range []struct {
		name   string
		change func(*world)
		word   string
		text   string
	}{
		{"ok", func(*world) {}, "ok", "更新于 12 秒前"},
		{"late", func(w *world) { w.state.Live[2].LastOKAt = w.now.Add(-18 * time.Minute) }, "late", "人数可能和主站有出入"},
		{"one failure is not much", func(w *world) { w.state.Live[2].Failure, w.state.Live[2].Failures = "unavailable", 1 }, "ok", "更新于"},
		{"broken", func(w *world) { w.state.Live[2].Failure, w.state.Live[2].Failures = "unavailable", 3 }, "broken", "同步中断"},
		{"late and failing", func(w *world) {
			w.state.Live[2].Failure, w.state.Live[2].LastOKAt = "host_error", w.now.Add(-6*time.Minute)
		}, "broken", "同步连续失败"},
		{"first", func(w *world) { w.state.Facts.CaughtUpAt = time.Time{} }, "first", "首次同步"},
		{"checking", func(w *world) { w.state.Repair[0].CaughtUpAt = time.Time{} }, "checking", "正在全量核对"},
	} {
		s := newSite(t, func(w *world, _ *Config) { w.state.Live = slices.Clone(base.state.Live); tt.change(w) })
		if got := freshnessOf(s.world.state, nil, s.world.now).Word; got != tt.word {
			t.Errorf("%s: %q", tt.name, got)
		}
		s.get("/audience").want(t, 200, tt.text)
	}
}

func TestSyncPages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/sync").want(t, 200, "开始核对", "补正 3 条，主站已没有的 1 条", "2 条数据没有收下")
	s.get("/sync/problems").want(t, 200, "有金额但没有币种", "字段 currency", "o-17", "下一页")
	s.hx("/sync/problems?after=2", "problems").want(t, 200, "找不到对应的用户", "&lt;script&gt;").lacks(t, "<html", "<script>alert")
	s.world.state.Live[1].Failure, s.world.state.Live[1].RetryAt = "unavailable", s.world.now.Add(time.Minute)
	s.world.state.Repair[0].CaughtUpAt = time.Time{}
	s.get("/sync").want(t, 200, "主站暂时没有回答", "下次重试", "正在核对", `hx-trigger="every 2s"`).lacks(t, "开始核对</button>")
	s.world.staff.Permissions = without("settings")
	s.get("/sync").want(t, http.StatusOK).lacks(t, "<form method=\"post\" action=\"/crm/sync/repair\"", "/crm/sync/problems")
}

func TestPersonPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/people/1").want(t, 200, "138****5621", "s***@example.com", "显示联系方式", "/school/users/9000", "已退订", "32 节学了 21 节", "¥799.00", "/crm/campaigns/12").
		lacks(t, "13800135621", "secret00")
	s.post("/people/1/contact", nil).want(t, 200, "13800135621", "secret00@example.com", "<html").lacks(t, "显示联系方式")
	s.do(visit{method: "POST", path: "/crm/people/1/contact", hx: "contacts"}).want(t, 200, "13800135621").lacks(t, "<html")
	s.world.staff.Permissions = without("contact_view")
	s.get("/people/1").want(t, 200, "138****5621").lacks(t, "显示联系方式")
	s.post("/people/1/contact", nil).want(t, http.StatusForbidden).lacks(t, "13800135621")
	s.world.people[0].Status = "deleted"
	s.get("/people/1").want(t, 200, "已注销", "账号不可用")
}
