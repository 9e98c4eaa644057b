package storage

import (
	"io/fs"
	"log/slog"
	"reflect"
	"testing"
	"testing/fstest"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/segment"
)

// migrateTo brings an empty database to a schema of the past: that of the migration with this name.
func migrateTo(t *testing.T, db *DB, last string) {
	t.Helper()
	old := fstest.MapFS{}
	entries, err := migrationFS.ReadDir("migrations")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text, err := fs.ReadFile(migrationFS, "migrations/"+e.Name())
		if err != nil {
			t.Fatal(err)
		}
		if e.Name()[:len(last)] <= last {
			old[e.Name()] = &fstest.MapFile{Data: text}
		}
	}
	m, err := newMigrator(db.bun, old)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Init(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// oldCampaigns is what the version before channels left behind: one that is done, one in the
// middle of sending, and one that was launched a moment ago.
const oldCampaigns = `
	INSERT INTO crm_learners (host_id, nickname, email, usable_email, status, marketable, content_hash, updated_at, written_at)
		SELECT n, 'learner' || n, 'p' || n || '@example.com', 'p' || n || '@example.com', 'active', true, 0, now(), now() FROM generate_series(1, 4) n;
	INSERT INTO crm_campaigns (key, name, channel, rule, subject, body, link_target, state, stalled, by_id, by_name, launched_at, done_at) VALUES
		('done', 'n1', 'email', '{"all":[{"field":"status","op":"in","value":["active"]}]}', '{{ 用户名 | default: ''同学'' }}，你好', E'一\n\n看看 {{ 链接 }}', 'https://learn.example/1', 'done', '', '1', '周敏', '2026-06-01 08:00Z', '2026-06-01 09:00Z'),
		('sending', 'n2', 'email', '{"all":[{"field":"status","op":"in","value":["active"]}]}', '你好', '没有链接', '', 'sending', 'unreachable', '1', '周敏', '2026-06-02 08:00Z', NULL),
		('planning', 'n3', 'email', '{"all":[{"field":"status","op":"in","value":["active"]}]}', '你好', '{{ 链接 }}', 'https://learn.example/3', 'planning', '', '1', '周敏', '2026-06-03 08:00Z', NULL);
	INSERT INTO crm_deliveries (campaign_id, ordinal, learner_id, chunk, state, reason, tries, sending_at, accepted_at)
		SELECT 1, n - 1, n, CASE n WHEN 4 THEN -1 ELSE 0 END, CASE n WHEN 4 THEN 'excluded' ELSE 'accepted' END, CASE n WHEN 4 THEN 'no_consent' ELSE '' END, 1, '2026-06-01 08:30Z', '2026-06-01 08:30Z' FROM generate_series(1, 4) n;
	INSERT INTO crm_deliveries (campaign_id, ordinal, learner_id, chunk, state) SELECT 2, n - 1, n, 0, 'queued' FROM generate_series(1, 4) n;
	INSERT INTO crm_chunks (campaign_id, chunk, done) VALUES (1, -1, true), (1, 0, true), (2, -1, true), (2, 0, false), (3, -1, false);
`

// TestOldCampaignsGoOn: what was written before there were channels keeps its words, and what was
// not sent yet is sent by the new version.
func TestOldCampaignsGoOn(t *testing.T) {
	t.Parallel()
	db := openEmpty(t)
	migrateTo(t, db, "20261123000001")
	if _, err := db.bun.ExecContext(t.Context(), oldCampaigns); err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := &sending{school: &school{Memory: hosttest.NewMemory(hosttest.Seed{}), db: db, now: hosttest.SeedTime()}, wire: &wire{}}
	s.segments = segment.NewService(&Segments{DB: db}, segment.DefaultCatalog(), site, s.clock)
	s.set = campaign.Settings{Site: campaign.Site{Name: "启明网校"}, Location: time.UTC, PublicURL: "https://s.example/go", Secret: []byte("secret")}
	s.templates = campaign.NewTemplates(&Templates{db}, nil, s.clock, slog.New(slog.DiscardHandler))
	s.following = newFollowing(t, db, s.clock)
	s.serve(s.wire)

	text := func(s string) []campaign.Block { return []campaign.Block{{Kind: campaign.BlockText, Text: s}} }
	for id, want := range map[campaign.ID]campaign.Campaign{
		1: {Content: campaign.Content{Subject: "{{ 用户名 | default: '同学' }}，你好", Blocks: text("一\n\n看看 {{ 链接 }}")}, Fill: campaign.Fill{Link: "https://learn.example/1"}, Tracked: true,
			State: campaign.Done, PlannedAt: time.Date(2026, 6, 1, 8, 0, 0, 0, time.UTC)},
		2: {Content: campaign.Content{Subject: "你好", Blocks: text("没有链接")}, State: campaign.Sending, PlannedAt: time.Date(2026, 6, 2, 8, 0, 0, 0, time.UTC), Stalled: campaign.StallUnreachable},
		3: {Content: campaign.Content{Subject: "你好", Blocks: text("{{ 链接 }}")}, Fill: campaign.Fill{Link: "https://learn.example/3"}, Tracked: true, State: campaign.Planning},
	} {
		c := s.campaign(t, id)
		got := campaign.Campaign{Content: c.Content, Fill: c.Fill, Tracked: c.Tracked, State: c.State, PlannedAt: c.PlannedAt, Stalled: c.Stalled}
		if !reflect.DeepEqual(got, want) || c.CapDays != 0 || c.Control != 0 || c.Direct || !c.SendAt.IsZero() {
			t.Errorf("campaign %d is %+v, want %+v", id, got, want)
		}
	}
	if r := s.result(t, 1); r.ByState[campaign.Accepted] != 3 || r.Excluded[campaign.NoConsent] != 1 {
		t.Errorf("the one that is done: %+v", r)
	}
	s.work(t, s.sender("a"))
	for _, id := range []campaign.ID{2, 3} {
		if c, r := s.campaign(t, id), s.result(t, id); c.State != campaign.Done || r.ByState[campaign.Accepted] != 4 {
			t.Errorf("campaign %d afterwards: %s, %q, %+v", id, c.State, c.Stalled, r)
		}
	}
	if n := s.wire.total(); n != 8 {
		t.Errorf("%d messages", n)
	}
	if list, _, err := s.service.List(t.Context(), campaign.ListView{}, "", 10); err != nil || len(list) != 3 {
		t.Errorf("%d listed, %v", len(list), err)
	}
}
