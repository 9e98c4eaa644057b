package school

import (
	"context"
	"time"
)

// Stats are the figures of the admin's front page.
type Stats struct {
	Learners, Courses, Orders, Enrollments int64
	RevenueToday                           int64 // fen
}

// Stats counts. The large tables are estimated from what ANALYZE saw, as the page is opened often.
func (s *School) Stats(ctx context.Context) (Stats, error) {
	return one(ctx, s.db, "count", func(row scanner) (t Stats, err error) {
		return t, row.Scan(&t.Learners, &t.Courses, &t.Orders, &t.Enrollments, &t.RevenueToday)
	}, `SELECT (SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'users'::regclass),
		(SELECT count(*) FROM courses WHERE origin_id = 0),
		(SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'orders'::regclass),
		(SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'enrollments'::regclass),
		(SELECT coalesce(sum(paid_cash), 0)::bigint FROM orders WHERE updated_at >= $1 AND paid_at >= $1)`,
		s.now().Add(-24*time.Hour))
}
