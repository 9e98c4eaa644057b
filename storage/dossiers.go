package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/dossier"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// Dossiers implements dossier.Store.
type Dossiers struct{ *DB }

// Find implements dossier.Store.
func (s *Dossiers) Find(ctx context.Context, id segment.PersonID, window time.Duration, now time.Time) (dossier.Dossier, error) {
	var d dossier.Dossier
	err := s.reading(ctx, func(tx bun.Tx) error {
		var err error
		if d, err = dossierPerson(ctx, tx, id); err != nil {
			return err
		}
		if d.Orders, err = dossierOrders(ctx, tx, id, window); err != nil {
			return fmt.Errorf("orders: %w", err)
		}
		if d.Enrollments, err = dossierEnrollments(ctx, tx, id, now); err != nil {
			return fmt.Errorf("enrollments: %w", err)
		}
		if d.Deliveries, err = dossierDeliveries(ctx, tx, id); err != nil {
			return fmt.Errorf("deliveries: %w", err)
		}
		return nil
	})
	return d, err
}

func dossierPerson(ctx context.Context, tx bun.Tx, id segment.PersonID) (dossier.Dossier, error) {
	var r struct {
		personRow                                `bun:",extend"`
		ConsentSms, ConsentEmail, ConsentMessage string
		HostSms, HostEmail, HostMessage          string
		EmailDead, MobileDead                    bool
		Marketable, EmailUsable, MobileUsable    bool
		MemberUntil                              bun.NullTime
		RefundCount, OpenCount                   int
		RefundTotal, OpenTotal                   int64
	}
	err := tx.NewRaw("SELECT "+personColumns+`, l.marketable,
			l.usable_email IS NOT NULL AND NOT l.dead_email AS email_usable, l.usable_mobile IS NOT NULL AND NOT l.dead_mobile AS mobile_usable,
			`+effective+`, l.consent_sms AS host_sms, l.consent_email AS host_email, l.consent_message AS host_message, l.dead_email AS email_dead, l.dead_mobile AS mobile_dead,
			l.member_expires_at AS member_until,
			l.refund_count, l.refund_total, l.open_order_count AS open_count, l.open_order_total AS open_total
		FROM crm_learners l WHERE l.id = ?`, int64(id)).Scan(ctx, &r)
	return dossier.Dossier{Person: r.person(), Marketable: r.Marketable, EmailUsable: r.EmailUsable, MobileUsable: r.MobileUsable,
		Consent: h.Consent{h.ChannelSMS: h.ConsentState(r.ConsentSms), h.ChannelEmail: h.ConsentState(r.ConsentEmail),
			h.ChannelMessage: h.ConsentState(r.ConsentMessage)},
		HostConsent: h.Consent{h.ChannelSMS: h.ConsentState(r.HostSms), h.ChannelEmail: h.ConsentState(r.HostEmail),
			h.ChannelMessage: h.ConsentState(r.HostMessage)}, EmailDead: r.EmailDead, MobileDead: r.MobileDead,
		MemberUntil: utc(r.MemberUntil), RefundCount: r.RefundCount, RefundTotal: r.RefundTotal,
		OpenCount: r.OpenCount, OpenTotal: r.OpenTotal}, err
}

func dossierOrders(ctx context.Context, tx bun.Tx, id segment.PersonID, window time.Duration) ([]dossier.Order, error) {
	var rows []struct {
		ID, PayableAmount, PaidAmount, Refunded, CampaignID int64
		Sn, Status, Currency                                string
		Titles                                              []string `bun:",array"`
		CreatedAt                                           time.Time
		PaidOn                                              bun.NullTime
	}
	err := tx.NewRaw(`
		SELECT o.id, o.sn, o.status, o.currency, o.payable_amount, o.paid_amount, o.refunded, o.created_at, o.paid_on,
			ARRAY(SELECT i.title FROM crm_order_items i WHERE i.order_id = o.id ORDER BY i.pos) AS titles,
			coalesce((SELECT k.campaign_id FROM crm_clicks k
				WHERE k.learner_id = o.learner_id AND k.kind = 'human' AND o.paid_amount > 0 AND k.at <= o.paid_on
					AND k.at >= o.paid_on - ? * interval '1 second'
				ORDER BY k.at DESC, k.campaign_id DESC LIMIT 1), 0) AS campaign_id
		FROM crm_orders o WHERE o.learner_id = ? AND o.status <> 'deleted' ORDER BY o.created_at DESC, o.id DESC LIMIT ?`,
		int64(window.Seconds()), int64(id), dossier.Limit).Scan(ctx, &rows)
	out := make([]dossier.Order, len(rows))
	for i, r := range rows {
		out[i] = dossier.Order{ID: r.ID, SN: r.Sn, Titles: r.Titles, Status: h.OrderStatus(r.Status), Currency: r.Currency,
			Payable: r.PayableAmount, Paid: r.PaidAmount, Refunded: r.Refunded, CreatedAt: r.CreatedAt.UTC(), PaidOn: utc(r.PaidOn),
			Campaign: campaign.ID(r.CampaignID)}
	}
	return out, err
}

func dossierEnrollments(ctx context.Context, tx bun.Tx, id segment.PersonID, now time.Time) ([]dossier.Enrollment, error) {
	var rows []struct {
		Title, Type, Status    string
		JoinedAt               time.Time
		ExpiresAt, LastLearnAt bun.NullTime
		RequiredDone           int
		RequiredUnits          int
	}
	err := tx.NewRaw(`
		SELECT CASE WHEN f.title = '' THEN '#' || f.host_id ELSE f.title END AS title, f.type,
			CASE WHEN e.status = 'active' AND e.expires_at <= ? THEN 'expired' ELSE e.status END AS status,
			e.joined_at, e.expires_at, e.last_learn_at, e.required_done, f.required_units
		FROM crm_enrollments e JOIN crm_offerings f ON f.id = e.offering_id
		WHERE e.learner_id = ? AND e.role = 'student' ORDER BY e.joined_at DESC, e.id DESC LIMIT ?`, now, int64(id), dossier.Limit).Scan(ctx, &rows)
	out := make([]dossier.Enrollment, len(rows))
	for i, r := range rows {
		out[i] = dossier.Enrollment{Title: r.Title, Type: h.TargetType(r.Type), Status: h.EnrollmentStatus(r.Status),
			JoinedAt: r.JoinedAt.UTC(), ExpiresAt: utc(r.ExpiresAt), LastLearnAt: utc(r.LastLearnAt), Done: r.RequiredDone, Units: r.RequiredUnits}
	}
	return out, err
}

func dossierDeliveries(ctx context.Context, tx bun.Tx, id segment.PersonID) ([]dossier.Delivery, error) {
	var rows []struct {
		CampaignID           int64
		Name, Channel, State string
		Direct               bool
		At                   time.Time
		ClickedAt            bun.NullTime
	}
	err := tx.NewRaw(`
		SELECT c.id AS campaign_id, c.name, c.channel, d.direct, d.state, coalesce(d.accepted_at, c.launched_at) AS at,
			(SELECT min(k.at) FROM crm_clicks k WHERE k.campaign_id = d.campaign_id AND k.ordinal = d.ordinal AND k.kind = 'human') AS clicked_at
		FROM crm_deliveries d JOIN crm_campaigns c ON c.id = d.campaign_id
		WHERE d.learner_id = ? AND d.state <> 'excluded' ORDER BY c.id DESC LIMIT ?`, int64(id), dossier.Limit).Scan(ctx, &rows)
	out := make([]dossier.Delivery, len(rows))
	for i, r := range rows {
		out[i] = dossier.Delivery{Campaign: campaign.ID(r.CampaignID), Name: r.Name, Channel: h.Channel(r.Channel), Direct: r.Direct,
			State: campaign.DeliveryState(r.State), At: r.At.UTC(), ClickedAt: utc(r.ClickedAt)}
	}
	return out, err
}
