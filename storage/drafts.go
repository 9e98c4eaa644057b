package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

type draftRow struct {
	Key, ByID string
	Draft     []byte
	SavedAt   time.Time
}

func (r draftRow) draft() (campaign.Draft, error) {
	var d campaign.Draft
	if err := json.Unmarshal(r.Draft, &d); err != nil {
		return d, fmt.Errorf("draft: %w", err)
	}
	d.Key, d.ByID, d.SavedAt = r.Key, r.ByID, r.SavedAt.UTC()
	return d, nil
}

// SaveDraft implements campaign.Drafts.
func (s *Campaigns) SaveDraft(ctx context.Context, d campaign.Draft) error {
	text, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("draft: %w", err)
	}
	if len(text) > campaign.MaxDraft {
		return fmt.Errorf("%w: draft of %d bytes", fault.ErrInvalid, len(text))
	}
	return s.inTx(ctx, func(t *tx) error {
		if err := notErased(ctx, t, d.Direct, d.Rule); err != nil {
			return err
		}
		n, err := t.exec(ctx, `INSERT INTO crm_drafts AS d (key, by_id, draft, saved_at)
			SELECT ?, ?, ?::jsonb, ? WHERE NOT EXISTS (SELECT FROM crm_campaigns WHERE key = ?)
			ON CONFLICT (key) DO UPDATE SET draft = EXCLUDED.draft, saved_at = EXCLUDED.saved_at WHERE d.by_id = EXCLUDED.by_id`,
			d.Key, d.ByID, string(text), d.SavedAt, d.Key)
		if err == nil && n == 0 {
			err = fmt.Errorf("draft was launched: %w", fault.ErrConflict)
		}
		return err
	})
}

// notErased refuses what is to be written to one person whose data was wiped. An erasure that
// begins now waits for what is being saved, and finds it.
func notErased(ctx context.Context, t *tx, direct bool, r segment.Rule) error {
	person, one := campaign.OnlyPerson(r)
	if !direct || !one {
		return nil
	}
	gone, err := erased(ctx, t, int64(person))
	if err == nil && gone {
		err = fault.Fields{"audience": {Key: "problem.nobody"}}
	}
	return err
}

// unlaunched is the condition on a draft d that it was not launched: a page that saves at the
// moment of the launch leaves its draft behind.
const unlaunched = "NOT EXISTS (SELECT FROM crm_campaigns c WHERE c.key = d.key)"

// FindDraft implements campaign.Drafts.
func (s *Campaigns) FindDraft(ctx context.Context, key string) (campaign.Draft, error) {
	var r draftRow
	if err := s.bun.NewRaw("SELECT key, by_id, draft, saved_at FROM crm_drafts d WHERE key = ? AND "+unlaunched, key).Scan(ctx, &r); err != nil {
		return campaign.Draft{}, fmt.Errorf("find draft: %w", translate(err))
	}
	return r.draft()
}

// DropDraft implements campaign.Drafts.
func (s *Campaigns) DropDraft(ctx context.Context, key string) error {
	_, err := s.bun.NewRaw("DELETE FROM crm_drafts WHERE key = ?", key).Exec(ctx)
	return translate(err)
}

// ListDrafts implements campaign.Drafts.
func (s *Campaigns) ListDrafts(ctx context.Context, byID string, limit int) ([]campaign.Draft, error) {
	var rows []draftRow
	if err := s.bun.NewRaw("SELECT key, by_id, draft, saved_at FROM crm_drafts d WHERE by_id = ? AND "+unlaunched+" ORDER BY saved_at DESC, key LIMIT ?",
		byID, limit).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("list drafts: %w", translate(err))
	}
	out := make([]campaign.Draft, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = r.draft(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// InsertTest implements campaign.Tests.
func (s *Campaigns) InsertTest(ctx context.Context, x campaign.Test) (int64, bool, error) {
	var ids []int64
	err := s.bun.NewRaw(`INSERT INTO crm_tests (key, draft_key, channel, state, by_id, created_at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (key) DO NOTHING RETURNING id`, x.Key, x.DraftKey, string(x.Channel), string(x.State), x.ByID, x.CreatedAt).Scan(ctx, &ids)
	if err != nil || len(ids) == 0 {
		return 0, false, translate(err)
	}
	return ids[0], true, nil
}

// FinishTest implements campaign.Tests. A receipt may have come first.
func (s *Campaigns) FinishTest(ctx context.Context, x campaign.Test) error {
	_, err := s.bun.NewRaw("UPDATE crm_tests SET state = ?, reason = ?, settled_at = ? WHERE id = ? AND state = 'sending'",
		string(x.State), string(x.Reason), x.SettledAt, x.ID).Exec(ctx)
	return translate(err)
}

// ListTests implements campaign.Tests.
func (s *Campaigns) ListTests(ctx context.Context, draftKey string, limit int) ([]campaign.Test, error) {
	var rows []struct {
		ID                          int64
		Key, Channel, State, Reason string
		ByID                        string
		CreatedAt                   time.Time
		SettledAt                   *time.Time
	}
	if err := s.bun.NewRaw("SELECT id, key, channel, state, reason, by_id, created_at, settled_at FROM crm_tests WHERE draft_key = ? ORDER BY id DESC LIMIT ?",
		draftKey, limit).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("list tests: %w", translate(err))
	}
	out := make([]campaign.Test, len(rows))
	for i, r := range rows {
		out[i] = campaign.Test{ID: r.ID, Key: r.Key, DraftKey: draftKey, Channel: h.Channel(r.Channel), State: campaign.DeliveryState(r.State),
			Reason: campaign.Reason(r.Reason), ByID: r.ByID, CreatedAt: r.CreatedAt.UTC()}
		if r.SettledAt != nil {
			out[i].SettledAt = r.SettledAt.UTC()
		}
	}
	return out, nil
}
