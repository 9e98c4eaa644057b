package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/coursecrm/coursecrm/crm/label"
)

// tagsCounted is the setting with the time of the last count of tags.
const tagsCounted = "tags_counted_at"

// keepTagCounts is for how many days counts of tags are kept.
const keepTagCounts = 400

// CountedAt implements label.Store.
func (s *Labels) CountedAt(ctx context.Context) (time.Time, error) {
	at, err := countedAt(ctx, s.bun)
	return at, translate(err)
}

func countedAt(ctx context.Context, db bun.IDB) (time.Time, error) {
	var text string
	err := db.NewRaw("SELECT convert_from(value, 'UTF8') FROM crm_settings WHERE key = ?", tagsCounted).Scan(ctx, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("setting %s: %w", tagsCounted, err)
	}
	return at.UTC(), nil
}

// Count implements label.Store. Until the first pass has given everybody their interest tags it counts
// nothing. Tags by hand come last and are locked, for their counts are kept up to date by whoever
// gives or takes one.
func (s *Labels) Count(ctx context.Context, now, day time.Time) error {
	date := day.Format(time.DateOnly)
	err := s.inTx(ctx, func(t *tx) error {
		var ready bool
		if err := t.NewRaw(readySQL).Scan(ctx, &ready); err != nil || !ready {
			return err
		}
		if err := roomy(ctx, t); err != nil {
			return err
		}
		// A tag that nobody has any more falls to nothing rather than ending where it was.
		if _, err := t.exec(ctx, `INSERT INTO crm_tag_counts (kind, tag_id, day, count)
			SELECT 'interest', tag, ?::date, coalesce(n, 0)
			FROM (SELECT tag, count(*) AS n FROM crm_learners l, unnest(l.tag_ids) tag WHERE `+people+` GROUP BY tag) now
				FULL JOIN (SELECT DISTINCT tag_id AS tag FROM crm_tag_counts WHERE kind = 'interest' AND day >= ?::date - ?::integer) was USING (tag)
			ON CONFLICT (kind, tag_id, day) DO UPDATE SET count = EXCLUDED.count`, date, date, label.TrendDays); err != nil {
			return fmt.Errorf("interest tags: %w", err)
		}
		if _, err := t.exec(ctx, "SELECT FROM crm_labels b WHERE "+liveLabel+" ORDER BY b.id FOR UPDATE"); err != nil {
			return err
		}
		if _, err := t.exec(ctx, countLabels+"GROUP BY b.id"+replaceCount, date); err != nil {
			return fmt.Errorf("tags by hand: %w", err)
		}
		if _, err := t.exec(ctx, "DELETE FROM crm_tag_counts WHERE day < ?::date - ?::integer", date, keepTagCounts); err != nil {
			return err
		}
		_, err := t.exec(ctx, `INSERT INTO crm_settings (key, value) VALUES (?, convert_to(?, 'UTF8')) ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value`,
			tagsCounted, now.UTC().Format(time.RFC3339Nano))
		return err
	})
	if err != nil {
		return fmt.Errorf("count tags: %w", err)
	}
	return nil
}

// countLabels counts the people of tags by hand.
const countLabels = `INSERT INTO crm_tag_counts (kind, tag_id, day, count)
	SELECT 'label', b.id, ?::date, count(l.id)
	FROM crm_labels b LEFT JOIN crm_label_people p ON p.label_id = b.id LEFT JOIN crm_learners l ON l.id = p.learner_id AND ` + people + `
	WHERE ` + liveLabel + " "

const replaceCount = " ON CONFLICT (kind, tag_id, day) DO UPDATE SET count = EXCLUDED.count"

// countLabel counts the people of one tag. The caller has it locked.
func countLabel(ctx context.Context, t *tx, id label.ID, day time.Time) error {
	if _, err := t.exec(ctx, countLabels+"AND b.id = ? GROUP BY b.id"+replaceCount, day.Format(time.DateOnly), int64(id)); err != nil {
		return fmt.Errorf("count tag: %w", err)
	}
	return nil
}

// bumpLabel adds to the count of a tag.
func bumpLabel(ctx context.Context, t *tx, id label.ID, by int, day time.Time) error {
	_, err := t.exec(ctx, `INSERT INTO crm_tag_counts AS c (kind, tag_id, day, count)
		SELECT 'label', b.id, ?::date, `+lastCount+` + ? FROM crm_labels b WHERE b.id = ?
		ON CONFLICT (kind, tag_id, day) DO UPDATE SET count = c.count + ?`, day.Format(time.DateOnly), by, int64(id), by)
	return err
}
