package storage

import (
	"context"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/dossier"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

type detailsRow struct {
	HostID         string `json:"host_id"`
	Birthday       string
	MobileVerified bool `json:"mobile_verified"`
	EmailVerified  bool `json:"email_verified"`
	Device, Locale string
	Roles          []h.Role
	InviterHostID  string `json:"inviter_host_id"`
	InviterID      int64  `json:"inviter_id"`
	Inviter        string
	StartsAt       time.Time `json:"starts_at"`
	UpdatedAt      time.Time `json:"updated_at"`
	Custom         map[string]h.CustomValue
}

func (r detailsRow) details() dossier.Details {
	d := dossier.Details{HostID: h.LearnerID(r.HostID), MobileVerified: r.MobileVerified, EmailVerified: r.EmailVerified,
		Device: h.Device(r.Device), Locale: r.Locale, Roles: r.Roles, LevelFrom: r.StartsAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
		Inviter: dossier.Inviter{HostID: h.LearnerID(r.InviterHostID), ID: segment.PersonID(r.InviterID), Name: r.Inviter}}
	if day, err := time.Parse(time.DateOnly, r.Birthday); err == nil { // none, or beyond what a date can be
		d.Birthday = day
	}
	for _, key := range slices.Sorted(maps.Keys(r.Custom)) {
		d.Custom = append(d.Custom, dossier.Custom{Key: key, Value: r.Custom[key]})
	}
	return d
}

// orderedKey is a place in a list of rows by time and number, the latest first. The zero value is the
// beginning.
type orderedKey struct {
	At time.Time `json:"t"`
	ID int64     `json:"i"`
}

// bound is a moment after all others at the beginning of a list.
func (k orderedKey) bound() (time.Time, int64) {
	if k.ID == 0 {
		return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), 0
	}
	return k.At, k.ID
}

// readCursor reads a cursor; empty leaves the key as it is.
func readCursor(after string, key any) error {
	if after == "" {
		return nil
	}
	return decodeCursor(after, key)
}

type orderRow struct {
	ID                           int64
	Sn, Status, Currency, Coupon string
	Payable, Paid, Refunded      int64
	CreatedAt                    time.Time `json:"created_at"`
	PaidOn                       time.Time `json:"paid_on"`
	ClosesAt                     time.Time `json:"closes_at"`
	Items                        []dossier.Item
	Refund                       dossier.Refund
	Campaign                     int64
	CampaignName                 string `json:"campaign_name"`
	CampaignChannel              string `json:"campaign_channel"`
}

func (r orderRow) order() dossier.Order {
	r.Refund.At = r.Refund.At.UTC()
	return dossier.Order{ID: r.ID, SN: r.Sn, Items: r.Items, Status: h.OrderStatus(r.Status), Currency: r.Currency, Coupon: r.Coupon,
		Payable: r.Payable, Paid: r.Paid, Refunded: r.Refunded, CreatedAt: r.CreatedAt.UTC(), PaidOn: r.PaidOn.UTC(), ClosesAt: r.ClosesAt.UTC(),
		Refund: r.Refund, Credit: dossier.Credit{Campaign: campaign.ID(r.Campaign), Name: r.CampaignName, Channel: h.Channel(r.CampaignChannel)}}
}

// Orders implements dossier.Store. Only the orders of the page are looked up in the other tables.
func (s *Dossiers) Orders(ctx context.Context, id segment.PersonID, after string, limit int, t dossier.Terms) (dossier.Page[dossier.Order], error) {
	var key orderedKey
	if err := readCursor(after, &key); err != nil {
		return dossier.Page[dossier.Order]{}, err
	}
	at, last := key.bound()
	var rows []dossier.Order
	var size dossier.Size
	err := s.about(ctx, withSize(&size, id, after, told(`
		SELECT o.*, c.name AS campaign_name, c.channel AS campaign_channel FROM (
			SELECT o.id, o.sn, o.status, o.currency, o.coupon, o.payable_amount AS payable, o.paid_amount AS paid, o.refunded, o.created_at, o.paid_on,
				CASE WHEN o.status = 'pending' THEN o.close_deadline END AS closes_at,
				(SELECT jsonb_agg(jsonb_build_object('title', i.title, 'quantity', i.quantity, 'amount', i.amount) ORDER BY i.pos) FROM crm_order_items i WHERE i.order_id = o.id) AS items,
				(SELECT jsonb_build_object('status', r.status, 'cash', r.cash, 'reason', r.reason, 'at', coalesce(r.handled_at, r.requested_at))
					FROM crm_refunds r WHERE r.order_id = o.id ORDER BY r.requested_at DESC NULLS LAST, r.pos DESC LIMIT 1) AS refund,
				`+creditOf+` AS campaign
			FROM crm_orders o WHERE o.learner_id = ?0 AND o.status <> 'deleted' AND o.created_at <= ?2 AND (o.created_at, o.id) < (?2, ?3)
			ORDER BY o.created_at DESC, o.id DESC LIMIT ?4) o
		LEFT JOIN crm_campaigns c ON c.id = o.campaign ORDER BY o.created_at DESC, o.id DESC`,
		[]any{int64(id), int64(t.Window.Seconds()), at, last, limit + 1}, func(r orderRow) { rows = append(rows, r.order()) }))...)
	return pageOf(rows, limit, size, func(o dossier.Order) any { return orderedKey{o.CreatedAt, o.ID} }), err
}

// Deliveries implements dossier.Store. Orders are looked at only when they were paid while a click of
// the page's campaigns could count for them.
func (s *Dossiers) Deliveries(ctx context.Context, id segment.PersonID, after string, limit int, t dossier.Terms) (dossier.Page[dossier.Delivery], error) {
	key := idKey{ID: math.MaxInt64}
	if err := readCursor(after, &key); err != nil {
		return dossier.Page[dossier.Delivery]{}, err
	}
	var rows []dossier.Delivery
	var size dossier.Size
	err := s.about(ctx, withSize(&size, id, after, told(`
		WITH d AS MATERIALIZED (
			SELECT x.campaign_id AS campaign, c.name, c.channel, x.direct, x.state, x.reason, coalesce(x.accepted_at, c.launched_at) AS at, k.clicked_at, k.clicked_last
			FROM crm_deliveries x JOIN crm_campaigns c ON c.id = x.campaign_id
				LEFT JOIN LATERAL (SELECT min(k.at) AS clicked_at, max(k.at) AS clicked_last FROM crm_clicks k
					WHERE k.campaign_id = x.campaign_id AND k.ordinal = x.ordinal AND k.kind = 'human') k ON true
			WHERE x.learner_id = ?0 AND x.state <> 'excluded' AND x.campaign_id < ?2 ORDER BY x.campaign_id DESC LIMIT ?3),
		o AS (
			SELECT o.campaign, count(*) AS orders, sum(CASE WHEN o.currency = ?4 THEN o.paid_amount - o.refunded ELSE 0 END) AS revenue FROM (
				SELECT o.currency, o.paid_amount, o.refunded, `+creditOf+` AS campaign
				FROM crm_orders o WHERE o.learner_id = ?0 AND o.paid_amount > 0
					AND EXISTS (SELECT FROM d WHERE d.clicked_at <= o.paid_on AND d.clicked_last >= o.paid_on - ?1 * interval '1 second')) o
			GROUP BY o.campaign)
		SELECT d.*, coalesce(o.orders, 0) AS orders, coalesce(o.revenue, 0) AS revenue FROM d LEFT JOIN o ON o.campaign = d.campaign ORDER BY d.campaign DESC`,
		[]any{int64(id), int64(t.Window.Seconds()), key.ID, limit + 1, t.Currency}, func(r deliveryRow) { rows = append(rows, r.delivery()) }))...)
	return pageOf(rows, limit, size, func(d dossier.Delivery) any { return idKey{int64(d.Campaign)} }), err
}
