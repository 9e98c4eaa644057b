package proof

import (
	"fmt"
	"path"
	"strings"
	"testing"
)

// arrived counts who got the campaign's message.
func (s *stage) arrived(t *testing.T, w way) (n int) {
	t.Helper()
	if err := s.school.QueryRowContext(t.Context(), "SELECT count(*) FROM ("+w.got+") x").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// agrees compares the result page with the far end: as many as the page says got the message, each
// once, and they are the people whom the CRM holds for reached.
func (s *stage) agrees(t *testing.T, b *browser, w way, result string, failed map[string]int) {
	t.Helper()
	b.open(result)
	r := eval[struct {
		Funnel, Failed map[string]int
		Closes         string
	}](b, `() => { const n = e => +e.innerText.replace(/\D/g, ''), map = (rows, k, v) => Object.fromEntries([...document.querySelectorAll(rows)].map(r => [r.querySelector(k).innerText, n(r.querySelector(v))]));
		return {Funnel: map('.crm-funnel li', '.crm-stat-l', '.crm-fig-m'), Failed: map('#campaign-fails tbody tr', 'th', 'td:nth-of-type(2)'), Closes: document.querySelector('#campaign-sum tfoot').innerText} }`)
	n := s.arrived(t, w)
	if r.Funnel[w.arrived] != n || n == 0 {
		t.Errorf("%d messages arrived, the page says %v", n, r.Funnel)
	}
	if fmt.Sprint(r.Failed) != fmt.Sprint(failed) {
		t.Errorf("the far end refused %v, the page says %v", failed, r.Failed)
	}
	if !strings.Contains(r.Closes, "合计，等于目标人群") || strings.Contains(b.text("#recipient-tabs"), "结果不明") {
		t.Errorf("the sum does not close, or something is unknown: %s, %s", r.Closes, b.text("#recipient-tabs"))
	}
	reached := "SELECT l." + w.contact + " FROM public.crm_deliveries d JOIN public.crm_learners l ON l.id = d.learner_id WHERE d.campaign_id = " +
		path.Base(result) + " AND d.state IN ('accepted', 'delivered')"
	if odd := text(t, s.school, "SELECT count(*)::text FROM (("+reached+" EXCEPT ALL "+w.got+") UNION ALL ("+w.got+" EXCEPT ALL "+reached+")) x"); odd != "0" {
		t.Errorf("%s people got none or two, or somebody else got theirs", odd)
	}
	s.keep(b, "done-"+w.channel)
}
