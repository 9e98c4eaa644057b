package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// SaveSelection implements segment.Store. Selections older than a month are swept on the way.
func (s *Segments) SaveSelection(ctx context.Context, token string, r segment.Rule, now time.Time) error {
	return s.inTx(ctx, func(t *tx) error {
		if _, err := t.exec(ctx, "DELETE FROM crm_selections WHERE created_at < ?", now.AddDate(0, -1, 0)); err != nil {
			return err
		}
		_, err := t.exec(ctx, "INSERT INTO crm_selections (token, rule, created_at) VALUES (?, ?::jsonb, ?)", token, string(r.JSON()), now)
		return err
	})
}

// Selection implements segment.Store.
func (s *Segments) Selection(ctx context.Context, token string) (segment.Rule, error) {
	var text []byte
	if strings.ContainsRune(token, 0) || len(token) > 100 {
		return segment.Rule{}, fmt.Errorf("selection: %w", fault.ErrNotFound)
	}
	if err := s.bun.NewRaw("SELECT rule FROM crm_selections WHERE token = ?", token).Scan(ctx, &text); err != nil {
		return segment.Rule{}, fmt.Errorf("find selection: %w", translate(err))
	}
	var r segment.Rule
	if err := json.Unmarshal(text, &r); err != nil {
		return segment.Rule{}, fmt.Errorf("read selection: %w", err)
	}
	return r, nil
}
