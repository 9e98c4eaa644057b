package school

import (
	"context"
	"database/sql"
	"strings"
	"time"
)

// Message is a private message.
type Message struct {
	ID        int64
	From      string
	Content   string
	CreatedAt time.Time
	Unread    bool
}

// Messages lists what a learner received, the newest first, and marks it as read. The list still
// says what was unread.
func (s *School) Messages(ctx context.Context, userID int64, limit int) ([]Message, error) {
	all, err := list(ctx, s.db, "list messages", func(row scanner) (m Message, err error) {
		return m, row.Scan(&m.ID, &m.From, &m.Content, moment{&m.CreatedAt}, &m.Unread)
	}, `SELECT m.id, coalesce(u.nickname, ''), m.content, m.created_at, m.read_at IS NULL
		FROM messages m LEFT JOIN users u ON u.id = m.from_id WHERE m.to_id = $1 ORDER BY m.id DESC LIMIT $2`, userID, limit)
	if err != nil || len(all) == 0 {
		return all, err
	}
	return all, s.change(ctx, "mark messages read", func(tx *sql.Tx, _ *Change) error {
		_, err := tx.ExecContext(ctx, "UPDATE messages SET read_at = $3 WHERE to_id = $1 AND id <= $2 AND read_at IS NULL", userID, all[0].ID, s.now())
		return err
	})
}

// Unread counts the messages that a learner has not seen.
func (s *School) Unread(ctx context.Context, userID int64) (int, error) {
	return one(ctx, s.db, "count messages", func(row scanner) (n int, err error) { return n, row.Scan(&n) },
		"SELECT count(*) FROM messages WHERE to_id = $1 AND read_at IS NULL", userID)
}

// SendMessage puts a message into a learner's inbox.
func (s *School) SendMessage(ctx context.Context, fromID, toID int64, content string) error {
	content = strings.TrimSpace(content)
	if content == "" || len([]rune(content)) > MaxMessage {
		return ErrBadRequest
	}
	return s.change(ctx, "send message", func(tx *sql.Tx, _ *Change) error {
		return mustTouch(tx.ExecContext(ctx, `INSERT INTO messages (from_id, to_id, content, created_at)
			SELECT $1, id, $3, $4 FROM users WHERE id = $2 AND status <> 'deleted'`, fromID, toID, content, s.now()))
	})
}
