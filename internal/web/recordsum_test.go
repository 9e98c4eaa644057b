package web

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/coursecrm/coursecrm/campaign"
)

var sumRE = regexp.MustCompile(`(?s)<tbody><tr><th scope="rowgroup".*?</tfoot>`)

// TestTheSumCloses adds up what the page shows: groups, and the lines in them.
func TestTheSumCloses(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(w *world, _ *Config) { w.result = halfSent() })
	for _, a := range []answer{s.get("/campaigns/14"), s.hx("/campaigns/14", "campaign-live")} {
		table := sumRE.FindString(a.body)
		var groups, lines, total int64
		for _, row := range strings.Split(table, "<tr>")[1:] {
			m := regexp.MustCompile(`<td>(?:<a [^>]*>)?([0-9,]+)(?:</a>)?</td>`).FindStringSubmatch(row)
			var n int64
			if _, err := fmt.Sscan(strings.ReplaceAll(m[1], ",", ""), &n); err != nil {
				t.Fatal(err)
			}
			switch {
			case strings.Contains(row, "rowgroup"):
				groups += n
			case strings.Contains(row, `colspan="2"`):
				total = n
			default:
				lines += n
			}
		}
		if groups != 8214 || lines != 8214 || total != 8214 || !strings.Contains(table, "合计，等于目标人群") {
			t.Errorf("groups add up to %d, lines to %d, the total says %d, not 8214\n%s", groups, lines, total, table)
		}
	}
	s.get("/campaigns/14").want(t, 200, "发出前又排除", "等待回执", "f=late&amp;reason=contacted#recipients", "f=failed&amp;reason=invalid#recipients", "f=unknown&amp;reason=crash#recipients")
}

// TestEverySumCloses does the same for many results.
func TestEverySumCloses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for i := range int64(200) {
		r := campaign.Result{Sum: campaign.Sum{Excluded: map[campaign.Exclusion]int64{}}, LateOut: map[campaign.Exclusion]int64{}, ByState: map[campaign.DeliveryState]int64{}}
		for j, e := range campaign.Exclusions() {
			r.Excluded[e], r.LateOut[e] = i*int64(j)%7, (i+int64(j))%3
		}
		for j, st := range campaign.DeliveryStates() {
			r.ByState[st] = i * i * int64(j) % 11
		}
		r.ByState[campaign.Excluded] = r.ExcludedTotal() + r.LateOutTotal()
		for _, n := range r.ByState {
			r.Matched += n
		}
		r.Sendable = r.Matched - r.ExcludedTotal()
		v := s.web.sumView(s.web.pages.locales[zhCN], campaign.Campaign{}, r, i%2 == 0)
		var lines int64
		for _, g := range v.Groups {
			for _, line := range g.Lines {
				lines += line.N
			}
		}
		if v.Total != r.Matched || lines != r.Matched {
			t.Fatalf("%+v: total %d, lines %d", r, v.Total, lines)
		}
	}
}

// TestWhatWasPromised compares the dry run at launch with the plan.
func TestWhatWasPromised(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(w *world, _ *Config) { w.result = halfSent() })
	s.get("/campaigns/14").want(t, 200, "发送前检查：目标 8,211 人，可发送 6,640 条；确定名单时：目标 8,214 人，可发送 6,616 条", "目标人群 <b>&#43;3</b>", "已退订短信或拒绝营销 <b>&#43;17</b>", "对照组 <b>&#43;10</b>")
	s.world.campaigns[3].Promised = s.world.result.Sum
	s.get("/campaigns/14").want(t, 200, "名单与发送前检查一致，可发送 6,616 条").lacks(t, "发送前检查：目标")
	s.world.campaigns[3].Promised = campaign.Sum{} // launched before promises were kept
	s.get("/campaigns/14").lacks(t, "发送前检查")
}
