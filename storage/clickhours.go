package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
)

// Clicks implements campaign.ClickStore.
func (s *Campaigns) Clicks(ctx context.Context, id campaign.ID, from time.Time, hours int) ([]int64, error) {
	var rows []struct {
		Hour   int
		People int64
	}
	to := from.Add(time.Duration(hours) * time.Hour)
	err := s.bun.NewRaw(`
		SELECT floor(extract(epoch FROM f.first - ?::timestamptz) / 3600)::int AS hour, count(*) AS people
		FROM (SELECT min(at) AS first FROM crm_clicks WHERE campaign_id = ? AND kind = 'human' GROUP BY ordinal) f
		WHERE f.first >= ? AND f.first < ? GROUP BY 1`, from, int64(id), from, to).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("count first clicks: %w", translate(err))
	}
	out := make([]int64, hours)
	for _, r := range rows {
		out[r.Hour] = r.People
	}
	return out, nil
}

// Targets implements campaign.ClickStore.
func (s *Campaigns) Targets(ctx context.Context, id campaign.ID) ([]campaign.TargetClicks, error) {
	var rows []campaign.TargetClicks
	err := s.bun.NewRaw(`
		SELECT l.target, count(k.id) AS hits, count(DISTINCT k.ordinal) FILTER (WHERE k.kind = 'human') AS clickers
		FROM crm_links l LEFT JOIN crm_clicks k ON k.campaign_id = l.campaign_id AND k.link_id = l.id
		WHERE l.campaign_id = ? AND l.kind = 'campaign' GROUP BY l.id ORDER BY l.id`, int64(id)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("count clicks of links: %w", translate(err))
	}
	return rows, nil
}
