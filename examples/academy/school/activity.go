package school

import (
	"context"
	"database/sql"
	"strings"
	"time"
)

// The words in activities.kind.
const (
	KindView     = "view"
	KindPreview  = "preview" // a free lesson
	KindFavorite = "favorite"
	KindAsk      = "ask"
	KindCoupon   = "coupon"
	KindStudy    = "study"
	KindSignin   = "signin"
)

// Activity is something a learner did.
type Activity struct {
	Kind, Title, Note string
	Target            Target
	OccurredAt        time.Time
}

// Record keeps something that a visitor did with an offering; user 0 is a visitor who is not
// logged in. Looking, a free lesson, a question count each time; a favorite and a coupon once.
func (s *School) Record(ctx context.Context, userID int64, kind string, t Target, note string) error {
	switch kind {
	case KindView, KindPreview, KindFavorite, KindAsk, KindCoupon:
	default:
		return ErrBadRequest
	}
	if note = strings.TrimSpace(note); len([]rune(note)) > 500 {
		return ErrBadRequest
	}
	return s.change(ctx, "record activity", func(tx *sql.Tx, c *Change) error {
		if kind == KindFavorite || kind == KindCoupon {
			if err := lockUser(ctx, tx, userID); err != nil {
				return err
			}
			if done, err := did(ctx, tx, userID, kind, t); err != nil || done {
				return err
			}
		}
		return s.record(ctx, tx, c, userID, kind, t, note)
	})
}

func (s *School) record(ctx context.Context, tx *sql.Tx, c *Change, userID int64, kind string, t Target, note string) error {
	var id int64
	err := tx.QueryRowContext(ctx, `INSERT INTO activities (user_id, kind, target_type, target_id, note, occurred_at)
		VALUES (nullif($1::bigint, 0), $2, $3, $4, $5, $6) RETURNING id`, userID, kind, t.Type, t.ID, note, s.now()).Scan(&id)
	if userID != 0 {
		c.Activities = append(c.Activities, id)
	}
	return err
}

// did reports whether a learner has done something with an offering before.
func did(ctx context.Context, q querier, userID int64, kind string, t Target) (yes bool, err error) {
	return yes, q.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM activities
		WHERE user_id = $1 AND kind = $2 AND target_type = $3 AND target_id = $4)`, userID, kind, t.Type, t.ID).Scan(&yes)
}

// Did reports whether a learner has done something with an offering before.
func (s *School) Did(ctx context.Context, userID int64, kind string, t Target) (bool, error) {
	return did(ctx, s.db, userID, kind, t)
}

// Activities lists what a learner did last.
func (s *School) Activities(ctx context.Context, userID int64, limit int) ([]Activity, error) {
	return list(ctx, s.db, "list activities", func(row scanner) (a Activity, err error) {
		return a, row.Scan(&a.Kind, &a.Target.Type, &a.Target.ID, &a.Title, &a.Note, moment{&a.OccurredAt})
	}, `SELECT a.kind, a.target_type, a.target_id, coalesce(o.title, ''), a.note, a.occurred_at
		FROM activities a LEFT JOIN offerings o ON o.type = a.target_type AND o.id = a.target_id
		WHERE a.user_id = $1 ORDER BY a.occurred_at DESC, a.id DESC LIMIT $2`, userID, limit)
}
