package web

import (
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
)

func TestLiftCard(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/campaigns/14").want(t, 200, `<h2 id="lf-h">对照组</h2>`, "6,626", "736", "6.5%", "2.7%", "&#43;3.8 个百分点", "95% 区间 &#43;2.2 到 &#43;4.9 个百分点", "支付率高 3.8 个百分点", "¥51.85", "¥21.71", "还会变化").lacks(t, "数据不足")
	s.world.groups[1].Payers = 4
	s.get("/campaigns/14").want(t, 200, "数据不足", "两组都要有至少 30 人、5 人支付").lacks(t, "95% 区间")
	s.world.groups = [2]campaign.Group{{People: 1000, Payers: 60}, {People: 1000, Payers: 60}}
	s.get("/campaigns/14").want(t, 200, "可能只是巧合", "支付率差异 0.0 个百分点")
	s.world.groups = [2]campaign.Group{{People: 1000, Payers: 20}, {People: 1000, Payers: 90}}
	s.get("/campaigns/14").want(t, 200, "支付率低 7.0 个百分点")
	s.world.groups = [2]campaign.Group{}
	s.get("/campaigns/14").want(t, 200, "数据不足", "¥0.00")
	s.world.campaigns[3].PlannedAt = s.world.now.Add(-8 * 24 * time.Hour)
	s.get("/campaigns/14").want(t, 200).lacks(t, "还会变化")
	s.world.campaigns[3].PlannedAt = time.Time{}
	s.get("/campaigns/14").want(t, 200).lacks(t, `id="lf-h"`)
	s.get("/campaigns/12").want(t, 200).lacks(t, `id="lf-h"`)
}
