package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/coursecrm/coursecrm/crm/setting"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// Settings implements setting.Store.
type Settings struct{ *DB }

// siteKey is the setting with all that staff chose about the site.
const siteKey = "site"

// LoadSettings implements setting.Store.
func (s *Settings) LoadSettings(ctx context.Context) (setting.Stored, error) {
	var out setting.Stored
	var value []byte
	err := s.bun.NewRaw("SELECT value FROM crm_settings WHERE key = ?", siteKey).Scan(ctx, &value)
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

// SaveSettings implements setting.Store. What waits for the end of quiet hours looks again soon: they
// may be others now. Not at once: a worker in another process, which still holds the old hours, would
// put it off until their end.
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
