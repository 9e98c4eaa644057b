package school

import (
	"context"
	"database/sql"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxMessage is how many characters a private message has at most.
const MaxMessage = 2000

// Outgoing is a private message that a program sends.
type Outgoing struct {
	Key      string // the same key is delivered once
	From, To int64
	Content  string
}

// Delivery is what became of an Outgoing.
type Delivery int

// Deliveries.
const (
	DeliveredMessage Delivery = iota
	NoRecipient               // no such account, or it is closed
	BadMessage                // empty, too long, or from somebody who may not send
)

// Deliver puts messages into inboxes and says for each, in order, what became of it. A message whose
// key was delivered before counts as delivered and is not put there again, also when two deliver
// it at once. All of it is one transaction.
func (s *School) Deliver(ctx context.Context, batch []Outgoing) ([]Delivery, error) {
	known := map[string]bool{}
	err := s.change(ctx, "deliver messages", func(tx *sql.Tx, _ *Change) error {
		if err := insertMessages(ctx, tx, batch, known, s.now()); err != nil {
			return err
		}
		var missing []string
		for _, m := range batch {
			if !known[m.Key] && sound(m) {
				missing = append(missing, m.Key)
			}
		}
		if len(missing) == 0 {
			return nil
		}
		// A new statement: it sees what somebody else has committed while the insert waited.
		return tellKeys(ctx, tx, known, "SELECT key FROM messages WHERE key IS NOT NULL AND key = ANY($1)", missing)
	})
	if err != nil {
		return nil, err
	}
	return s.deliveries(ctx, batch, known)
}

// insertMessages puts what is new into inboxes. It goes by the order of keys: two batches that share
// some then wait for each other in one order and cannot lock each other up.
func insertMessages(ctx context.Context, tx *sql.Tx, batch []Outgoing, known map[string]bool, now time.Time) error {
	var keys, contents []string
	var froms, tos []int64
	for _, m := range batch {
		if sound(m) {
			keys, contents, froms, tos = append(keys, m.Key), append(contents, m.Content), append(froms, m.From), append(tos, m.To)
		}
	}
	return tellKeys(ctx, tx, known, `INSERT INTO messages (key, from_id, to_id, content, created_at)
		SELECT m.key, m.from_id, m.to_id, m.content, $5
		FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[]) m (key, from_id, to_id, content)
		JOIN users u ON u.id = m.to_id AND u.status <> 'deleted'
		JOIN users f ON f.id = m.from_id AND f.status = 'normal' AND `+maySend("f")+`
		ORDER BY m.key ON CONFLICT (key) WHERE key IS NOT NULL DO NOTHING RETURNING key`, keys, froms, tos, contents, now)
}

// tellKeys adds the keys that a statement returns.
func tellKeys(ctx context.Context, tx *sql.Tx, known map[string]bool, query string, args ...any) error {
	keys, err := list(ctx, tx, "read keys", func(row scanner) (key string, err error) { return key, row.Scan(&key) }, query, args...)
	for _, key := range keys {
		known[key] = true
	}
	return err
}

// deliveries tells why messages were not put into an inbox.
func (s *School) deliveries(ctx context.Context, batch []Outgoing, known map[string]bool) ([]Delivery, error) {
	var tos []int64
	for _, m := range batch {
		if !known[m.Key] {
			tos = append(tos, m.To)
		}
	}
	there := map[int64]bool{}
	if len(tos) > 0 {
		ids, err := list(ctx, s.db, "find recipients", func(row scanner) (id int64, err error) { return id, row.Scan(&id) },
			"SELECT id FROM users WHERE id = ANY($1) AND status <> 'deleted'", tos)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			there[id] = true
		}
	}
	all := make([]Delivery, len(batch))
	for i, m := range batch {
		switch {
		case known[m.Key]:
		case !there[m.To]:
			all[i] = NoRecipient
		default:
			all[i] = BadMessage
		}
	}
	return all, nil
}

// sound tells whether the database takes a message and people can read it.
func sound(m Outgoing) bool {
	n := utf8.RuneCountInString(m.Content)
	return m.Key != "" && utf8.ValidString(m.Key+m.Content) && !strings.Contains(m.Key+m.Content, "\x00") &&
		strings.TrimSpace(m.Content) != "" && n <= MaxMessage
}

// maySend is true of the accounts in whose name programs may write to learners.
func maySend(users string) string {
	return "string_to_array(" + users + ".roles, ' ') && '{operator,teacher}'"
}

// Senders lists the accounts in whose name programs may write to learners, the operator first.
func (s *School) Senders(ctx context.Context) ([]User, error) {
	return list(ctx, s.db, "list senders", scanUser, selectUsers+`WHERE status = 'normal' AND `+maySend("users")+` ORDER BY id`)
}
