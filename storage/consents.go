package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// ownConsent and hostConsent name, for each channel, the column with what a person told us and
// with what the host says. The host's is also written by its feed, whose later word replaces ours.
var (
	ownConsent  = map[h.Channel]string{h.ChannelSMS: "own_sms", h.ChannelEmail: "own_email", h.ChannelMessage: "own_message"}
	hostConsent = map[h.Channel]string{h.ChannelSMS: "consent_sms", h.ChannelEmail: "consent_email", h.ChannelMessage: "consent_message"}
)

// Recipient implements campaign.ConsentStore.
func (s *Campaigns) Recipient(ctx context.Context, k campaign.OptOutToken) (campaign.Campaign, segment.PersonID, h.ConsentState, error) {
	var row struct {
		LearnerID           int64
		Channel             string
		Sms, Email, Message string
	}
	err := s.bun.NewRaw(`SELECT d.learner_id, c.channel, l.own_sms AS sms, l.own_email AS email, l.own_message AS message
		FROM crm_deliveries d JOIN crm_campaigns c ON c.id = d.campaign_id JOIN crm_learners l ON l.id = d.learner_id
		WHERE d.campaign_id = ? AND d.ordinal = ?`, int64(k.Campaign), k.Ordinal).Scan(ctx, &row)
	if err != nil {
		return campaign.Campaign{}, 0, "", translate(err)
	}
	c := campaign.Campaign{ID: k.Campaign, Channel: h.Channel(row.Channel)}
	said := map[h.Channel]string{h.ChannelSMS: row.Sms, h.ChannelEmail: row.Email, h.ChannelMessage: row.Message}
	return c, segment.PersonID(row.LearnerID), h.ConsentState(said[c.Channel]), nil
}

// SetConsents implements campaign.ConsentStore and campaign.Ledger.
func (s *Campaigns) SetConsents(ctx context.Context, changes []campaign.ConsentChange) error {
	if len(changes) == 0 {
		return nil
	}
	return s.inTx(ctx, func(t *tx) error {
		for _, c := range changes {
			columns := ownConsent
			if c.Source == campaign.FromHost {
				columns = hostConsent
			}
			column, ok := columns[c.Channel]
			if !ok {
				return fmt.Errorf("%w: channel", fault.ErrInvalid)
			}
			n, err := t.exec(ctx, "UPDATE crm_learners SET "+column+" = ? WHERE id = ? AND "+column+" <> ? AND erased_at IS NULL", string(c.State), int64(c.Person), string(c.State))
			if err != nil {
				return err
			}
			if n == 0 {
				continue
			}
			if _, err := t.exec(ctx, `INSERT INTO crm_consents (learner_id, channel, state, source, purpose, campaign_id, by_id, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
				int64(c.Person), string(c.Channel), string(c.State), string(c.Source), campaign.PurposeMarketing, int64(c.Campaign), c.ByID, c.At); err != nil {
				return err
			}
		}
		return nil
	})
}

// Consents implements campaign.ConsentStore.
func (s *Campaigns) Consents(ctx context.Context, p segment.PersonID, limit int) ([]campaign.ConsentChange, error) {
	var rows []struct {
		Channel, State, Source, ByID string
		CampaignID                   int64
		At                           time.Time
	}
	if err := s.bun.NewRaw("SELECT channel, state, source, by_id, campaign_id, at FROM crm_consents WHERE learner_id = ? ORDER BY id DESC LIMIT ?",
		int64(p), limit).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("list consents: %w", translate(err))
	}
	out := make([]campaign.ConsentChange, len(rows))
	for i, r := range rows {
		out[i] = campaign.ConsentChange{Person: p, Channel: h.Channel(r.Channel), State: h.ConsentState(r.State), Source: campaign.ConsentSource(r.Source),
			Campaign: campaign.ID(r.CampaignID), ByID: r.ByID, At: r.At.UTC()}
	}
	return out, nil
}

// usable names, for each channel, the column of learners with the contact, and the one that says
// it is dead. A private message has none that could die.
var usable = map[h.Channel]struct{ contact, dead string }{
	h.ChannelSMS: {"usable_mobile", "dead_mobile"}, h.ChannelEmail: {"usable_email", "dead_email"},
}

// Holders implements campaign.ConsentStore.
func (s *Campaigns) Holders(ctx context.Context, ch h.Channel, contact string) ([]segment.PersonID, error) {
	u, ok := usable[ch]
	if !ok {
		return nil, fmt.Errorf("%w: channel", fault.ErrInvalid)
	}
	var ids []segment.PersonID
	err := s.bun.NewRaw("SELECT id FROM crm_learners WHERE "+u.contact+" = ? ORDER BY id LIMIT 1000", contact).Scan(ctx, &ids)
	return ids, translate(err)
}

type suppressionRow struct {
	Channel, Contact, Reason string
	CampaignID               int64
	At                       time.Time
}

// Suppress implements campaign.ConsentStore.
func (s *Campaigns) Suppress(ctx context.Context, list []campaign.Suppression, byID string) (int, error) {
	if len(list) == 0 {
		return 0, nil
	}
	rows := make([]suppressionRow, len(list))
	for i, x := range list {
		if _, ok := usable[x.Channel]; !ok {
			return 0, fmt.Errorf("%w: channel", fault.ErrInvalid)
		}
		rows[i] = suppressionRow{string(x.Channel), x.Contact, string(x.Reason), int64(x.Campaign), x.At}
	}
	n := 0
	err := s.inTx(ctx, func(t *tx) (err error) {
		n, err = suppress(ctx, t, rows, byID, list[0].At)
		return err
	})
	return n, err
}

// suppress enters contacts, marks the people who have them and tells how many were new. An erasure
// of one of those waits until the transaction has ended, and finds the contact.
func suppress(ctx context.Context, t *tx, rows []suppressionRow, byID string, now time.Time) (int, error) {
	channels, contacts, reasons, campaigns := make([]string, len(rows)), make([]string, len(rows)), make([]string, len(rows)), make([]int64, len(rows))
	for i, r := range rows {
		channels[i], contacts[i], reasons[i], campaigns[i] = r.Channel, r.Contact, r.Reason, r.CampaignID
	}
	for ch, u := range usable {
		if _, err := t.exec(ctx, "SELECT FROM crm_learners l WHERE l."+u.contact+` IN (SELECT o.contact FROM unnest(?::text[], ?::text[]) AS o (channel, contact)
			WHERE o.channel = ?) FOR KEY SHARE`, textArray(channels), textArray(contacts), string(ch)); err != nil {
			return 0, fmt.Errorf("hold people with contacts: %w", err)
		}
	}
	n, err := t.exec(ctx, `INSERT INTO crm_suppressions (channel, contact, reason, campaign_id, by_id, at)
		SELECT DISTINCT ON (1, 2) o.channel, o.contact, o.reason, o.campaign, ?, ?::timestamptz
		FROM unnest(?::text[], ?::text[], ?::text[], ?::bigint[]) AS o (channel, contact, reason, campaign) ORDER BY 1, 2
		ON CONFLICT DO NOTHING`, byID, now, textArray(channels), textArray(contacts), textArray(reasons), int64Array(campaigns))
	if err != nil {
		return 0, fmt.Errorf("suppress contacts: %w", err)
	}
	return int(n), markDead(ctx, t, channels, contacts, true)
}

// markDead marks whether the contacts of people are suppressed.
func markDead(ctx context.Context, t *tx, channels, contacts []string, dead bool) error {
	for ch, u := range usable {
		if _, err := t.exec(ctx, `UPDATE crm_learners l SET `+u.dead+` = ? WHERE `+u.dead+` <> ? AND l.`+u.contact+` IN (
			SELECT o.contact FROM unnest(?::text[], ?::text[]) AS o (channel, contact) WHERE o.channel = ?)`,
			dead, dead, textArray(channels), textArray(contacts), string(ch)); err != nil {
			return fmt.Errorf("mark suppressed people: %w", err)
		}
	}
	return nil
}

// Unsuppress implements campaign.ConsentStore.
func (s *Campaigns) Unsuppress(ctx context.Context, ch h.Channel, contacts []string) (int, error) {
	n := 0
	err := s.inTx(ctx, func(t *tx) error {
		gone, err := t.exec(ctx, "DELETE FROM crm_suppressions WHERE channel = ? AND contact = ANY (?)", string(ch), textArray(contacts))
		if err != nil {
			return err
		}
		n = int(gone)
		channels := make([]string, len(contacts))
		for i := range channels {
			channels[i] = string(ch)
		}
		return markDead(ctx, t, channels, contacts, false)
	})
	return n, err
}

type suppressionKey struct {
	At      time.Time
	Channel string
	Contact string
}

// Suppressions implements campaign.ConsentStore.
func (s *Campaigns) Suppressions(ctx context.Context, ch h.Channel, contact, after string, limit int) ([]campaign.Suppression, string, error) {
	key := suppressionKey{At: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}
	if after != "" {
		if err := decodeCursor(after, &key); err != nil {
			return nil, "", err
		}
	}
	var rows []suppressionRow
	err := s.reading(ctx, func(tx bun.Tx) error {
		return tx.NewRaw(`SELECT channel, contact, reason, campaign_id, at FROM crm_suppressions
			WHERE (at < ? OR at = ? AND (channel, contact) > (?, ?)) AND (? = '' OR channel = ?) AND (? = '' OR contact = ?)
			ORDER BY at DESC, channel, contact LIMIT ?`,
			key.At, key.At, key.Channel, key.Contact, string(ch), string(ch), contact, contact, limit+1).Scan(ctx, &rows)
	})
	if err != nil {
		return nil, "", fmt.Errorf("list suppressions: %w", translate(err))
	}
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		last := rows[limit-1]
		next = encodeCursor(suppressionKey{last.At, last.Channel, last.Contact})
	}
	out := make([]campaign.Suppression, len(rows))
	for i, r := range rows {
		out[i] = campaign.Suppression{Channel: h.Channel(r.Channel), Contact: r.Contact, Reason: campaign.SuppressionReason(r.Reason),
			Campaign: campaign.ID(r.CampaignID), At: r.At.UTC()}
	}
	return out, next, nil
}
