package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// Segments implements segment.Store.
type Segments struct{ *DB }

// Beyond this an audience is refused with a clear message instead of holding up everybody else.
const audienceTimeout = "10s"

// predicateArgs makes a predicate's arguments fit bun.
func predicateArgs(p segment.Predicate) []any {
	args := make([]any, len(p.Args))
	for i, a := range p.Args {
		switch v := a.(type) {
		case []int64:
			args[i] = int64Array(v)
		case []string:
			args[i] = textArray(v)
		default:
			args[i] = a
		}
	}
	return args
}

// people is who can be in an audience at all: deleted accounts cannot.
const people = "l.status <> 'deleted'"

// Count implements segment.Store: everything in one pass over the people.
func (s *Segments) Count(ctx context.Context, whole segment.Predicate, members []segment.Predicate) (segment.Counts, error) {
	query := strings.Builder{}
	var args []any
	add := func(p segment.Predicate, more string) {
		query.WriteString(", count(*) FILTER (WHERE " + p.SQL + more + ")")
		args = append(args, predicateArgs(p)...)
	}
	query.WriteString("SELECT count(*)")
	add(whole, "")
	add(whole, " AND l.usable_email IS NOT NULL AND l.consent_email <> 'denied'")
	add(whole, " AND l.usable_mobile IS NOT NULL AND l.consent_sms <> 'denied'")
	add(whole, " AND l.host_id IS NOT NULL AND l.consent_message <> 'denied'")
	for _, m := range members {
		add(m, "")
	}
	query.WriteString(" FROM crm_learners l WHERE " + people)
	var c segment.Counts
	c.Members = make([]int64, len(members))
	dest := []any{&c.All, &c.Matched, &c.Email, &c.SMS, &c.Message}
	for i := range c.Members {
		dest = append(dest, &c.Members[i])
	}
	began := time.Now()
	err := s.reading(ctx, func(tx bun.Tx) error {
		return tx.NewRaw(query.String(), args...).Scan(ctx, dest...)
	})
	c.Took = time.Since(began)
	return c, err
}

// reading runs fn in a read-only transaction that ends after audienceTimeout.
func (d *DB) reading(ctx context.Context, fn func(bun.Tx) error) error {
	return translate(d.bun.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.ExecContext(ctx, "SET LOCAL statement_timeout = '"+audienceTimeout+"'; SET LOCAL transaction_read_only = on; SET LOCAL jit = off"); err != nil {
			return err
		}
		return fn(tx)
	}))
}

// personRow is what a list shows of a person.
type personRow struct {
	ID                                                       int64
	HostID, Nickname, RealName, Mobile, Email, Status, Level string
	RegisteredAt, LastLoginAt, LastPaidAt                    bun.NullTime
	PaidCount                                                int
	PaidTotal                                                int64
	Tags                                                     []string `bun:",array"`
}

const personColumns = `l.id, coalesce(l.host_id, '') AS host_id, l.nickname, l.real_name, l.mobile, l.email, l.status,
	l.registered_at, l.last_login_at, l.last_paid_at, l.paid_order_count AS paid_count, l.paid_total,
	coalesce((SELECT nullif(m.level_name, '') FROM crm_memberships m WHERE m.learner_id = l.id AND NOT m.deleted), l.member_level) AS level,
	ARRAY(SELECT t.name FROM crm_tags t WHERE t.id = ANY (l.tag_ids) ORDER BY t.id) AS tags`

func (r personRow) person() segment.Person {
	return segment.Person{ID: segment.PersonID(r.ID), HostID: h.LearnerID(r.HostID), Nickname: r.Nickname, RealName: r.RealName,
		Mobile: r.Mobile, Email: r.Email, Status: h.LearnerStatus(r.Status), RegisteredAt: utc(r.RegisteredAt),
		LastLoginAt: utc(r.LastLoginAt), LastPaidAt: utc(r.LastPaidAt), PaidCount: r.PaidCount, PaidTotal: r.PaidTotal,
		MemberLevel: r.Level, Tags: r.Tags}
}

// order is a sort's column; a time may be missing and comes last then.
var orders = map[segment.Sort]struct {
	column string
	isTime bool
}{
	segment.SortLogin:      {"l.last_login_at", true},
	segment.SortRegistered: {"l.registered_at", true},
	segment.SortSpend:      {"l.paid_total", false},
}

// List implements segment.Store. Pages follow (column, id) downwards; the cursor holds the last
// row's place, so a page costs the same however far it is from the first.
func (s *Segments) List(ctx context.Context, p segment.Predicate, sort segment.Sort, after string, limit int) (segment.Page, error) {
	by, ok := orders[sort]
	if !ok {
		return segment.Page{}, fmt.Errorf("%w: sort", fault.ErrInvalid)
	}
	ranges := []place{{"TRUE", nil}}
	if after != "" {
		var k placeKey
		if err := decodeCursor(after, &k); err != nil || k.Sort != string(sort) {
			return segment.Page{}, fmt.Errorf("%w: cursor", fault.ErrInvalid)
		}
		ranges = k.after(by.column, by.isTime)
	}
	var rows []personRow
	err := s.reading(ctx, func(tx bun.Tx) error {
		for _, r := range ranges { // the next only when the one before did not fill the page
			if len(rows) > limit {
				break
			}
			var some []personRow
			args := append(append(predicateArgs(p), r.args...), limit+1-len(rows))
			if err := tx.NewRaw("SELECT "+personColumns+" FROM crm_learners l WHERE "+people+" AND "+p.SQL+" AND "+r.sql+
				" ORDER BY "+by.column+" DESC NULLS LAST, l.id DESC LIMIT ?", args...).Scan(ctx, &some); err != nil {
				return err
			}
			rows = append(rows, some...)
		}
		return nil
	})
	if err != nil {
		return segment.Page{}, err
	}
	var page segment.Page
	for i, r := range rows {
		if i == limit {
			last := rows[i-1]
			key := placeKey{Sort: string(sort), ID: last.ID, Number: last.PaidTotal}
			switch sort {
			case segment.SortLogin:
				key.Time = utc(last.LastLoginAt)
			case segment.SortRegistered:
				key.Time = utc(last.RegisteredAt)
			case segment.SortSpend:
			}
			page.Next = encodeCursor(key)
			break
		}
		page.People = append(page.People, r.person())
	}
	return page, nil
}

// Choices implements segment.Store.
func (s *Segments) Choices(ctx context.Context, of segment.Choices, search string, limit int) ([]segment.Choice, error) {
	query, ok := choiceQueries[of]
	if !ok {
		return nil, nil
	}
	var rows []segment.Choice
	err := s.bun.NewRaw("SELECT value, label, note FROM ("+query+") c WHERE strpos(lower(label), lower(?)) > 0 ORDER BY rank DESC, label LIMIT ?",
		search, limit).Scan(ctx, &rows)
	return rows, translate(err)
}

// Labels implements segment.Store.
func (s *Segments) Labels(ctx context.Context, of segment.Choices, values []string) (map[string]string, error) {
	query, ok := choiceQueries[of]
	if !ok || len(values) == 0 {
		return map[string]string{}, nil
	}
	var rows []segment.Choice
	if err := s.bun.NewRaw("SELECT value, label, note FROM ("+query+") c WHERE value = ANY (?)", textArray(values)).Scan(ctx, &rows); err != nil {
		return nil, translate(err)
	}
	labels := make(map[string]string, len(rows))
	for _, r := range rows {
		labels[r.Value] = r.Label
	}
	return labels, nil
}

var choiceQueries = map[segment.Choices]string{
	segment.StatusChoices: `SELECT v AS value, v AS label, '' AS note, 0 AS rank FROM unnest(ARRAY['active', 'locked']) v`,
	segment.TagChoices:    `SELECT id::text AS value, name AS label, '' AS note, 0 AS rank FROM crm_tags`,
	segment.LevelChoices: `SELECT level_id AS value, coalesce(nullif(max(level_name), ''), level_id) AS label, '' AS note, max(rank) AS rank
		FROM crm_memberships WHERE NOT deleted GROUP BY level_id`,
	segment.OfferingChoices: `SELECT id::text AS value, CASE WHEN title = '' THEN '#' || host_id ELSE title END AS label, type AS note,
		CASE status WHEN 'published' THEN 1 ELSE 0 END AS rank FROM crm_offerings WHERE canonical_id = id AND deleted_at IS NULL`,
}

// SaveSelection implements segment.Store. Selections older than a month are swept on the way.
func (s *Segments) SaveSelection(ctx context.Context, token string, r segment.Rule, now time.Time) error {
	return s.inTx(ctx, func(t *tx) error {
		if _, err := t.exec(ctx, "DELETE FROM crm_selections WHERE created_at < ?", now.AddDate(0, -1, 0)); err != nil {
			return err
		}
		_, err := t.exec(ctx, "INSERT INTO crm_selections (token, rule, created_at) VALUES (?, ?::jsonb, ?)", token, string(r.JSON()), now)
		return err
	})
}

// Selection implements segment.Store.
func (s *Segments) Selection(ctx context.Context, token string) (segment.Rule, error) {
	var text []byte
	if strings.ContainsRune(token, 0) || len(token) > 100 {
		return segment.Rule{}, fmt.Errorf("selection: %w", fault.ErrNotFound)
	}
	if err := s.bun.NewRaw("SELECT rule FROM crm_selections WHERE token = ?", token).Scan(ctx, &text); err != nil {
		return segment.Rule{}, fmt.Errorf("find selection: %w", translate(err))
	}
	var r segment.Rule
	if err := json.Unmarshal(text, &r); err != nil {
		return segment.Rule{}, fmt.Errorf("read selection: %w", err)
	}
	return r, nil
}
