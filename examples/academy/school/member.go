package school

import (
	"context"
	"database/sql"
	"time"
)

// Never is how the deadline columns say that there is none; 0 says it too.
const Never = 2147483647

// Level is a level of membership.
type Level struct {
	ID    int64
	Name  string
	Rank  int
	Price int64 // fen a year
}

// Membership is a learner's level.
type Membership struct {
	Level    string
	Deadline int64 // Unix seconds; 0 and Never are none
}

// Until is the deadline as a time; zero is never.
func (m Membership) Until() time.Time {
	if m.Deadline == 0 || m.Deadline == Never {
		return time.Time{}
	}
	return time.Unix(m.Deadline, 0).UTC()
}

// Levels lists what can be bought, the lowest first.
func (s *School) Levels(ctx context.Context) ([]Level, error) {
	return list(ctx, s.db, "list levels", func(row scanner) (l Level, err error) {
		return l, row.Scan(&l.ID, &l.Name, &l.Rank, &l.Price)
	}, "SELECT id, name, rank, price FROM member_levels ORDER BY rank")
}

// Membership finds a learner's level; ErrNotFound when there is none.
func (s *School) Membership(ctx context.Context, userID int64) (Membership, error) {
	return one(ctx, s.db, "find membership", func(row scanner) (m Membership, err error) {
		return m, row.Scan(&m.Level, &m.Deadline)
	}, "SELECT l.name, m.deadline FROM memberships m JOIN member_levels l ON l.id = m.level_id WHERE m.user_id = $1", userID)
}

// extendMembership gives a year of a level: after the time left of the same level, else from now.
func (s *School) extendMembership(ctx context.Context, tx *sql.Tx, c *Change, userID, levelID int64) error {
	now := s.now()
	year := int64((365 * 24 * time.Hour).Seconds())
	c.Members = append(c.Members, userID)
	_, err := tx.ExecContext(ctx, `INSERT INTO memberships AS m (user_id, level_id, created_at, deadline, updated_at)
		VALUES ($1, $2, $3, $4::bigint + $5, $3)
		ON CONFLICT (user_id) DO UPDATE SET level_id = excluded.level_id, updated_at = excluded.updated_at,
			deadline = CASE WHEN m.level_id <> excluded.level_id THEN excluded.deadline
				WHEN m.deadline IN (0, 2147483647) THEN m.deadline
				ELSE greatest(m.deadline, $4) + $5 END`,
		userID, levelID, now, now.Unix(), year)
	return err
}
