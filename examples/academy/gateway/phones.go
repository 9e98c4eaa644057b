package gateway

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// ErrBadReply says that a reply is empty or too long, or its number is none.
var ErrBadReply = errors.New("gateway: not a reply")

// Phones shows what has arrived on people's phones and lets them reply; it needs no running gateway,
// only its tables.
type Phones struct{ DB *sql.DB }

// Phone is a phone with what came last.
type Phone struct {
	Number string
	Text   string
	At     time.Time
}

// Bubble is one message on a phone.
type Bubble struct {
	Mine bool // written by the phone's owner
	Text string
	At   time.Time
}

// newest is how many messages the list of phones is made of.
const newest = 1000

// List returns the phones whose number begins with prefix and that got a message lately, the latest
// first.
func (p Phones) List(ctx context.Context, prefix string, limit int) ([]Phone, error) {
	rows, err := p.DB.QueryContext(ctx, `SELECT mobile, body, settled_at FROM (
			SELECT DISTINCT ON (mobile) mobile, body, settled_at FROM (
				SELECT mobile, body, settled_at FROM sms_messages WHERE arrives AND settled_at <= $2 AND mobile LIKE $1
				ORDER BY settled_at DESC LIMIT $3) latest
			ORDER BY mobile, settled_at DESC) phones
		ORDER BY settled_at DESC, mobile LIMIT $4`, digits(prefix)+"%", time.Now(), newest, limit)
	if err != nil {
		return nil, fmt.Errorf("list phones: %w", err)
	}
	defer rows.Close()
	var all []Phone
	for rows.Next() {
		var one Phone
		if err := rows.Scan(&one.Number, &one.Text, &one.At); err != nil {
			return nil, fmt.Errorf("list phones: %w", err)
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// Count counts the messages that have arrived.
func (p Phones) Count(ctx context.Context) (n int64, err error) {
	if err = p.DB.QueryRowContext(ctx, "SELECT count(*) FROM sms_messages WHERE arrives AND settled_at <= $1", time.Now()).Scan(&n); err != nil {
		return 0, fmt.Errorf("count text messages: %w", err)
	}
	return n, nil
}

// Balance is how many parts the client may still send.
func (p Phones) Balance(ctx context.Context) (n int64, err error) {
	if err = p.DB.QueryRowContext(ctx, "SELECT parts FROM sms_account").Scan(&n); err != nil {
		return 0, fmt.Errorf("read the SMS balance: %w", err)
	}
	return n, nil
}

// Thread returns the latest messages on a phone, the oldest first.
func (p Phones) Thread(ctx context.Context, number string, limit int) ([]Bubble, error) {
	rows, err := p.DB.QueryContext(ctx, `SELECT * FROM (
			SELECT false, body, settled_at AS at, id FROM sms_messages WHERE arrives AND mobile = $1 AND settled_at <= $2
			UNION ALL SELECT true, body, received_at, id FROM sms_inbound WHERE mobile = $1) m
		ORDER BY at DESC, id DESC LIMIT $3`, digits(number), time.Now(), limit)
	if err != nil {
		return nil, fmt.Errorf("read a phone: %w", err)
	}
	defer rows.Close()
	var all []Bubble
	for rows.Next() {
		var b Bubble
		var id int64
		if err := rows.Scan(&b.Mine, &b.Text, &b.At, &id); err != nil {
			return nil, fmt.Errorf("read a phone: %w", err)
		}
		all = append(all, b)
	}
	slices.Reverse(all)
	return all, rows.Err()
}

// Reply sends a message from a phone to the client, who is told of it like of everything else.
//
// Errors: ErrBadReply.
func (p Phones) Reply(ctx context.Context, number, text string) error {
	text = strings.TrimSpace(clean(text))
	if !numberPattern.MatchString(number) || text == "" || utf8.RuneCountInString(text) > 500 {
		return ErrBadReply
	}
	now := time.Now().UTC()
	entry, err := json.Marshal(map[string]any{"from": number, "text": text, "at": now})
	if err != nil {
		return fmt.Errorf("reply: %w", err)
	}
	// One statement: the message and its callback are there together or not at all.
	if _, err := p.DB.ExecContext(ctx, `WITH said AS (INSERT INTO sms_inbound (mobile, body, received_at) VALUES ($1, $2, $3))
		INSERT INTO sms_callbacks (kind, entry, due_at) VALUES ('inbound', $4, $3)`, number, text, now, string(entry)); err != nil {
		return fmt.Errorf("reply: %w", err)
	}
	return nil
}

// digits leaves what can be in a number.
func digits(number string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '+' {
			return r
		}
		return -1
	}, number)
}

// clean makes text fit for the database, which takes UTF-8 without NUL.
func clean(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
}
