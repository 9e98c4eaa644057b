package sink

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrNotFound says that there is no such mail.
var ErrNotFound = errors.New("sink: no such mail")

// Mail is a mail in one recipient's mailbox.
type Mail struct {
	ID               int64
	EnvelopeFrom, To string
	From, Subject    string // decoded headers
	MessageID        string
	Raw              []byte // not set in lists
	ReceivedAt       time.Time
}

// Inbox reads the mail that a sink has kept; it needs no running sink.
type Inbox struct{ DB *sql.DB }

// Query selects mail.
type Query struct {
	To     string // the beginning of the recipient's address; empty: everybody
	Before int64  // only mail with a smaller ID; 0: from the newest on
	Limit  int
}

// List returns mail, the newest first.
func (b Inbox) List(ctx context.Context, q Query) ([]Mail, error) {
	rows, err := b.DB.QueryContext(ctx, `SELECT id, envelope_from, recipient, header_from, subject, message_id, received_at FROM mails
		WHERE ($1 = '' OR lower(recipient) LIKE $1) AND ($2::bigint = 0 OR id < $2) ORDER BY id DESC LIMIT $3`, prefix(q.To), q.Before, q.Limit)
	if err != nil {
		return nil, fmt.Errorf("list mail: %w", err)
	}
	defer rows.Close()
	var all []Mail
	for rows.Next() {
		var m Mail
		if err := rows.Scan(&m.ID, &m.EnvelopeFrom, &m.To, &m.From, &m.Subject, &m.MessageID, &m.ReceivedAt); err != nil {
			return nil, fmt.Errorf("list mail: %w", err)
		}
		all = append(all, m)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list mail: %w", err)
	}
	return all, nil
}

// Count counts the mail whose recipient begins with to; empty counts all.
func (b Inbox) Count(ctx context.Context, to string) (n int64, err error) {
	err = b.DB.QueryRowContext(ctx, "SELECT count(*) FROM mails WHERE $1 = '' OR lower(recipient) LIKE $1", prefix(to)).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count mail: %w", err)
	}
	return n, nil
}

// Get finds a mail with its source.
func (b Inbox) Get(ctx context.Context, id int64) (m Mail, err error) {
	err = b.DB.QueryRowContext(ctx, `SELECT id, envelope_from, recipient, header_from, subject, message_id, raw, received_at FROM mails WHERE id = $1`, id).
		Scan(&m.ID, &m.EnvelopeFrom, &m.To, &m.From, &m.Subject, &m.MessageID, &m.Raw, &m.ReceivedAt)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return m, fmt.Errorf("find mail: %w", err)
	}
	return m, nil
}

// prefix is the LIKE pattern of a search; empty when there is nothing to search for.
func prefix(to string) string {
	to = strings.ToLower(strings.TrimSpace(to))
	if to == "" {
		return ""
	}
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(to) + "%"
}
