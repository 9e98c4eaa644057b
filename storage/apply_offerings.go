package storage

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/internal/projection"
)

func join(names []string) string { return strings.Join(names, ", ") }

var offeringStage = stage[projection.Offering]{
	name: "crm_in_offerings",
	columns: []column{
		{"type", "text"}, {"host_id", "text"}, {"group_id", "text"}, {"title", "text"}, {"status", "text"},
		{"price", "bigint"}, {"currency", "text"}, {"category_path", "text[]"}, {"required_units", "integer"},
		{"origin_host_id", "text"}, {"course_host_ids", "text[]"}, {"content_hash", "bigint"}, {"updated_at", "timestamptz"},
		{"tags", "text[]"}, {"deleted", "boolean"},
	},
	values: func(o projection.Offering) ([]any, error) {
		status := string(o.Status)
		if o.Deleted {
			status = "deleted"
		}
		return []any{string(o.Type), o.ID, o.GroupID, o.Title, status, o.Price, o.Currency, notNil(o.CategoryPath),
			o.RequiredUnits, o.OriginCourseID, notNil(o.CourseIDs), o.Hash, o.UpdatedAt, notNil(o.Tags), o.Deleted}, nil
	},
}

func notNil(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// offerings merges courses and classrooms. A tombstone keeps title and price: old orders show
// them. When tags or the origin of a copy change, the learners they touch are due for new facts.
func (a *applier) offerings(ctx context.Context) error {
	rows := latest(a.batch.Offerings, offeringKey, func(o projection.Offering) time.Time { return o.UpdatedAt })
	if len(rows) == 0 {
		return nil
	}
	if err := offeringStage.fill(ctx, a.tx, rows); err != nil {
		return err
	}
	if _, err := a.exec(ctx, `INSERT INTO crm_tags (name)
		SELECT DISTINCT tag FROM crm_in_offerings, unnest(tags || category_path) tag ORDER BY 1 ON CONFLICT DO NOTHING`); err != nil {
		return fmt.Errorf("save tags: %w", err)
	}
	plain := offeringStage.names()[:13]
	kept := []string{"title", "price", "currency", "category_path", "origin_host_id", "course_host_ids", "group_id", "required_units"}
	sets := assign(plain, append(kept, "type", "host_id")...)
	for _, c := range kept {
		sets += fmt.Sprintf(", %[1]s = CASE WHEN EXCLUDED.status = 'deleted' THEN crm_offerings.%[1]s ELSE EXCLUDED.%[1]s END", c)
	}
	_, err := a.merge(ctx, `
		WITH old AS MATERIALIZED (SELECT id, interest_ids, canonical_id FROM crm_offerings),
		up AS (
			INSERT INTO crm_offerings (`+join(plain)+`, tag_ids, interest_ids, canonical_id, deleted_at, written_at)
			SELECT `+join(plain)+`,
				coalesce((SELECT array_agg(t.id ORDER BY t.id) FROM crm_tags t WHERE t.name = ANY(s.tags)), '{}'),
				coalesce((SELECT array_agg(t.id ORDER BY t.id) FROM crm_tags t WHERE t.name = ANY(s.tags || s.category_path)), '{}'),
				0, CASE WHEN deleted THEN now() END, now()
			FROM crm_in_offerings s ORDER BY type, host_id COLLATE "C"
			ON CONFLICT (type, host_id) DO UPDATE SET `+sets+`, tag_ids = EXCLUDED.tag_ids,
				interest_ids = CASE WHEN EXCLUDED.status = 'deleted' THEN crm_offerings.interest_ids ELSE EXCLUDED.interest_ids END,
				deleted_at = EXCLUDED.deleted_at, written_at = now()
			WHERE `+newer("crm_offerings")+`
			RETURNING id, interest_ids, xmax = 0 AS fresh),
		due AS (
			INSERT INTO crm_interest_due (learner_id, due_at)
			SELECT DISTINCT p.learner_id, '-infinity'::timestamptz FROM up JOIN old USING (id), crm_pairs p
			WHERE up.interest_ids <> old.interest_ids AND p.offering_id = old.id
			ON CONFLICT (learner_id) DO UPDATE SET due_at = EXCLUDED.due_at)
		`+wroteAll)
	if err != nil {
		return fmt.Errorf("save offerings: %w", err)
	}
	return a.canonical(ctx)
}

// canonical lets copies count for the course they were copied from. A copy may come before its
// origin, so all offerings are looked at; there are hundreds, not millions.
func (a *applier) canonical(ctx context.Context) error {
	var moves bool // what was met before, as when the origin of a copy becomes known
	if err := a.NewRaw(`SELECT EXISTS (SELECT FROM crm_offerings o
		LEFT JOIN crm_offerings origin ON o.origin_host_id <> '' AND origin.type = 'course' AND origin.host_id = o.origin_host_id
		WHERE o.canonical_id > 0 AND o.canonical_id <> coalesce(origin.id, o.id))`).Scan(ctx, &moves); err != nil {
		return fmt.Errorf("find copies: %w", err)
	}
	if moves {
		if err := lockCanonical(ctx, a.tx, true); err != nil {
			return err
		}
	}
	_, err := a.exec(ctx, `
		WITH want AS (
			SELECT o.id, o.canonical_id AS old, coalesce(origin.id, o.id) AS new
			FROM crm_offerings o
			LEFT JOIN crm_offerings origin ON o.origin_host_id <> '' AND origin.type = 'course' AND origin.host_id = o.origin_host_id
		), changed AS (
			UPDATE crm_offerings o SET canonical_id = want.new FROM want
			WHERE o.id = want.id AND want.old <> want.new RETURNING want.old
		)
		INSERT INTO crm_facts_due (learner_id)
		SELECT l.id FROM changed, crm_learners l
		WHERE changed.old > 0 AND (l.enrolled_ids @> ARRAY[changed.old] OR l.bought_ids @> ARRAY[changed.old])
		UNION
		SELECT p.learner_id FROM changed JOIN crm_pairs p ON p.offering_id = changed.old
		ON CONFLICT DO NOTHING`)
	if err != nil {
		return fmt.Errorf("link copies to their origin: %w", err)
	}
	return nil
}

// stubOfferings makes rows for offerings that orders and enrollments point to but the feed has
// not brought (yet): the money and the place are real even when the course is not known.
func (a *applier) stubOfferings(ctx context.Context, stageName string) error {
	n, err := a.exec(ctx, `
		INSERT INTO crm_offerings (type, host_id, canonical_id, updated_at, written_at)
		SELECT DISTINCT s.target_type, s.target_id, 0, 'epoch'::timestamptz, now() FROM `+stageName+` s
		WHERE s.target_type IN ('course', 'classroom')
			AND NOT EXISTS (SELECT FROM crm_offerings o WHERE o.type = s.target_type AND o.host_id = s.target_id)
		ORDER BY 1, 2 ON CONFLICT DO NOTHING`)
	if err != nil {
		return fmt.Errorf("note unknown offerings: %w", err)
	}
	if n > 0 {
		return a.canonical(ctx)
	}
	return nil
}
