package storage

import (
	"testing"

	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
)

// TestOldClicksStayWhatTheyWere: what was kept before facts were is there after the migration, and
// judging it by the rules of today gives what it was taken for then.
func TestOldClicksStayWhatTheyWere(t *testing.T) {
	t.Parallel()
	db := openEmpty(t)
	migrateTo(t, db, "20261123000002")
	if _, err := db.bun.ExecContext(t.Context(), `
		INSERT INTO crm_links (campaign_id, target, first, count, created_at) VALUES (1, 'https://learn.example/', 0, 10, now()), (0, 'https://learn.example/', 10, 1, now());
		INSERT INTO crm_deliveries (campaign_id, ordinal, learner_id, chunk, state, accepted_at) SELECT 1, n, n + 1, 0, 'accepted', '2026-05-01' FROM generate_series(0, 9) n;
		INSERT INTO crm_clicks (link_id, campaign_id, ordinal, learner_id, at, kind, reason)
			SELECT 1, 1, n, n + 1, timestamptz '2026-06-30 23:59:50Z' + n * interval '3 seconds', (ARRAY['human', 'bot', 'bot', 'bot', 'prefetch'])[n % 5 + 1], (ARRAY['', 'head', 'agent', 'no_agent', 'prefetch'])[n % 5 + 1]
			FROM generate_series(0, 9) n;
		INSERT INTO crm_clicks (link_id, campaign_id, ordinal, learner_id, at, kind, reason) VALUES (1, 1, 0, 1, '2026-06-30 23:59:55Z', 'duplicate', 'repeat')`); err != nil {
		t.Fatal(err)
	}
	s := &sending{school: &school{db: db, now: hosttest.SeedTime()}}
	const all = "SELECT string_agg(concat_ws(' ', at, link_id, campaign_id, ordinal, learner_id, kind, reason), ';' ORDER BY at, ordinal) FROM crm_clicks"
	before := s.text(t, all)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.text(t, all); got != before {
		t.Errorf("after the migration:\n%s\nbefore:\n%s", got, before)
	}
	newFollowing(t, db, s.clock).judge(t)
	if got := s.text(t, all); got != before {
		t.Errorf("after judging:\n%s\nbefore:\n%s", got, before)
	}
	if got := s.text(t, "SELECT count(*)::text FROM crm_click_spans"); got != "0" {
		t.Errorf("%s spans are left: nothing was judged", got)
	}
	if got := s.text(t, "SELECT string_agg(DISTINCT tableoid::regclass::text, ' ' ORDER BY tableoid::regclass::text) FROM crm_clicks"); got != "crm_clicks_2026_06 crm_clicks_2026_07" {
		t.Errorf("they are in %s", got)
	}
	if got := s.text(t, "SELECT string_agg(kind, ' ' ORDER BY id) FROM crm_links"); got != "campaign test" {
		t.Errorf("links: %s", got)
	}
}
