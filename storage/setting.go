package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/setting"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// Settings implements setting.Store.
type Settings struct{ *DB }

// siteKey is the setting with all that staff chose about the site.
const siteKey = "site"

// LoadSettings implements setting.Store.
func (s *Settings) LoadSettings(ctx context.Context) (setting.Stored, error) {
	return loadSettings(ctx, s.bun)
}

func loadSettings(ctx context.Context, db bun.IDB) (setting.Stored, error) {
	var out setting.Stored
	var value []byte
	err := db.NewRaw("SELECT value FROM crm_settings WHERE key = ?", siteKey).Scan(ctx, &value)
	if errors.Is(err, sql.ErrNoRows) {
		return out, nil
	}
	if err != nil {
		return out, translate(err)
	}
	if err := json.Unmarshal(value, &out); err != nil {
		return setting.Stored{}, fmt.Errorf("setting %s: %w", siteKey, err)
	}
	return out, nil
}

// settingsKey seeds the advisory lock that orders saving settings and waiting for the end of quiet
// hours: what is put off by the old ones is found here, or its worker finds that others were saved.
const settingsKey int64 = 0x63726d5f73657474

// looksAgain tells when a chunk that is put off by quiet hours is looked at in any case: its worker may
// have gone by hours that were replaced a moment ago. Zero: they hold, or it is put off by something else.
func looksAgain(ctx context.Context, t *tx, stall campaign.Stall, now time.Time) (time.Time, error) {
	if stall != campaign.StallQuiet {
		return time.Time{}, nil
	}
	if _, err := t.exec(ctx, "SELECT pg_advisory_xact_lock_shared(hashtextextended(current_schema(), ?))", settingsKey); err != nil {
		return time.Time{}, err
	}
	saved, err := loadSettings(ctx, t)
	if err != nil {
		return time.Time{}, err
	}
	if all := saved.At.Add(setting.Spread); !saved.At.IsZero() && now.Before(all) {
		return all, nil
	}
	return time.Time{}, nil
}

// SaveSettings implements setting.Store. What waits for the end of quiet hours looks again soon: they
// may be others now. Not at once: a worker in another process, which still holds the old hours, would
// put it off again; [looksAgain] sees to one that does so in the meantime.
func (s *Settings) SaveSettings(ctx context.Context, next setting.Stored) error {
	value, err := json.Marshal(next)
	if err != nil {
		return fmt.Errorf("setting %s: %w", siteKey, err)
	}
	query, args := "INSERT INTO crm_settings (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING", []any{siteKey, value}
	if next.Version > 1 {
		query = "UPDATE crm_settings SET value = ? WHERE key = ? AND (convert_from(value, 'UTF8')::jsonb ->> 'version')::bigint = ?"
		args = []any{value, siteKey, next.Version - 1}
	}
	return s.inTx(ctx, func(t *tx) error {
		if _, err := t.exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended(current_schema(), ?))", settingsKey); err != nil {
			return err
		}
		n, err := t.exec(ctx, query, args...)
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("settings: %w", fault.ErrConflict)
		}
		soon := next.At.Add(setting.Spread)
		_, err = t.exec(ctx, `UPDATE crm_chunks SET next_at = ?
			WHERE NOT done AND next_at > ? AND campaign_id IN (SELECT id FROM crm_campaigns WHERE state = 'sending' AND stalled = 'quiet')`, soon, soon)
		return err
	})
}
