package gateway

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"time"
	"unicode/utf16"
)

// message is one message of a request.
type message struct {
	Key      string  `json:"key"`
	To       string  `json:"to"`
	Template string  `json:"template"`
	Params   []param `json:"params"`
}

type param struct{ Name, Value string }

// answers is the answer to a request with messages.
type answers struct {
	Messages []answer `json:"messages"`
}

type answer struct {
	Key    string `json:"key"`
	Status string `json:"status"` // accepted, temporary, failed
	ID     string `json:"id,omitempty"`
	Reason string `json:"reason,omitempty"`
}

const (
	maxMessages = 100 // in a request
	workWithin  = 20 * time.Second
)

// messages takes messages as the rule says.
func (g *Gateway) messages(ctx context.Context, _ *http.Request, body []byte) (any, error) {
	var in struct{ Messages []message }
	if err := read(body, &in); err != nil {
		return nil, err
	}
	if len(in.Messages) > maxMessages {
		return nil, refusal(http.StatusRequestEntityTooLarge)
	}
	for _, m := range in.Messages {
		if m.Key == "" || len(m.Key) > 200 {
			return nil, refusal(http.StatusBadRequest)
		}
	}
	rule := *g.rule.Load()
	manner := rule.Manner(g.requests.Add(1))
	switch manner {
	case Busy:
		return nil, refusal(http.StatusServiceUnavailable)
	case Hangs:
		return g.misbehave(manner, answers{}), nil
	}
	// What is begun is finished, though the client may have stopped waiting.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), workWithin)
	defer cancel()
	templates, err := g.approved(ctx, in.Messages)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", refusal(http.StatusServiceUnavailable), err)
	}
	rows := make([]row, len(in.Messages))
	for i, m := range in.Messages {
		rows[i] = g.judge(m, templates, rule.Fate)
	}
	known, err := g.keep(ctx, rows)
	if err != nil {
		return nil, err
	}
	good := answers{Messages: []answer{}}
	for _, r := range rows {
		a, ok := known[r.key]
		if !ok {
			a = answer{Key: r.key, Status: "temporary"}
		}
		good.Messages = append(good.Messages, a)
	}
	return g.misbehave(manner, good), nil
}

// row is a message as it is kept.
type row struct {
	key, mobile, body string
	template          int64
	parts             int
	putOff            bool // not kept
	failure, receipt  string
	arrives           bool
	settled           time.Duration // from now
}

var numberPattern = regexp.MustCompile(`^(1[3-9]\d{9}|\+\d{6,15})$`)

// judge decides about one message. What arrives is the template with its values, whatever text the
// client has sent along.
func (g *Gateway) judge(m message, templates map[string]string, fate func(string) Fate) row {
	r := row{key: m.Key, mobile: m.To, settled: g.config.ReceiptTakes()}
	r.template, _ = strconv.ParseInt(m.Template, 10, 64) // 0: none, which is refused below
	text, complete := render(templates[m.Template], m.Params)
	r.body = "【" + g.config.Signature + "】" + text
	r.parts = parts(r.body)
	f := fate(m.To)
	switch {
	case !numberPattern.MatchString(m.To):
		f = NoNumber
	case text == "" || !complete:
		f = Refused
	}
	switch f {
	case Arrives:
		r.arrives, r.receipt = true, "delivered"
	case Silently:
		r.arrives = true
	case PutOff:
		r.putOff = true
	case NoNumber:
		r.failure = "invalid"
	case Barred:
		r.failure = "complaint"
	case Refused:
		r.failure = "rejected"
	case Vanishes:
		r.receipt = "invalid"
	case Expires:
		r.receipt = "rejected"
	}
	return r
}

// parts is how many parts a message is charged as.
func parts(text string) int {
	n := len(utf16.Encode([]rune(text)))
	if n <= 70 {
		return 1
	}
	return (n + 66) / 67
}

// keep stores messages, charges for them and promises receipts, all or nothing, and gives the answer
// for each key that is or was stored. A message whose key is there already changes nothing.
func (g *Gateway) keep(ctx context.Context, rows []row) (map[string]answer, error) {
	tx, err := g.config.DB.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", refusal(http.StatusServiceUnavailable), err)
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it does nothing
	known := map[string]answer{}
	if err := g.insert(ctx, tx, rows, known); err != nil {
		return nil, err
	}
	var missing []string
	for _, r := range rows {
		if _, ok := known[r.key]; !ok && !g.config.NotIdempotent {
			missing = append(missing, r.key)
		}
	}
	if len(missing) > 0 { // stored before, or by somebody else while the insert waited
		if _, err := collect(ctx, tx, known, "SELECT id, key, failure, parts FROM sms_messages WHERE once = ANY($1)", missing); err != nil {
			return nil, fmt.Errorf("%w: %w", refusal(http.StatusServiceUnavailable), err)
		}
	}
	return known, tx.Commit() // an error here is a 500: nobody knows
}

// insert stores what is new.
func (g *Gateway) insert(ctx context.Context, tx *sql.Tx, rows []row, known map[string]answer) error {
	var keys, mobiles, bodies, failures, receipts []string
	var onces []*string
	var templates []int64
	var counts []int
	var arrive []bool
	var settled []time.Time
	now := time.Now().UTC()
	for _, r := range rows {
		if r.putOff {
			continue
		}
		once := &r.key
		if g.config.NotIdempotent {
			once = nil
		}
		keys, onces, mobiles, bodies = append(keys, r.key), append(onces, once), append(mobiles, clean(r.mobile)), append(bodies, clean(r.body))
		templates, counts, failures = append(templates, r.template), append(counts, r.parts), append(failures, r.failure)
		receipts, arrive, settled = append(receipts, r.receipt), append(arrive, r.arrives), append(settled, now.Add(r.settled))
	}
	fresh, err := collect(ctx, tx, known, `INSERT INTO sms_messages (key, once, mobile, body, template_id, parts, failure, receipt, arrives, settled_at, received_at)
		SELECT m.*, $11 FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::integer[], $7::text[], $8::text[], $9::boolean[], $10::timestamptz[]) m (key)
		ORDER BY m.key ON CONFLICT (once) DO NOTHING RETURNING id, key, failure, parts`,
		keys, onces, mobiles, bodies, templates, counts, failures, receipts, arrive, settled, now)
	if err == nil {
		_, err = tx.ExecContext(ctx, `INSERT INTO sms_callbacks (kind, entry, due_at)
			SELECT 'receipts', CASE receipt WHEN 'delivered' THEN jsonb_build_object('key', key, 'status', receipt)
				ELSE jsonb_build_object('key', key, 'status', 'failed', 'reason', receipt) END, settled_at
			FROM sms_messages WHERE id = ANY($1) AND receipt <> ''`, fresh.ids)
	}
	var res sql.Result
	if err == nil {
		res, err = tx.ExecContext(ctx, "UPDATE sms_account SET parts = parts - $1 WHERE parts >= $1", fresh.parts)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", refusal(http.StatusServiceUnavailable), err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return refusal(http.StatusPaymentRequired)
	}
	return nil
}

// stored is what a statement of collect has met.
type stored struct {
	ids   []int64
	parts int64 // of what was accepted
}

// collect runs a statement that returns id, key, failure and parts, and notes the answers.
func collect(ctx context.Context, tx *sql.Tx, known map[string]answer, query string, args ...any) (s stored, err error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return s, err
	}
	defer rows.Close()
	for rows.Next() {
		var id, n int64
		a := answer{Status: "accepted"}
		if err := rows.Scan(&id, &a.Key, &a.Reason, &n); err != nil {
			return s, err
		}
		s.ids = append(s.ids, id)
		if a.Reason != "" {
			a.Status = "failed"
		} else {
			a.ID, s.parts = strconv.FormatInt(id, 10), s.parts+n
		}
		known[a.Key] = a
	}
	return s, rows.Err()
}
