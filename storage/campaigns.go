package storage

import (
	"context"
	"encoding/json"
	"errors"
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
	ID, TemplateID, Price                              int64
	Key, Name, Channel, State, Stalled                 string
	Rule, Content, Fill, Promised                      []byte
	Unticked                                           []int64 `bun:",array"`
	TemplateVersion, CapDays, Control                  int
	Direct, Tracked                                    bool
	StalledAt, StalledUntil, SendAt, PlannedAt, DoneAt bun.NullTime
	ByID, ByName                                       string
	LaunchedAt                                         time.Time
}

const campaignColumns = `c.id, c.key, c.name, c.channel, c.rule, c.content, c.fill, c.unticked, c.template_id, c.template_version,
	c.cap_days, c.control, c.direct, c.tracked, c.price, c.promised, c.state, c.stalled, c.stalled_at, c.stalled_until,
	c.send_at, c.planned_at, c.done_at, c.by_id, c.by_name, c.launched_at`

func (r campaignRow) campaign() (campaign.Campaign, error) {
	c := campaign.Campaign{ID: campaign.ID(r.ID), Key: r.Key, Name: r.Name, Channel: h.Channel(r.Channel),
		Template: campaign.TemplateRef{ID: campaign.TemplateID(r.TemplateID), Version: r.TemplateVersion},
		CapDays:  r.CapDays, Control: r.Control, Direct: r.Direct, Tracked: r.Tracked, Price: r.Price,
		State: campaign.State(r.State), Stalled: campaign.Stall(r.Stalled), StalledAt: utc(r.StalledAt), StalledUntil: utc(r.StalledUntil),
		ByID: r.ByID, ByName: r.ByName, LaunchedAt: r.LaunchedAt.UTC(), SendAt: utc(r.SendAt), PlannedAt: utc(r.PlannedAt), DoneAt: utc(r.DoneAt)}
	for _, id := range r.Unticked {
		c.Unticked = append(c.Unticked, segment.PersonID(id))
	}
	for what, part := range map[string]struct {
		from []byte
		to   any
	}{"rule": {r.Rule, &c.Rule}, "content": {r.Content, &c.Content}, "fill": {r.Fill, &c.Fill}, "promise": {r.Promised, &c.Promised}} {
		if len(part.from) == 0 {
			continue
		}
		if err := json.Unmarshal(part.from, part.to); err != nil {
			return c, fmt.Errorf("%s of campaign %d: %w", what, r.ID, err)
		}
	}
	return c, nil
}

// Insert implements campaign.Store. The planning is the campaign's first piece of work.
func (s *Campaigns) Insert(ctx context.Context, c campaign.Campaign) (campaign.ID, error) {
	content, err1 := json.Marshal(c.Content)
	fill, err2 := json.Marshal(c.Fill)
	promised, err3 := json.Marshal(c.Promised)
	if err := errors.Join(err1, err2, err3); err != nil {
		return 0, fmt.Errorf("campaign: %w", err)
	}
	var id int64
	err := s.inTx(ctx, func(t *tx) error {
		if err := holdQueries(ctx, t, c.Rule); err != nil {
			return err
		}
		if err := notErased(ctx, t, c.Direct, c.Rule); err != nil {
			return err
		}
		n, err := t.exec(ctx, `
			INSERT INTO crm_campaigns (key, name, channel, rule, content, fill, unticked, template_id, template_version, cap_days, control,
				direct, tracked, price, promised, state, send_at, by_id, by_name, launched_at)
			VALUES (?, ?, ?, ?::jsonb, ?::jsonb, ?::jsonb, ?::bigint[], ?, ?, ?, ?, ?, ?, ?, ?::jsonb, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING`,
			c.Key, c.Name, string(c.Channel), string(c.Rule.JSON()), string(content), string(fill), personArray(c.Unticked), int64(c.Template.ID), c.Template.Version,
			c.CapDays, c.Control, c.Direct, c.Tracked, c.Price, string(promised), string(c.State), orNull(c.SendAt), c.ByID, c.ByName, c.LaunchedAt)
		if err != nil {
			return err
		}
		if err := t.NewRaw("SELECT id FROM crm_campaigns WHERE key = ?", c.Key).Scan(ctx, &id); err != nil || n == 0 {
			return err
		}
		if _, err := t.exec(ctx, "INSERT INTO crm_chunks (campaign_id, chunk, next_at) VALUES (?, ?, ?)", id, campaign.PlanChunk, orNull(c.SendAt)); err != nil {
			return err
		}
		_, err = t.exec(ctx, "DELETE FROM crm_drafts WHERE key = ?", c.Key)
		return err
	})
	return campaign.ID(id), err
}

// Launched implements campaign.Store.
func (s *Campaigns) Launched(ctx context.Context, key string) (campaign.ID, error) {
	var id int64
	err := s.bun.NewRaw("SELECT id FROM crm_campaigns WHERE key = ?", key).Scan(ctx, &id)
	return campaign.ID(id), translate(err)
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
		SELECT count(*) FILTER (WHERE d.chunk >= 0) AS sendable,
			count(*) FILTER (WHERE d.state IN ('accepted', 'delivered')) AS accepted,
			count(*) FILTER (WHERE d.chunk >= 0 AND d.state NOT IN ('queued', 'sending')) AS settled
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
func (s *Campaigns) List(ctx context.Context, v campaign.ListView, after string, limit int) ([]campaign.Listed, string, error) {
	key := idKey{ID: 1<<63 - 1}
	if after != "" {
		if err := decodeCursor(after, &key); err != nil {
			return nil, "", err
		}
	}
	var rows []listedRow
	err := s.bun.NewRaw("SELECT "+campaignColumns+", d.*, k.* FROM (SELECT * FROM crm_campaigns WHERE id < ? AND direct = ? AND (? = '' OR channel = ?) ORDER BY id DESC LIMIT ?) c"+
		listedSums+" ORDER BY c.id DESC", key.ID, v.Direct, string(v.Channel), string(v.Channel), limit+1).Scan(ctx, &rows)
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
