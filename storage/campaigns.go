package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// Campaigns implements campaign.Store and campaign.Ledger.
type Campaigns struct {
	*DB
	Currency string // ISO 4217; the money of attributed orders in another currency is not added up
}

type campaignRow struct {
	ID                                                            int64
	Key, Name, Channel, Subject, Body, LinkTarget, State, Stalled string
	Rule                                                          []byte
	StalledAt, DoneAt                                             bun.NullTime
	ByID, ByName                                                  string
	LaunchedAt                                                    time.Time
}

const campaignColumns = `c.id, c.key, c.name, c.channel, c.subject, c.body, c.link_target, c.state, c.stalled,
	c.rule, c.stalled_at, c.done_at, c.by_id, c.by_name, c.launched_at`

func (r campaignRow) campaign() (campaign.Campaign, error) {
	c := campaign.Campaign{ID: campaign.ID(r.ID), Key: r.Key, Name: r.Name, Channel: h.Channel(r.Channel),
		Subject: r.Subject, Body: r.Body, LinkTarget: r.LinkTarget, State: campaign.State(r.State),
		Stalled: campaign.Stall(r.Stalled), StalledAt: utc(r.StalledAt), ByID: r.ByID, ByName: r.ByName,
		LaunchedAt: r.LaunchedAt.UTC(), DoneAt: utc(r.DoneAt)}
	if err := json.Unmarshal(r.Rule, &c.Rule); err != nil {
		return c, fmt.Errorf("rule of campaign %d: %w", r.ID, err)
	}
	return c, nil
}

// Insert implements campaign.Store. The planning is the campaign's first piece of work.
func (s *Campaigns) Insert(ctx context.Context, c campaign.Campaign) (campaign.ID, error) {
	var id int64
	err := s.inTx(ctx, func(t *tx) error {
		if err := holdQueries(ctx, t, c.Rule); err != nil {
			return err
		}
		n, err := t.exec(ctx, `
			INSERT INTO crm_campaigns (key, name, channel, rule, subject, body, link_target, state, by_id, by_name, launched_at)
			VALUES (?, ?, ?, ?::jsonb, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING`,
			c.Key, c.Name, string(c.Channel), string(c.Rule.JSON()), c.Subject, c.Body, c.LinkTarget, string(c.State),
			c.ByID, c.ByName, c.LaunchedAt)
		if err != nil {
			return err
		}
		if err := t.NewRaw("SELECT id FROM crm_campaigns WHERE key = ?", c.Key).Scan(ctx, &id); err != nil {
			return err
		}
		if n == 1 {
			_, err = t.exec(ctx, "INSERT INTO crm_chunks (campaign_id, chunk) VALUES (?, ?)", id, campaign.PlanChunk)
		}
		return err
	})
	return campaign.ID(id), err
}

// holdQueries sees to it that the quick queries of a rule are there, and stay until the transaction
// ends: from then on the campaign itself keeps them from being deleted.
func holdQueries(ctx context.Context, t *tx, r segment.Rule) error {
	ids := r.QueryIDs()
	if len(ids) == 0 {
		return nil
	}
	if _, err := t.exec(ctx, "LOCK TABLE crm_queries IN SHARE MODE"); err != nil {
		return err
	}
	list := make([]int64, len(ids))
	for i, id := range ids {
		list[i] = int64(id)
	}
	slices.Sort(list)
	var there int
	if err := t.NewRaw("SELECT count(*) FROM crm_queries WHERE id = ANY (?)", int64Array(list)).Scan(ctx, &there); err != nil {
		return err
	}
	if there != len(slices.Compact(list)) {
		return fmt.Errorf("%w: a quick query of the audience is gone", fault.ErrConflict)
	}
	return nil
}

// Find implements campaign.Store.
func (s *Campaigns) Find(ctx context.Context, id campaign.ID) (campaign.Campaign, error) {
	var r campaignRow
	if err := s.bun.NewRaw("SELECT "+campaignColumns+" FROM crm_campaigns c WHERE c.id = ?", int64(id)).Scan(ctx, &r); err != nil {
		return campaign.Campaign{}, fmt.Errorf("find campaign %d: %w", id, translate(err))
	}
	return r.campaign()
}

// listedRow is a campaign with its sums.
type listedRow struct {
	campaignRow `bun:",extend"`
	Sendable    int64
	Accepted    int64
	Settled     int64
	Clickers    int64
}

const listedSums = `
	LEFT JOIN LATERAL (
		SELECT count(*) FILTER (WHERE d.state <> 'excluded') AS sendable,
			count(*) FILTER (WHERE d.state IN ('accepted', 'delivered')) AS accepted,
			count(*) FILTER (WHERE d.state NOT IN ('excluded', 'queued', 'sending')) AS settled
		FROM crm_deliveries d WHERE d.campaign_id = c.id) d ON true
	LEFT JOIN LATERAL (
		SELECT count(DISTINCT k.ordinal) AS clickers FROM crm_clicks k WHERE k.campaign_id = c.id AND k.kind = 'human') k ON true`

func (r listedRow) listed() (campaign.Listed, error) {
	c, err := r.campaign()
	return campaign.Listed{Campaign: c, Sendable: r.Sendable, Accepted: r.Accepted, Settled: r.Settled, Clickers: r.Clickers}, err
}

func listed(rows []listedRow) ([]campaign.Listed, error) {
	out := make([]campaign.Listed, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = r.listed(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// List implements campaign.Store.
func (s *Campaigns) List(ctx context.Context, after string, limit int) ([]campaign.Listed, string, error) {
	key := idKey{ID: 1<<63 - 1}
	if after != "" {
		if err := decodeCursor(after, &key); err != nil {
			return nil, "", err
		}
	}
	var rows []listedRow
	err := s.bun.NewRaw("SELECT "+campaignColumns+", d.*, k.* FROM (SELECT * FROM crm_campaigns WHERE id < ? ORDER BY id DESC LIMIT ?) c"+
		listedSums+" ORDER BY c.id DESC", key.ID, limit+1).Scan(ctx, &rows)
	if err != nil {
		return nil, "", translate(err)
	}
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		next = encodeCursor(idKey{rows[limit-1].ID})
	}
	out, err := listed(rows)
	return out, next, err
}
