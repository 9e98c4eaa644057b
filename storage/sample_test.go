package storage

import (
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/segment"
)

// TestPreviewDoesNotLookAtWhatWasSent holds that a text can be seen while it is written although
// everybody was contacted of late: the numbers say so, and what was sent, which may be millions of
// rows, is not read for it.
func TestPreviewDoesNotLookAtWhatWasSent(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(3))
	s.launch(t, "first", segment.Everyone())
	s.work(t, s.sender("a"))
	s.now = s.now.Add(time.Hour)
	second := mail("second", segment.Everyone())
	second.CapDays = 7
	if sum, err := s.service.DryRun(t.Context(), second); err != nil || sum.Sendable != 0 || sum.Excluded[campaign.Contacted] != 3 {
		t.Errorf("dry run %+v, %v", sum, err)
	}
	if _, err := s.db.bun.ExecContext(t.Context(), "ALTER TABLE crm_deliveries RENAME TO crm_deliveries_away"); err != nil {
		t.Fatal(err)
	}
	if p, err := s.service.Preview(t.Context(), second, 2); err != nil || p.Of != 3 || p.Name != "learner3" || p.Subject != "learner3，你好" {
		t.Errorf("preview %+v, %v", p, err)
	}
}

// TestClickersAreListed counts those who clicked by hand, however often, and no machine.
func TestClickersAreListed(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(4))
	id := s.launch(t, "clicked", segment.Everyone())
	other := s.launch(t, "other", segment.Everyone())
	s.work(t, s.sender("a"))
	for _, c := range []struct {
		id      campaign.ID
		ordinal int64
		kind    string
	}{{id, 0, "human"}, {id, 0, "human"}, {id, 1, "bot"}, {id, 2, "human"}, {other, 3, "human"}} {
		if _, err := s.db.bun.ExecContext(t.Context(), `INSERT INTO crm_clicks (id, link_id, campaign_id, ordinal, learner_id, at, kind)
			SELECT (random() * 1e15)::bigint, 1, campaign_id, ordinal, learner_id, ?, ? FROM crm_deliveries WHERE campaign_id = ? AND ordinal = ?`, s.now, c.kind, int64(c.id), c.ordinal); err != nil {
			t.Fatal(err)
		}
	}
	for f, want := range map[campaign.Filter][]int64{campaign.FilterClicked: {0, 2}, campaign.FilterUnclicked: {1, 3}} {
		list, _, err := s.service.Recipients(t.Context(), id, f, "", "", 10)
		if err != nil || len(list) != 2 || list[0].Ordinal != want[0] || list[1].Ordinal != want[1] || list[0].ClickedAt.IsZero() != (f == campaign.FilterUnclicked) {
			t.Errorf("%s: %+v, %v", f, list, err)
		}
	}
	if r := s.result(t, id); r.Clickers != 2 || r.Hits != 4 {
		t.Errorf("result %+v", r)
	}
}
