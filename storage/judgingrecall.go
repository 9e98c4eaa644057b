package storage

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/coursecrm/coursecrm/shortlink"
)

// recallHits is how many hits a span has when all are listed.
const recallHits = 10_000

// Recall implements shortlink.Docket, in one transaction. No judge works meanwhile, and what was
// listed before is among what is listed then. Hits that are taken in meanwhile keep the spans they
// come with.
func (s *Links) Recall(ctx context.Context, r shortlink.Rules) (hits int64, err error) {
	err = s.inTx(ctx, func(t *tx) error {
		if err := unhurried(ctx, t); err != nil {
			return err
		}
		// Not to be waited for in the same statement: what is read after it must have been done by
		// then.
		if _, err := t.exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended(current_schema(), ?))", clicksKey); err != nil {
			return err
		}
		turned, err := rereadAgents(ctx, t, r.Agent)
		if err != nil {
			return err
		}
		n, err := t.exec(ctx, `INSERT INTO crm_click_rules AS r (version) VALUES (?)
			ON CONFLICT (one) DO UPDATE SET version = EXCLUDED.version WHERE r.version <> EXCLUDED.version`, r.Version)
		if err != nil || n == 0 && !turned {
			return err
		}
		if _, err := t.exec(ctx, "DELETE FROM crm_click_spans"); err != nil {
			return err
		}
		return t.NewRaw(`
			WITH all_of_them AS (INSERT INTO crm_click_spans (from_at, to_at, hits)
				SELECT min(at), max(at), count(*) FROM (SELECT at, (row_number() OVER (ORDER BY at) - 1) / ? AS part FROM crm_clicks) c
				GROUP BY part RETURNING hits)
			SELECT coalesce(sum(hits), 0)::bigint FROM all_of_them`, recallHits).Scan(ctx, &hits)
	})
	if err != nil {
		return 0, fmt.Errorf("recall hits: %w", err)
	}
	return hits, nil
}

// rereadAgents writes down what the agents' texts are taken for by these rules, and reports whether one turned
// from a person's to a program's, or back.
func rereadAgents(ctx context.Context, t *tx, read func(text string) shortlink.Agent) (turned bool, err error) {
	var id []int64
	var program []bool
	var device, app, os []string
	if err := t.queryPgx(ctx, func(r pgx.Rows) error {
		var n int64
		var text string
		var was shortlink.Agent
		if err := r.Scan(&n, &text, &was.Program, &was.Device, &was.App, &was.OS); err != nil {
			return err
		}
		a := read(text)
		if a.Program == was.Program && a.Device == was.Device && a.App == was.App && a.OS == was.OS {
			return nil
		}
		turned = turned || a.Program != was.Program
		id, program = append(id, n), append(program, a.Program)
		device, app, os = append(device, string(a.Device)), append(app, string(a.App)), append(os, string(a.OS))
		return nil
	}, "SELECT id, text, program, device, app, os FROM crm_agents"); err != nil {
		return false, fmt.Errorf("read agents: %w", err)
	}
	if len(id) == 0 {
		return false, nil
	}
	if _, err := t.execPgx(ctx, `UPDATE crm_agents a SET program = v.program, device = v.device, app = v.app, os = v.os
		FROM unnest($1::bigint[], $2::boolean[], $3::text[], $4::text[], $5::text[]) AS v (id, program, device, app, os) WHERE a.id = v.id`,
		id, program, device, app, os); err != nil {
		return false, fmt.Errorf("write agents: %w", err)
	}
	return turned, nil
}
