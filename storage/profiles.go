package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// Profile implements segment.People: the person and all their rows, in one round trip.
func (s *Segments) Profile(ctx context.Context, id segment.PersonID) (*segment.Profile, error) {
	p := &segment.Profile{Offerings: map[int64]segment.ProfileOffering{}}
	args := []any{int64(id)}
	err := s.askIn(ctx, nil, audienceTimeout, // one person's rows are no heavy question
		newQuestion(profilePerson, args, func(r pgx.Rows) error { return scanProfile(r, p) }),
		newQuestion(profileOfferings, nil, func(r pgx.Rows) error { return scanOffering(r, p) }),
		newQuestion(profileOrders, args, func(r pgx.Rows) error { return scanOrder(r, p) }),
		newQuestion(profileEnrollments, args, func(r pgx.Rows) error { return scanEnrollment(r, p) }),
		newQuestion(profileActivities, args, func(r pgx.Rows) error {
			var a segment.ProfileActivity
			err := r.Scan(&a.Type, &a.Offering, &a.At)
			a.At = a.At.UTC()
			p.Activities = append(p.Activities, a)
			return err
		}),
		newQuestion(profileDeliveries, args, func(r pgx.Rows) error {
			var d segment.ProfileDelivery
			var at sql.NullTime
			err := r.Scan(&d.Campaign, (*string)(&d.Channel), &at, &d.Direct, &d.Clicked)
			d.At = orZero(at)
			p.Deliveries = append(p.Deliveries, d)
			return err
		}),
		newQuestion(profileClicks, args, func(r pgx.Rows) error {
			var c segment.ProfileClick
			err := r.Scan(&c.Campaign, &c.Link, &c.At)
			c.At = c.At.UTC()
			p.Clicks = append(p.Clicks, c)
			return err
		}),
		newQuestion(profilePairs, args, func(r pgx.Rows) error {
			var q segment.ProfilePair
			var ordered, paid, joined, learned sql.NullTime
			err := r.Scan(&q.Offering, &q.Stage, &q.Past, &q.SetLevel, &q.Heat, &q.Refunding, &ordered, &paid, &joined, &learned)
			q.OrderedAt, q.PaidAt, q.JoinedAt, q.LearnedAt = orZero(ordered), orZero(paid), orZero(joined), orZero(learned)
			p.Pairs = append(p.Pairs, q)
			return err
		}),
		newQuestion(profileFollowUps, args, func(r pgx.Rows) error {
			var f segment.ProfileFollowUp
			var next sql.NullTime
			err := r.Scan(&f.Planned, &f.At, &f.Open, &next, &f.Owner)
			f.At, f.NextAt = f.At.UTC(), orZero(next)
			p.FollowUps = append(p.FollowUps, f)
			return err
		}),
	)
	if err == nil && p.Person == 0 {
		return nil, fmt.Errorf("person %d: %w", id, fault.ErrNotFound)
	}
	return p, err
}

// effective is what counts of the host's word and our own: either can deny.
const effective = `CASE WHEN l.own_sms = 'denied' THEN 'denied' ELSE l.consent_sms END AS consent_sms,
	CASE WHEN l.own_email = 'denied' THEN 'denied' ELSE l.consent_email END AS consent_email,
	CASE WHEN l.own_message = 'denied' THEN 'denied' ELSE l.consent_message END AS consent_message`

const (
	profilePerson = `SELECT l.id, l.status, l.nickname, l.real_name, l.gender, l.birthday, l.register_source, l.device, l.province, l.city, l.roles,
			l.inviter_host_id, l.usable_mobile IS NOT NULL, l.usable_email IS NOT NULL, l.mobile_verified AND l.mobile <> '', l.email_verified AND l.email <> '',
			l.registered_at, l.last_login_at, ` + effective + `, l.dead_mobile, l.dead_email, l.custom,
			l.paid_order_count, l.paid_total, l.first_paid_at, l.last_paid_at, l.refund_count, l.refund_total, l.open_order_count, l.open_order_total,
			l.enrolled_count, l.last_learn_at, l.bought_ids, l.enrolled_ids, l.tag_ids, l.member_level, l.member_expires_at,
			ARRAY(SELECT m.list_id FROM crm_list_members m WHERE m.learner_id = l.id), ARRAY(SELECT g.label_id FROM crm_label_people g WHERE g.learner_id = l.id)
		FROM crm_learners l WHERE l.id = ? AND ` + people
	// There are hundreds of offerings: all of them cost less than finding which ones are meant.
	profileOfferings = `SELECT id, canonical_id, category_path, tag_ids, price, required_units FROM crm_offerings`
	profileOrders    = `SELECT status, origin, currency, paid_amount, refunded, coupon, created_at, paid_on FROM crm_orders
		WHERE learner_id = ?`
	profileEnrollments = `SELECT offering_id, role, status, join_reason, exit_reason, required_done, joined_at, expires_at, last_learn_at, completed_at, exited_at
		FROM crm_enrollments WHERE learner_id = ?`
	profileActivities = `SELECT type, coalesce(offering_id, 0), occurred_at FROM crm_activities WHERE learner_id = ?`
	profileDeliveries = `SELECT x.campaign_id, c.channel, coalesce(x.accepted_at, x.sending_at), x.direct,
			EXISTS (SELECT FROM crm_clicks k WHERE k.campaign_id = x.campaign_id AND k.ordinal = x.ordinal AND k.kind = 'human')
		FROM crm_deliveries x JOIN crm_campaigns c ON c.id = x.campaign_id
		WHERE x.learner_id = ? AND x.state IN ('accepted', 'delivered', 'unknown')`
	profileClicks    = `SELECT campaign_id, link_id, at FROM crm_clicks WHERE learner_id = ? AND kind = 'human'`
	profilePairs     = `SELECT offering_id, stage, past, set_level, heat + order_heat, refunding, ordered_at, paid_at, joined_at, learned_at FROM crm_pairs WHERE learner_id = ?`
	profileFollowUps = `SELECT method = 'plan', at, done_at IS NULL, next_at, owner_id FROM crm_followups WHERE learner_id = ?`
)

func scanProfile(r pgx.Rows, p *segment.Profile) error {
	var birthday, registered, login, firstPaid, lastPaid, learned, expires sql.NullTime
	var sms, email, message string
	var roles []string
	var custom []byte
	err := r.Scan((*int64)(&p.Person), (*string)(&p.Status), &p.Nickname, &p.RealName, (*string)(&p.Gender), &birthday, &p.RegisterSource, (*string)(&p.Device),
		&p.Province, &p.City, &roles, &p.Inviter, &p.HasMobile, &p.HasEmail, &p.MobileVerified, &p.EmailVerified, &registered, &login, &sms, &email, &message, &p.MobileDead, &p.EmailDead, &custom,
		&p.PaidCount, &p.PaidTotal, &firstPaid, &lastPaid, &p.RefundCount, &p.RefundTotal, &p.OpenCount, &p.OpenTotal,
		&p.EnrolledCount, &learned, &p.Bought, &p.Enrolled, &p.Tags, &p.MemberLevel, &expires, &p.Lists, &p.Labels)
	if err != nil {
		return err
	}
	p.Birthday, p.RegisteredAt, p.LastLoginAt = orZero(birthday), orZero(registered), orZero(login)
	p.FirstPaidAt, p.LastPaidAt, p.LastLearnAt, p.MemberExpiresAt = orZero(firstPaid), orZero(lastPaid), orZero(learned), orZero(expires)
	for _, role := range roles {
		p.Roles = append(p.Roles, h.Role(role))
	}
	for i, channel := range []h.Channel{h.ChannelSMS, h.ChannelEmail, h.ChannelMessage} {
		if h.ConsentState([]string{sms, email, message}[i]) == h.ConsentDenied {
			p.Refused = append(p.Refused, channel)
		}
	}
	if custom != nil {
		if err := json.Unmarshal(custom, &p.Custom); err != nil {
			return fmt.Errorf("custom fields: %w", err)
		}
	}
	return nil
}

func scanOffering(r pgx.Rows, p *segment.Profile) error {
	var id int64
	var o segment.ProfileOffering
	err := r.Scan(&id, &o.Canonical, &o.Categories, &o.Tags, &o.Price, &o.RequiredUnits)
	p.Offerings[id] = o
	return err
}

func scanOrder(r pgx.Rows, p *segment.Profile) error {
	var o segment.ProfileOrder
	var paid sql.NullTime
	err := r.Scan((*string)(&o.Status), (*string)(&o.Origin), &o.Currency, &o.Paid, &o.Refunded, &o.Coupon, &o.CreatedAt, &paid)
	o.CreatedAt, o.PaidOn = o.CreatedAt.UTC(), orZero(paid)
	p.Orders = append(p.Orders, o)
	return err
}

func scanEnrollment(r pgx.Rows, p *segment.Profile) error {
	var e segment.ProfileEnrollment
	var expires, learned, completed, exited sql.NullTime
	err := r.Scan(&e.Offering, (*string)(&e.Role), (*string)(&e.Status), (*string)(&e.JoinReason), (*string)(&e.ExitReason), &e.RequiredDone,
		&e.JoinedAt, &expires, &learned, &completed, &exited)
	e.JoinedAt, e.ExpiresAt, e.LastLearnAt, e.CompletedAt, e.ExitedAt = e.JoinedAt.UTC(), orZero(expires), orZero(learned), orZero(completed), orZero(exited)
	p.Enrollments = append(p.Enrollments, e)
	return err
}
