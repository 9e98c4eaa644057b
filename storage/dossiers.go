package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/dossier"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// Dossiers implements dossier.Store.
type Dossiers struct{ *DB }

// about asks questions about one person. There is no queue for them: each reads little.
func (s *Dossiers) about(ctx context.Context, questions ...question) error {
	return s.askIn(ctx, nil, audienceTimeout, questions...)
}

// told asks for rows, each as one JSON value: the lists have many columns, most of them empty.
func told[T any](sql string, args []any, each func(T)) question {
	return newQuestion("SELECT to_jsonb(x) FROM ("+sql+") x", args, func(r pgx.Rows) error {
		var text []byte
		if err := r.Scan(&text); err != nil {
			return err
		}
		var row T
		if err := json.Unmarshal(text, &row); err != nil {
			return fmt.Errorf("read row: %w", err)
		}
		each(row)
		return nil
	})
}

// pageOf cuts what was read beyond a page and gives the cursor behind its last row.
func pageOf[T any](rows []T, limit int, size dossier.Size, key func(T) any) dossier.Page[T] {
	p := dossier.Page[T]{Rows: rows, Size: size}
	if len(rows) > limit {
		p.Rows = rows[:limit]
		p.Next = encodeCursor(key(rows[limit-1]))
	}
	return p
}

// headPlaces and headDeliveries are how many of each the head holds: the first are for the eye, the
// others tell what was sent within the days of the cap.
const (
	headPlaces     = 5
	headDeliveries = 50
)

// Head implements dossier.Store.
func (s *Dossiers) Head(ctx context.Context, id segment.PersonID, t dossier.Terms) (dossier.Dossier, error) {
	var d dossier.Dossier
	err := s.about(ctx, headQuestion(&d, id), sizeQuestion(&d.Size, id), latelyQuestion(&d.Lately, id, t),
		placesQuestion(id, orderedKey{}, headPlaces, t, func(p dossier.Place) { d.Places = append(d.Places, p) }),
		recentQuestion(id, func(r dossier.Delivery) { d.Recent = append(d.Recent, r) }))
	if err == nil && d.ID == 0 {
		err = fault.ErrNotFound
	}
	return d, err
}

func headQuestion(d *dossier.Dossier, id segment.PersonID) question {
	return newQuestion(`SELECT l.marketable,
			l.usable_email IS NOT NULL AND NOT l.dead_email, l.usable_mobile IS NOT NULL AND NOT l.dead_mobile,
			l.dead_email, l.dead_mobile, l.consent_sms, l.consent_email, l.consent_message, l.own_sms, l.own_email, l.own_message,
			l.member_expires_at, l.first_paid_at, l.refund_count, l.refund_total, l.open_order_count, l.open_order_total,
			`+personColumns+`, NULL::timestamptz, '', false
		FROM crm_learners l WHERE l.id = ?`, []any{int64(id)}, func(r pgx.Rows) (err error) {
		var host, own [3]string
		var until, first sql.NullTime
		d.Person, err = scanPerson(r, &d.Marketable, &d.EmailUsable, &d.MobileUsable, &d.EmailDead, &d.MobileDead,
			&host[0], &host[1], &host[2], &own[0], &own[1], &own[2], &until, &first, &d.RefundCount, &d.RefundTotal, &d.OpenCount, &d.OpenTotal)
		d.MemberUntil, d.FirstPaidAt = orZero(until), orZero(first)
		d.HostConsent, d.Consent = h.Consent{}, h.Consent{}
		for i, ch := range []h.Channel{h.ChannelSMS, h.ChannelEmail, h.ChannelMessage} {
			d.HostConsent[ch] = h.ConsentState(host[i])
			d.Consent[ch] = d.HostConsent[ch]
			if h.ConsentState(own[i]) == h.ConsentDenied {
				d.Consent[ch] = h.ConsentDenied
			}
		}
		return err
	})
}

// creditOf is the campaign that an order o counts for; ?1 is the window in seconds. campaign.Attribute is the
// same in Go.
const creditOf = `(SELECT k.campaign_id FROM crm_clicks k
	WHERE k.learner_id = o.learner_id AND k.kind = 'human' AND o.paid_amount > 0 AND k.at <= o.paid_on AND k.at >= o.paid_on - ?1 * interval '1 second'
	ORDER BY k.at DESC, k.campaign_id DESC LIMIT 1)`

// sizeQuestion counts the rows of the lists.
func sizeQuestion(n *dossier.Size, id segment.PersonID) question {
	return newQuestion(`SELECT
			(SELECT count(*) FROM crm_orders o WHERE o.learner_id = ?0 AND o.status <> 'deleted'),
			(SELECT count(*) FROM crm_enrollments e WHERE e.learner_id = ?0 AND e.role = 'student'),
			(SELECT count(*) FROM crm_deliveries x WHERE x.learner_id = ?0 AND x.state <> 'excluded'),
			(SELECT count(*) FROM crm_followups f WHERE f.learner_id = ?0)`,
		[]any{int64(id)}, func(r pgx.Rows) error { return r.Scan(&n.Orders, &n.Places, &n.Deliveries, &n.Followups) })
}

// withSize asks for the sizes too, unless a later page is wanted.
func withSize(n *dossier.Size, id segment.PersonID, after string, questions ...question) []question {
	if after != "" {
		return questions
	}
	return append(questions, sizeQuestion(n, id))
}

// latelyQuestion counts what marketing did of late.
func latelyQuestion(n *dossier.Lately, id segment.PersonID, t dossier.Terms) question {
	since := t.Now.Add(-dossier.LatelyDays * 24 * time.Hour)
	return newQuestion(`SELECT
			(SELECT count(*) FROM crm_deliveries x WHERE x.learner_id = ?0 AND x.state IN ('accepted', 'delivered', 'unknown') AND coalesce(x.accepted_at, x.sending_at) >= ?2),
			(SELECT count(*) FROM crm_clicks k WHERE k.learner_id = ?0 AND k.kind = 'human' AND k.at >= ?2),
			(SELECT count(*) FROM crm_orders o WHERE o.learner_id = ?0 AND o.paid_on >= ?2 AND `+creditOf+` IS NOT NULL)`,
		[]any{int64(id), int64(t.Window.Seconds()), since}, func(r pgx.Rows) error {
			return r.Scan(&n.Sent, &n.Clicks, &n.Orders)
		})
}

// recentQuestion lists the latest messages without what they brought in.
func recentQuestion(id segment.PersonID, each func(dossier.Delivery)) question {
	return told(`SELECT c.id AS campaign, c.name, c.channel, d.direct, d.state, coalesce(d.accepted_at, c.launched_at) AS at
		FROM crm_deliveries d JOIN crm_campaigns c ON c.id = d.campaign_id
		WHERE d.learner_id = ? AND d.state <> 'excluded' ORDER BY d.campaign_id DESC LIMIT ?`, []any{int64(id), headDeliveries},
		func(r deliveryRow) { each(r.delivery()) })
}

type deliveryRow struct {
	Campaign             int64
	Name, Channel, State string
	Reason               string
	Direct               bool
	At                   time.Time
	ClickedAt            time.Time `json:"clicked_at"`
	Orders               int
	Revenue              int64
}

func (r deliveryRow) delivery() dossier.Delivery {
	return dossier.Delivery{Campaign: campaign.ID(r.Campaign), Name: r.Name, Channel: h.Channel(r.Channel), Direct: r.Direct,
		State: campaign.DeliveryState(r.State), Reason: campaign.Reason(r.Reason), At: r.At.UTC(), ClickedAt: r.ClickedAt.UTC(),
		Orders: r.Orders, Revenue: r.Revenue}
}

// Details implements dossier.Store.
func (s *Dossiers) Details(ctx context.Context, id segment.PersonID) (dossier.Details, error) {
	var d dossier.Details
	var size dossier.Size
	found := false
	err := s.about(ctx, told(`SELECT l.host_id, l.birthday, l.mobile_verified, l.email_verified, l.device, l.locale, l.roles, l.inviter_host_id,
			i.id AS inviter_id, coalesce(nullif(i.real_name, ''), i.nickname) AS inviter, m.starts_at, l.updated_at, l.custom
		FROM crm_learners l LEFT JOIN crm_learners i ON l.inviter_host_id <> '' AND i.host_id = l.inviter_host_id
			LEFT JOIN crm_memberships m ON m.learner_id = l.id AND NOT m.deleted
		WHERE l.id = ?`, []any{int64(id)}, func(r detailsRow) { d, found = r.details(), true }), sizeQuestion(&size, id))
	d.Size = size
	if err == nil && !found {
		err = fault.ErrNotFound
	}
	return d, err
}
