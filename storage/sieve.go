package storage

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// contacts names, for each channel, the column that must be there to reach a person, those that
// tell their consent (the host's word and our own), and the one that says the contact is dead.
var contacts = map[h.Channel]struct{ contact, consent, own, dead string }{
	h.ChannelEmail:   {"l.usable_email", "l.consent_email", "l.own_email", "l.dead_email"},
	h.ChannelSMS:     {"l.usable_mobile", "l.consent_sms", "l.own_sms", "l.dead_mobile"},
	h.ChannelMessage: {"l.host_id", "l.consent_message", "l.own_message", "false"},
}

// blank tells when a text is nothing but what no template counts as a value: blanks, control
// characters and signs that turn the direction of writing. They are spelled out, for the classes of
// a regular expression depend on the database's locale.
func blank(column string) string {
	return column + ` !~ '[^\u0001-\u0020\u007F-\u00A0\u1680\u2000-\u200A\u2028-\u202F\u205F\u2066-\u2069\u3000]'`
}

// missing tells for each personal variable when a person has no value for it.
var missing = map[string]string{
	"nickname":       blank("l.nickname"),
	"real_name":      blank("l.real_name"),
	"member_level":   "NOT EXISTS (SELECT FROM crm_memberships m WHERE m.learner_id = l.id AND NOT m.deleted AND NOT (" + blank("m.level_name") + "))",
	"member_expires": "NOT EXISTS (SELECT FROM crm_memberships m WHERE m.learner_id = l.id AND NOT m.deleted AND m.expires_at IS NOT NULL)",
	"open_title":     noOpenOrder,
	"open_amount":    noOpenOrder,
}

// noOpenOrder asks the facts first: few people have one.
const noOpenOrder = "NOT (l.open_order_count > 0 AND EXISTS (SELECT FROM crm_orders o WHERE o.learner_id = l.id AND o.status = 'pending'))"

// counted are the deliveries x of campaigns c that a cap counts: those that reached a provider or
// may have, not of messages to one person.
const counted = "NOT x.direct AND (x.state IN ('accepted', 'delivered', 'unknown') OR x.state = 'queued' AND x.reason IN ('broken', 'crash'))" +
	" AND coalesce(x.accepted_at, x.sending_at) >= ?"

// reasons is the CASE that gives a person l the first reason, in the order of campaign.Exclusions,
// not to be sent to, but for a contact shared with somebody else; empty: none. Planning asks what
// was decided about the audience as a whole; handing over asks again what may have changed.
func reasons(v campaign.Sieve, handOver bool, now time.Time) (string, []any, error) {
	c, ok := contacts[v.Channel]
	if !ok {
		return "", nil, fmt.Errorf("%w: channel", fault.ErrInvalid)
	}
	var b strings.Builder
	var args []any
	when := func(e campaign.Exclusion, condition string, values ...any) {
		fmt.Fprintf(&b, "\n\t\t\tWHEN %s THEN '%s'", condition, e)
		args = append(args, values...)
	}
	b.WriteString("CASE")
	if len(v.Unticked) > 0 && !handOver {
		when(campaign.Unticked, "l.id = ANY (?)", personArray(v.Unticked))
	}
	when(campaign.NotActive, "l.status <> 'active'")
	when(campaign.NotLearner, "NOT l.marketable")
	when(campaign.NoContact, c.contact+" IS NULL")
	when(campaign.NoConsent, "("+c.consent+" = 'denied' OR "+c.own+" = 'denied')")
	if handOver {
		when(campaign.Suppressed, "(SELECT true FROM crm_suppressions s WHERE s.channel = ? AND s.contact = "+c.contact+" LIMIT 1)", string(v.Channel))
	} else if c.dead != "false" {
		when(campaign.Suppressed, c.dead)
	}
	if cutoff := now.Add(-time.Duration(v.CapDays) * 24 * time.Hour); v.CapDays > 0 && handOver {
		// Not EXISTS: of a large table the planner would rather hash all of it than ask the index for
		// the hundred people of a batch.
		when(campaign.Contacted, `(SELECT true FROM crm_deliveries x WHERE x.learner_id = l.id AND x.campaign_id <> ?
				AND (`+counted+` OR x.state = 'sending' AND NOT x.direct) LIMIT 1)`, int64(v.Campaign), cutoff)
	} else if v.CapDays > 0 {
		when(campaign.Contacted, `l.id IN (SELECT x.learner_id FROM crm_campaigns c JOIN crm_deliveries x ON x.campaign_id = c.id
				WHERE (c.done_at IS NULL OR c.done_at >= ?) AND c.id <> ? AND `+counted+")", cutoff, int64(v.Campaign), cutoff)
	}
	for _, name := range v.Needs {
		condition, ok := missing[name]
		if !ok {
			return "", nil, fmt.Errorf("%w: variable %q", fault.ErrInvalid, name)
		}
		when(campaign.NoVariable, condition)
	}
	if v.Control > 0 && !handOver { // campaign.InControl in SQL
		when(campaign.Control, "(('x' || left(md5(? || ':' || l.id), 8))::bit(32)::bigint >> 1) % 10000 < ?", v.Key, v.Control*100)
	}
	b.WriteString("\n\t\t\tELSE '' END")
	return b.String(), args, nil
}

// single is the query that gives each person of an audience their contact and the first reason not
// to be sent to that they have by themselves, whoever else is in the audience.
func single(v campaign.Sieve, now time.Time) (string, []any, error) {
	own, args, err := reasons(v, false, now)
	if err != nil {
		return "", nil, err
	}
	query := `
		SELECT l.id, ` + contacts[v.Channel].contact + ` COLLATE "C" AS contact, ` + own + ` AS own
		FROM crm_learners l WHERE ` + people + ` AND ` + v.People.SQL
	return query, append(args, predicateArgs(v.People)...), nil
}

// sieve is the query that gives each person of an audience the first reason not to be sent to. Dry
// run, lists and planning share it, so they cannot disagree. A contact is "shared with an earlier
// recipient" only where the earlier one would be sent to, or is held back to measure: of two
// people with one address, the unsubscribed one does not silence the other.
func sieve(v campaign.Sieve, now time.Time) (string, []any, error) {
	base, args, err := single(v, now)
	if err != nil {
		return "", nil, err
	}
	if v.Channel == h.ChannelMessage { // an account is nobody else's
		return "SELECT id, own AS reason FROM (" + base + ") s", args, nil
	}
	query := `
		SELECT id, CASE
			WHEN own IN ('` + string(campaign.Unticked) + `', '` + string(campaign.NotActive) + `', '` + string(campaign.NotLearner) + `', '` + string(campaign.NoContact) + `') THEN own
			WHEN count(*) FILTER (WHERE own IN ('', '` + string(campaign.Control) + `')) OVER (PARTITION BY contact ORDER BY id
				ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) > 0 THEN '` + string(campaign.SameContact) + `'
			ELSE own END AS reason
		FROM (` + base + `) s`
	return query, args, nil
}

func personArray(ids []segment.PersonID) any {
	list := make([]int64, len(ids))
	for i, id := range ids {
		list[i] = int64(id)
	}
	return int64Array(list)
}

// DryRun implements campaign.Sifter.
func (s *Campaigns) DryRun(ctx context.Context, v campaign.Sieve, now time.Time) (campaign.Sum, error) {
	query, args, err := sieve(v, now)
	if err != nil {
		return campaign.Sum{}, err
	}
	sum := campaign.Sum{Excluded: map[campaign.Exclusion]int64{}}
	err = s.ask(ctx, audienceTimeout, newQuestion("SELECT reason, count(*) FROM ("+query+") s GROUP BY reason", args, func(r pgx.Rows) error {
		var reason string
		var n int64
		if err := r.Scan(&reason, &n); err != nil {
			return err
		}
		sum.Matched += n
		if reason == "" {
			sum.Sendable = n
		} else {
			sum.Excluded[campaign.Exclusion(reason)] = n
		}
		return nil
	}))
	if err != nil {
		return campaign.Sum{}, err
	}
	return sum, nil
}

// Sample implements campaign.Sifter. Who shares a contact, or was contacted within the days of the
// cap, may be among them: to leave them out the whole audience, or all that was sent of late, would
// have to be looked at for a few people, and that whenever somebody types.
func (s *Campaigns) Sample(ctx context.Context, v campaign.Sieve, now time.Time, limit int) ([]campaign.Addressee, error) {
	v.CapDays = 0
	query, args, err := single(v, now)
	if err != nil {
		return nil, err
	}
	var rows []addresseeRow
	err = s.reading(ctx, func(tx bun.Tx) error {
		if err := roomy(ctx, tx); err != nil {
			return err
		}
		return tx.NewRaw("SELECT 0 AS ordinal, 0 AS tries, '' AS late, "+addresseeColumns(contacts[v.Channel].contact)+`
			FROM (SELECT id FROM (`+query+`) s WHERE own = '' ORDER BY id LIMIT ?) a JOIN crm_learners l ON l.id = a.id
			LEFT JOIN crm_memberships m ON m.learner_id = l.id AND NOT m.deleted`+openOrder+` ORDER BY l.id`, append(append(args, limit), about(v)...)...).Scan(ctx, &rows)
	})
	if err != nil {
		return nil, err
	}
	return addressees(rows, s.Currency), nil
}

// Sifted implements campaign.Sifter.
func (s *Campaigns) Sifted(ctx context.Context, v campaign.Sieve, now time.Time, e campaign.Exclusion, after string, limit int) ([]campaign.Recipient, string, error) {
	var key idKey
	if after != "" {
		if err := decodeCursor(after, &key); err != nil {
			return nil, "", err
		}
	}
	query, args, err := sieve(v, now)
	if err != nil {
		return nil, "", err
	}
	var rows []recipientRow
	err = s.reading(ctx, func(tx bun.Tx) error {
		if err := roomy(ctx, tx); err != nil {
			return err
		}
		return tx.NewRaw(`SELECT l.id AS ordinal, l.id AS learner_id, l.nickname, l.real_name, coalesce(l.host_id, '') AS host_id, 'excluded' AS state, a.reason
			FROM (SELECT id, reason FROM (`+query+`) s WHERE reason = ? AND id > ? ORDER BY id LIMIT ?) a JOIN crm_learners l ON l.id = a.id ORDER BY l.id`,
			append(args, string(e), key.ID, limit+1)...).Scan(ctx, &rows)
	})
	if err != nil {
		return nil, "", err
	}
	out, next := recipients(rows, limit)
	return out, next, nil
}

// Longest implements campaign.Sifter.
func (s *Campaigns) Longest(ctx context.Context, v campaign.Sieve, now time.Time) (campaign.Values, error) {
	query, args, err := single(v, now)
	if err != nil {
		return nil, err
	}
	out := campaign.Values{}
	err = s.reading(ctx, func(tx bun.Tx) error {
		if err := roomy(ctx, tx); err != nil {
			return err
		}
		// The longest has the most characters or, where some of them count twice, the most bytes.
		longest := func(measure, column string) string {
			return "coalesce(substr(max(lpad(" + measure + "(" + column + ")::text, 9, '0') || " + column + ` COLLATE "C"), 10), '')`
		}
		columns := func(measure string) string {
			return longest(measure, "l.nickname") + ", " + longest(measure, "l.real_name") + ", (SELECT " + longest(measure, "level_name") + " FROM crm_memberships), (SELECT " + longest(measure, "title") + " FROM crm_offerings)"
		}
		var nickname, name, level, title [2]string
		var owed int64
		if err := tx.NewRaw(`SELECT `+columns("char_length")+`, `+columns("octet_length")+`, coalesce(max(l.open_order_total), 0)
			FROM (`+query+`) a JOIN crm_learners l ON l.id = a.id WHERE a.own = ''`, args...).
			Scan(ctx, &nickname[0], &name[0], &level[0], &title[0], &nickname[1], &name[1], &level[1], &title[1], &owed); err != nil {
			return err
		}
		for key, values := range map[string][2]string{"nickname": nickname, "real_name": name, "member_level": level, "member_expires": {time.DateOnly},
			"open_title": title, "open_amount": {campaign.Amount(owed, s.Currency, s.Currency)}} {
			value := values[0]
			if campaign.SMSUnits(values[1]) > campaign.SMSUnits(value) {
				value = values[1]
			}
			if value != "" {
				out[key] = value
			}
		}
		return nil
	})
	return out, err
}
