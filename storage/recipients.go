package storage

import (
	"context"

	"github.com/uptrace/bun"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

type recipientRow struct {
	Ordinal, LearnerID                        int64
	Nickname, RealName, HostID, State, Reason string
	AcceptedAt, DeliveredAt, ClickedAt        bun.NullTime
}

// recipients gives a page of at most limit rows, of which one more was read to see whether there
// is a next, and its cursor.
func recipients(rows []recipientRow, limit int) ([]campaign.Recipient, string) {
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		next = encodeCursor(idKey{rows[limit-1].Ordinal})
	}
	out := make([]campaign.Recipient, len(rows))
	for i, r := range rows {
		name := segment.Person{RealName: r.RealName, Nickname: r.Nickname, HostID: h.LearnerID(r.HostID)}.Name()
		out[i] = campaign.Recipient{Ordinal: r.Ordinal, Person: segment.PersonID(r.LearnerID), HostID: h.LearnerID(r.HostID), Name: name,
			State: campaign.DeliveryState(r.State), Reason: r.Reason, AcceptedAt: utc(r.AcceptedAt), DeliveredAt: utc(r.DeliveredAt), ClickedAt: utc(r.ClickedAt)}
	}
	return out, next
}

// Recipients implements campaign.Store.
func (s *Campaigns) Recipients(ctx context.Context, id campaign.ID, v campaign.RecipientView, after string, limit int) ([]campaign.Recipient, string, error) {
	key := idKey{ID: -1}
	if after != "" {
		if err := decodeCursor(after, &key); err != nil {
			return nil, "", err
		}
	}
	where, args := "d.campaign_id = ? AND d.ordinal > ?", []any{int64(id), key.ID}
	if len(v.States) > 0 {
		list := make([]string, len(v.States))
		for i, st := range v.States {
			list[i] = string(st)
		}
		where, args = where+" AND d.state = ANY (?)", append(args, textArray(list))
	}
	if v.Reason != "" {
		where, args = where+" AND d.reason = ?", append(args, v.Reason)
	}
	if v.Late != nil {
		where, args = where+" AND (d.chunk >= 0) = ?", append(args, *v.Late)
	}
	switch {
	case v.Clicked != nil && *v.Clicked: // few of many: found from their clicks
		where += " AND d.ordinal IN (SELECT ordinal FROM crm_clicks WHERE campaign_id = ? AND kind = 'human')"
		args = append(args, int64(id))
	case v.Clicked != nil:
		where += " AND k.at IS NULL"
	}
	var rows []recipientRow
	err := s.bun.NewRaw(`
		SELECT d.ordinal, d.learner_id, l.nickname, l.real_name, coalesce(l.host_id, '') AS host_id, d.state, d.reason,
			d.accepted_at, d.delivered_at, k.at AS clicked_at
		FROM crm_deliveries d JOIN crm_learners l ON l.id = d.learner_id
		LEFT JOIN LATERAL (SELECT min(at) AS at FROM crm_clicks k
			WHERE k.campaign_id = d.campaign_id AND k.ordinal = d.ordinal AND k.kind = 'human') k ON true
		WHERE `+where+` ORDER BY d.ordinal LIMIT ?`, append(args, limit+1)...).Scan(ctx, &rows)
	if err != nil {
		return nil, "", translate(err)
	}
	out, next := recipients(rows, limit)
	return out, next, nil
}
