package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/coursecrm/coursecrm/crm/report"
)

// growthCounted is the setting with the time of the last count of the audience's growth.
const growthCounted = "growth_counted_at"

// marketableSQL tells which learners l are addressed at all.
const marketableSQL = "l.status = 'active' AND l.marketable"

// CountGrowth implements report.Books: one walk over all people, and one over all refusals that somebody
// uttered. A school
// that nobody has come from yet does not count as counted, or it would look empty for minutes.
func (s *Reports) CountGrowth(ctx context.Context, now time.Time) error {
	err := s.inTx(ctx, func(t *tx) error {
		if err := roomy(ctx, t); err != nil {
			return err
		}
		if _, err := t.exec(ctx, "DELETE FROM crm_audience_days"); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `
			INSERT INTO crm_audience_days
			SELECT day, coalesce(p.registered, 0), coalesce(p.marketable, 0), coalesce(p.sms, 0), coalesce(p.email, 0), coalesce(p.message, 0),
				coalesce(r.sms, 0), coalesce(r.email, 0), coalesce(r.message, 0)
			FROM (SELECT coalesce((l.registered_at AT TIME ZONE ?0)::date, '-infinity') AS day, count(*) AS registered,
					count(*) FILTER (WHERE `+marketableSQL+`) AS marketable, count(*) FILTER (WHERE `+marketableSQL+` AND `+reachSMS+`) AS sms,
					count(*) FILTER (WHERE `+marketableSQL+` AND `+reachEmail+`) AS email, count(*) FILTER (WHERE `+marketableSQL+` AND `+reachMessage+`) AS message
				FROM crm_learners l WHERE `+people+` GROUP BY 1) p
			FULL JOIN (SELECT (x.at AT TIME ZONE ?0)::date AS day, count(DISTINCT x.learner_id) FILTER (WHERE x.channel = 'sms') AS sms,
					count(DISTINCT x.learner_id) FILTER (WHERE x.channel = 'email') AS email, count(DISTINCT x.learner_id) FILTER (WHERE x.channel = 'message') AS message
				FROM crm_consents x WHERE x.state = 'denied' AND x.source <> 'erasure' GROUP BY 1) r USING (day)`, s.zone()); err != nil {
			return err
		}
		_, err := t.exec(ctx, `INSERT INTO crm_settings (key, value) SELECT ?, convert_to(?, 'UTF8') WHERE EXISTS (SELECT FROM crm_learners)
			ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value`,
			growthCounted, now.UTC().Format(time.RFC3339Nano))
		return err
	})
	if err != nil {
		return fmt.Errorf("count growth: %w", err)
	}
	return nil
}

// GrowthAt implements report.Books.
func (s *Reports) GrowthAt(ctx context.Context) (time.Time, error) {
	at, err := growthAt(ctx, s.bun)
	return at, translate(err)
}

func growthAt(ctx context.Context, db bun.IDB) (time.Time, error) {
	var text string
	err := db.NewRaw("SELECT convert_from(value, 'UTF8') FROM crm_settings WHERE key = ?", growthCounted).Scan(ctx, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("find the last count of growth: %w", err)
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("setting %s: %w", growthCounted, err)
	}
	return at.UTC(), nil
}

// Growth implements report.Store.
func (s *Reports) Growth(ctx context.Context) ([]report.Growth, time.Time, error) {
	var out []report.Growth
	var at time.Time
	err := s.reading(ctx, func(tx bun.Tx) error {
		var err error
		if at, err = growthAt(ctx, tx); err != nil {
			return err
		}
		var rows []struct {
			Day                                                                    bun.NullTime
			Registered, Marketable, SMS, Email, Message, NoSMS, NoEmail, NoMessage int64
		}
		// An undated day is read as none.
		if err := tx.NewRaw(`SELECT nullif(day, '-infinity') AS day, registered, marketable, sms AS sms, email, message, no_sms AS no_sms, no_email, no_message
			FROM crm_audience_days ORDER BY crm_audience_days.day`).Scan(ctx, &rows); err != nil {
			return err
		}
		for _, r := range rows {
			out = append(out, report.Growth{Day: utc(r.Day), Registered: r.Registered, Marketable: r.Marketable, SMS: r.SMS, Email: r.Email, Message: r.Message,
				NoSMS: r.NoSMS, NoEmail: r.NoEmail, NoMessage: r.NoMessage})
		}
		return nil
	})
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("read growth: %w", err)
	}
	return out, at, nil
}
