package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/report"
	h "github.com/coursecrm/coursecrm/hostadapter"
)

// Reports implements report.Store and report.Books.
type Reports struct {
	*DB
	Currency string         // ISO 4217; the money of attributed orders in another currency is not added up
	Location *time.Location // of the site; nil: UTC
}

func (s *Reports) zone() string {
	if s.Location == nil {
		return time.UTC.String()
	}
	return s.Location.String()
}

// compared tells which campaigns c the report compares.
const compared = "NOT c.direct AND c.planned_at IS NOT NULL"

// lineRow is a campaign with its figures.
type lineRow struct {
	ID, TemplateID                                          int64
	Name, Channel, State, TemplateName, ByID, ByName        string
	Rule                                                    []byte
	Tracked                                                 bool
	PlannedAt                                               time.Time
	Control                                                 int
	CountedAt                                               bun.NullTime
	Sendable, Taken, Delivered, Failed                      int64
	Clickers, Orders, Buyers, Revenue, Unsubscribes         int64
	SentPeople, SentPayers, SentSum, HeldPeople, HeldPayers int64
	HeldSum                                                 int64
	SentSumSq, HeldSumSq                                    float64
}

func (r lineRow) line() (report.Line, error) {
	l := report.Line{ID: campaign.ID(r.ID), Name: r.Name, Channel: h.Channel(r.Channel), State: campaign.State(r.State), Tracked: r.Tracked,
		Template: campaign.TemplateID(r.TemplateID), TemplateName: r.TemplateName, ByID: r.ByID, ByName: r.ByName, At: r.PlannedAt.UTC(),
		Control: r.Control, CountedAt: utc(r.CountedAt),
		Figures: report.Figures{Sendable: r.Sendable, Taken: r.Taken, Delivered: r.Delivered, Failed: r.Failed, Clickers: r.Clickers,
			Orders: r.Orders, Buyers: r.Buyers, Revenue: r.Revenue, Unsubscribes: r.Unsubscribes},
		Sent: campaign.Group{People: r.SentPeople, Payers: r.SentPayers, Sum: r.SentSum, SumSq: r.SentSumSq},
		Held: campaign.Group{People: r.HeldPeople, Payers: r.HeldPayers, Sum: r.HeldSum, SumSq: r.HeldSumSq}}
	if l.Tracked {
		l.Linked = l.Taken
	}
	if err := json.Unmarshal(r.Rule, &l.Rule); err != nil {
		return l, fmt.Errorf("rule of campaign %d: %w", r.ID, err)
	}
	return l, nil
}

// Lines implements report.Store.
func (s *Reports) Lines(ctx context.Context, from time.Time) ([]report.Line, error) {
	var rows []lineRow
	err := s.bun.NewRaw(`
		SELECT c.id, c.name, c.channel, c.state, c.tracked, c.rule, c.by_id, c.by_name, c.planned_at, c.control, c.template_id, coalesce(t.name, '') AS template_name,
			f.counted_at, coalesce(f.sendable, 0) AS sendable, coalesce(f.taken, 0) AS taken, coalesce(f.delivered, 0) AS delivered, coalesce(f.failed, 0) AS failed,
			coalesce(f.clickers, 0) AS clickers, coalesce(f.orders, 0) AS orders, coalesce(f.buyers, 0) AS buyers, coalesce(f.revenue, 0) AS revenue, coalesce(f.unsubscribes, 0) AS unsubscribes,
			coalesce(f.sent_people, 0) AS sent_people, coalesce(f.sent_payers, 0) AS sent_payers, coalesce(f.sent_sum, 0) AS sent_sum, coalesce(f.sent_sum_sq, 0) AS sent_sum_sq,
			coalesce(f.held_people, 0) AS held_people, coalesce(f.held_payers, 0) AS held_payers, coalesce(f.held_sum, 0) AS held_sum, coalesce(f.held_sum_sq, 0) AS held_sum_sq
		FROM crm_campaigns c LEFT JOIN crm_campaign_figures f ON f.campaign_id = c.id LEFT JOIN crm_templates t ON t.id = c.template_id
		WHERE `+compared+` AND c.planned_at >= ? ORDER BY c.planned_at DESC, c.id DESC`, from).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read figures of campaigns: %w", translate(err))
	}
	out := make([]report.Line, len(rows))
	for i, r := range rows {
		if out[i], err = r.line(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Count implements report.Books. The formulas are those of the campaign's own page.
func (s *Reports) Count(ctx context.Context, id campaign.ID, window time.Duration, now time.Time) error {
	own := &Campaigns{DB: s.DB, Currency: s.Currency}
	c, err := own.Find(ctx, id)
	if err != nil {
		return err
	}
	r, err := own.Result(ctx, id, window)
	if err != nil {
		return fmt.Errorf("result of campaign %d: %w", id, err)
	}
	var sent, held campaign.Group
	if c.Control > 0 {
		if sent, held, err = own.Groups(ctx, id, window, now); err != nil {
			return fmt.Errorf("control group of campaign %d: %w", id, err)
		}
	}
	_, err = s.bun.NewRaw(`
		INSERT INTO crm_campaign_figures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
			(SELECT count(DISTINCT x.learner_id) FROM crm_consents x WHERE x.campaign_id = ? AND x.campaign_id <> 0 AND x.state = 'denied'),
			?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (campaign_id) DO UPDATE SET (counted_at, sendable, taken, delivered, failed, clickers, orders, buyers, revenue, unsubscribes,
				sent_people, sent_payers, sent_sum, sent_sum_sq, held_people, held_payers, held_sum, held_sum_sq)
			= (EXCLUDED.counted_at, EXCLUDED.sendable, EXCLUDED.taken, EXCLUDED.delivered, EXCLUDED.failed, EXCLUDED.clickers, EXCLUDED.orders, EXCLUDED.buyers,
				EXCLUDED.revenue, EXCLUDED.unsubscribes, EXCLUDED.sent_people, EXCLUDED.sent_payers, EXCLUDED.sent_sum, EXCLUDED.sent_sum_sq,
				EXCLUDED.held_people, EXCLUDED.held_payers, EXCLUDED.held_sum, EXCLUDED.held_sum_sq)`,
		int64(id), now, r.Sendable, r.Taken(), r.ByState[campaign.Delivered], r.ByState[campaign.Failed], r.Clickers, r.Orders, r.Buyers, r.Revenue, int64(id),
		sent.People, sent.Payers, sent.Sum, sent.SumSq, held.People, held.Payers, held.Sum, held.SumSq).Exec(ctx)
	if err != nil {
		return fmt.Errorf("keep figures of campaign %d: %w", id, translate(err))
	}
	return nil
}
