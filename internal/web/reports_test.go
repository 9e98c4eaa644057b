package web

import (
	"bytes"
	"encoding/csv"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/internal/audit"
)

func TestCampaignsAreCompared(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.get("/reports").want(t, 200, `href="/crm/campaigns/12"`, "6,390", "7.9%", "¥34,357", "12", "&#43;3.0 个百分点", "数据不足", "未命名", "1 个还没有统计", "2 分钟前统计", `aria-current="page">`, "&lt;script&gt;").lacks(t, "<script>alert")
	if from := s.world.ledger.asked[0]; !from.Equal(s.world.now.AddDate(0, 0, -90)) {
		t.Errorf("asked from %v", from)
	}
	if strings.Index(a.body, "还没统计") < strings.Index(a.body, "双 11") {
		t.Error("without an order they stand as they were given")
	}
	s.get("/reports?days=30").want(t, 200, `id="days-30" aria-current="true"`)
	s.get("/reports?days=all&sort=revenue").want(t, 200, `aria-sort="descending"`, `href="/crm/reports?days=all&amp;dir=asc&amp;sort=revenue"`)
	s.get("/reports?sort=rate&dir=asc").want(t, 200, `aria-sort="ascending"`)
	for _, bad := range []string{"days=7", "by=x", "sort=x", "page=2", "page=0", "page=x"} {
		s.get("/reports?"+bad).want(t, 404)
	}
	s.world.ledger.lines = nil
	s.get("/reports").want(t, 200, "这段时间没有营销").lacks(t, "export-all")
	s.get("/reports?by=hour").want(t, 200, "这段时间没有营销")
}

func TestCampaignsAreGrouped(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/reports?by=channel").want(t, 200, `href="/crm/campaigns?channel=sms"`, "1,985").lacks(t, "对照组差异</a>")
	s.get("/reports?by=channel&sort=lift").want(t, 200).lacks(t, "aria-sort")
	s.get("/reports?by=template").want(t, 200, "返场", "没有用模板")
	s.get("/reports?by=staff").want(t, 200, "周敏", "8,475")
	s.get("/reports?by=weekday").want(t, 200, "周二发送的点击率最高，为 40.0%", "周日", "<rect", "以表格查看")
	s.get("/reports?by=hour").want(t, 200, "19:00–20:00", "23:00–24:00")
	// A quick query's rule goes by its name; people chosen by hand are never in an address.
	s.get("/reports?by=audience").want(t, 200, `href="/crm/audience?query=1"`, "近 30 天登录", "手动选择").lacks(t, "learner")
}

func TestManyCampaignsHavePages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	one := s.world.ledger.lines[0]
	for i := range 120 {
		one.ID, one.Name = one.ID+1, "第一百"
		one.At = one.At.Add(-time.Duration(i) * time.Minute)
		s.world.ledger.lines = append(s.world.ledger.lines, one)
	}
	a := s.get("/reports?sort=sent").want(t, 200, `href="/crm/reports?page=3&amp;sort=sent"`)
	if n := strings.Count(a.body, "<tr>"); n != 51 {
		t.Errorf("%d rows", n)
	}
	s.get("/reports?sort=sent&page=3").want(t, 200, `id="page-3" aria-current="page"`)
	s.get("/reports?page=4").want(t, 404)
}

func TestOfferingsAreCompared(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.get("/reports/offerings").want(t, 200, "¥1,812,312", "0.7%", "15.0%", `href="/crm/courses/12"`, `href="/crm/classrooms/15"`, "高等数学公开课")
	if strings.Index(a.body, "全程班") > strings.Index(a.body, "冲刺班") {
		t.Error("not by revenue")
	}
	s.get("/reports/offerings?by=category").want(t, 200, "没有分类", "考研", "编程")
	s.get("/reports/offerings?by=kind&sort=potential").want(t, 200, `href="/crm/classrooms?status=all"`)
	s.get("/reports/offerings?sort=x").want(t, 404)
	s.world.funnels.growing = true
	s.get("/reports/offerings").want(t, 200, "首次计算")
	s.world.funnels.rows = nil
	s.get("/reports/offerings").want(t, 200, "还没有课程")
}

func TestAudienceGrowthIsShown(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/reports/audience").want(t, 200, "1,047", "这段时间 &#43;42", "87.8%", "共注册 42 人，最多的是 2026-11-16 起一周，42 人", "共退订 3 人次", "以表格查看", "3 分钟前统计")
	s.get("/reports/audience?days=30&by=day").want(t, 200, "2026-11-17", "2026-10-22")
	s.get("/reports/audience?days=all&by=month").want(t, 200, "2024-11", "共注册 1,042 人")
	s.get("/reports/audience?by=year").want(t, 404)
	s.world.ledger.growth, s.world.ledger.at = nil, time.Time{}
	s.get("/reports/audience").want(t, 200, "还没有统计，几分钟后再来看")
}

func TestReportsAreExported(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for path, want := range map[string][]string{
		"/reports/campaigns/export?sort=revenue":        {"营销,渠道,发送时间,员工,模板,发送,送达,点击人数,点击率,订单,支付人数,营收（CNY）,对照组差异,退订", "双 11 返场体验课转正价,邮件,2026-11-20 19:30,周敏,返场,6390,6000,506,7.9%,45,43,34357.00", "还没统计,短信,2026-11-20 20:05,周敏,,,,,,,,,,"},
		"/reports/campaigns/export?by=audience&days=30": {"人群,营销数,发送", "近 30 天登录"},
		"/reports/offerings/export":                     {"课程和班级,类型,收入（CNY）,营收（CNY）,退款（CNY）,退款率", "2026 考研数学全程班,课程,1824312.00,1812312.00,12000.00,0.7%,15.0%"},
		"/reports/offerings/export?by=category":         {"分类,课程和班级,营收（CNY）"},
		"/reports/audience/export?by=day&days=30":       {"按天,注册,可营销,可发短信", "2026-11-17,30,28,20,12,28,2,0,0"},
	} {
		u, err := url.Parse(path)
		if err != nil {
			t.Fatal(err)
		}
		form := u.Query()
		form.Set("format", "csv")
		a := s.post(u.Path, form).want(t, 200)
		rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix([]byte(a.body), []byte("\xef\xbb\xbf")))).ReadAll()
		if err != nil || len(rows) < 2 {
			t.Errorf("%s: %d rows, %v", path, len(rows), err)
		}
		for _, line := range want {
			if !strings.Contains(a.body, line) {
				t.Errorf("%s: no %q in\n%s", path, line, a.body)
			}
		}
		last := s.world.audited[len(s.world.audited)-1]
		if last.Action != audit.Exported || !strings.HasPrefix(last.Object, "reports-") {
			t.Errorf("%s: recorded %+v", path, last)
		}
		form.Set("format", "pdf")
		s.post(u.Path, form).want(t, 422)
	}
	s.world.staff.Permissions = without("export")
	s.get("/reports").want(t, 200).lacks(t, "export-all")
	s.post("/reports/campaigns/export", url.Values{"format": {"csv"}}).want(t, 403)
}
