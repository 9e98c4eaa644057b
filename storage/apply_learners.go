package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/projection"
)

// learnerStage carries the columns of crm_learners that come from the host, in its own order.
var learnerStage = stage[projection.Learner]{
	name: "crm_in_learners",
	columns: []column{
		{"host_id", "text"}, {"nickname", "text"}, {"real_name", "text"}, {"gender", "text"}, {"birthday", "date"},
		{"mobile", "text"}, {"mobile_verified", "boolean"}, {"email", "text"}, {"email_verified", "boolean"},
		{"usable_mobile", "text"}, {"usable_email", "text"}, {"status", "text"}, {"marketable", "boolean"},
		{"registered_at", "timestamptz"}, {"register_source", "text"}, {"device", "text"}, {"last_login_at", "timestamptz"},
		{"locale", "text"}, {"province", "text"}, {"city", "text"}, {"roles", "text[]"}, {"inviter_host_id", "text"},
		{"consent_sms", "text"}, {"consent_email", "text"}, {"consent_message", "text"}, {"custom", "jsonb"},
		{"content_hash", "bigint"}, {"updated_at", "timestamptz"},
	},
	values: func(l projection.Learner) ([]any, error) {
		var custom any
		if len(l.Custom) > 0 {
			buf, err := json.Marshal(l.Custom)
			if err != nil {
				return nil, fmt.Errorf("custom fields: %w", err)
			}
			custom = buf
		}
		roles := make([]string, len(l.Roles))
		for i, r := range l.Roles {
			roles[i] = string(r)
		}
		return []any{string(l.ID), l.Nickname, l.RealName, string(l.Gender), orNull(l.Birthday),
			l.Mobile, l.MobileVerified, l.Email, l.EmailVerified,
			textOrNull(l.UsableMobile), textOrNull(l.UsableEmail), string(l.Status), l.Marketable,
			orNull(l.RegisteredAt), l.RegisterSource, string(l.Device), orNull(l.LastLoginAt),
			l.Locale, l.Province, l.City, roles, string(l.InviterID),
			string(l.Consent[h.ChannelSMS]), string(l.Consent[h.ChannelEmail]), string(l.Consent[h.ChannelMessage]), custom,
			l.Hash, l.UpdatedAt}, nil
	},
}

// learners merges the batch's learners. A tombstone keeps what only we know or what counts need:
// when the account was made and the facts; all personal data goes.
func (a *applier) learners(ctx context.Context) error {
	rows := latest(a.batch.Learners, func(l projection.Learner) string { return string(l.ID) },
		func(l projection.Learner) time.Time { return l.UpdatedAt })
	if len(rows) == 0 {
		return nil
	}
	if err := learnerStage.fill(ctx, a.tx, rows); err != nil {
		return err
	}
	if err := a.turning(ctx); err != nil {
		return err
	}
	names := learnerStage.names()
	_, err := a.merge(ctx, `
		WITH up AS (
			INSERT INTO crm_learners (`+join(names)+`, dead_mobile, dead_email, written_at)
			SELECT `+join(names)+`, EXISTS (SELECT FROM crm_suppressions s WHERE s.channel = 'sms' AND s.contact = usable_mobile),
				EXISTS (SELECT FROM crm_suppressions s WHERE s.channel = 'email' AND s.contact = usable_email), now()
			FROM crm_in_learners ORDER BY host_id COLLATE "C"
			ON CONFLICT (host_id) DO UPDATE SET `+assign(names, "host_id", "registered_at", "marketable")+`,
				dead_mobile = EXCLUDED.dead_mobile, dead_email = EXCLUDED.dead_email,
				registered_at = coalesce(EXCLUDED.registered_at, crm_learners.registered_at),
				marketable = EXCLUDED.marketable AND EXCLUDED.status <> 'deleted', written_at = now()
			WHERE `+newer("crm_learners")+`
			RETURNING xmax = 0 AS fresh)
		`+wroteAll)
	if err != nil {
		return fmt.Errorf("save learners: %w", err)
	}
	return a.wipeProblems(ctx, rows)
}

// turning lists the learners who are or will be deleted: a deleted account is in no stage.
func (a *applier) turning(ctx context.Context) error {
	if a.skipFunnel {
		return nil
	}
	n, err := a.exec(ctx, `INSERT INTO crm_in_whole SELECT l.id FROM crm_in_learners s JOIN crm_learners l ON l.host_id = s.host_id
		WHERE (s.status = 'deleted') <> (l.status = 'deleted')`)
	if err != nil {
		return fmt.Errorf("list deleted accounts: %w", err)
	}
	a.turned = n > 0
	return nil
}

// wipeProblems forgets what problem rows kept of people who are gone.
func (a *applier) wipeProblems(ctx context.Context, rows []projection.Learner) error {
	var gone []string
	for _, l := range rows {
		if l.Status == h.LearnerDeleted {
			gone = append(gone, string(l.ID))
		}
	}
	if len(gone) == 0 {
		return nil
	}
	_, err := a.exec(ctx, "DELETE FROM crm_sync_problems WHERE feed = ? AND host_id = ANY(?)",
		string(projection.Learners), textArray(gone))
	return err
}
