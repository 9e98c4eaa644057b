package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/internal/projection"
)

var enrollmentStage = stage[projection.Enrollment]{
	name: "crm_in_enrollments",
	columns: []column{
		{"host_id", "text"}, {"via_classroom_id", "text"}, {"role", "text"}, {"status", "text"}, {"join_reason", "text"},
		{"joined_at", "timestamptz"}, {"expires_at", "timestamptz"}, {"order_host_id", "text"}, {"done_units", "integer"},
		{"required_done", "integer"}, {"last_learn_at", "timestamptz"}, {"completed_at", "timestamptz"},
		{"exited_at", "timestamptz"}, {"exit_reason", "text"}, {"exit_note", "text"}, {"content_hash", "bigint"},
		{"updated_at", "timestamptz"},
		{"learner_host_id", "text"}, {"target_type", "text"}, {"target_id", "text"}, {"deleted", "boolean"},
	},
	values: func(e projection.Enrollment) ([]any, error) {
		return []any{e.ID, e.ViaClassroomID, string(e.Role), string(e.Status), string(e.JoinReason),
			orNull(e.JoinedAt), orNull(e.ExpiresAt), e.OrderID, e.DoneUnits, e.RequiredDone, orNull(e.LastLearnAt),
			orNull(e.CompletedAt), orNull(e.ExitedAt), string(e.ExitReason), e.ExitNote, e.Hash, e.UpdatedAt,
			string(e.LearnerID), string(e.Target.Type), e.Target.ID, e.Deleted}, nil
	},
}

func (a *applier) enrollments(ctx context.Context) error {
	rows := latest(a.batch.Enrollments, func(e projection.Enrollment) string { return e.ID },
		func(e projection.Enrollment) time.Time { return e.UpdatedAt })
	if len(rows) == 0 {
		return nil
	}
	if err := enrollmentStage.fill(ctx, a.tx, rows); err != nil {
		return err
	}
	if err := a.stubOfferings(ctx, enrollmentStage.name); err != nil {
		return err
	}
	if err := a.movedFrom(ctx, "crm_enrollments", "crm_in_enrollments"); err != nil {
		return err
	}
	names := enrollmentStage.names()[:17]
	unknown, err := a.merge(ctx, `
		WITH up AS (
			INSERT INTO crm_enrollments (`+join(names)+`, learner_id, offering_id, written_at)
			SELECT `+prefixed("s", names)+`, l.id, o.id, now()
			FROM crm_in_enrollments s JOIN crm_learners l ON l.host_id = s.learner_host_id
			JOIN crm_offerings o ON o.type = s.target_type AND o.host_id = s.target_id
			WHERE NOT s.deleted AND NOT `+buried("enrollments")+` ORDER BY s.host_id COLLATE "C"
			ON CONFLICT (host_id) DO UPDATE SET `+assign(names, "host_id")+`, learner_id = EXCLUDED.learner_id,
				offering_id = EXCLUDED.offering_id, written_at = now()
			WHERE `+newer("crm_enrollments")+`
			RETURNING learner_id, offering_id, xmax = 0 AS fresh),
		pair AS (INSERT INTO crm_in_pairs SELECT learner_id, offering_id, false, true FROM up WHERE NOT ?),
		touch AS (INSERT INTO crm_in_touched SELECT learner_id FROM up WHERE NOT ?)
		`+wrote("crm_in_enrollments"), a.skipFunnel, a.batch.SkipFacts)
	if err != nil {
		return fmt.Errorf("save enrollments: %w", err)
	}
	waiting(a, unknown, projection.Enrollments, rows, func(e projection.Enrollment) string { return e.ID }, func(e projection.Enrollment) any { return e.Enrollment })
	return a.goneEnrollments(ctx)
}

// goneEnrollments makes tombstones exits with unknown reason, unless the exit was known before.
func (a *applier) goneEnrollments(ctx context.Context) error {
	n, err := a.exec(ctx, `
		WITH up AS (
			UPDATE crm_enrollments e SET status = 'exited', exited_at = coalesce(e.exited_at, s.updated_at),
				content_hash = s.content_hash, updated_at = s.updated_at, written_at = now()
			FROM crm_in_enrollments s WHERE s.deleted AND e.host_id = s.host_id AND e.updated_at <= s.updated_at
				AND (e.content_hash <> s.content_hash OR e.updated_at < s.updated_at)
			RETURNING e.learner_id)
		INSERT INTO crm_in_touched SELECT learner_id FROM up`)
	if err != nil {
		return fmt.Errorf("mark removed enrollments: %w", err)
	}
	a.applied.Updated += int(n)
	return a.bury(ctx, projection.Enrollments, "crm_enrollments", "crm_in_enrollments")
}

var membershipStage = stage[projection.Membership]{
	name: "crm_in_memberships",
	columns: []column{
		{"host_id", "text"}, {"level_id", "text"}, {"level_name", "text"}, {"rank", "integer"}, {"starts_at", "timestamptz"},
		{"expires_at", "timestamptz"}, {"deleted", "boolean"}, {"content_hash", "bigint"}, {"updated_at", "timestamptz"},
		{"learner_host_id", "text"},
	},
	values: func(m projection.Membership) ([]any, error) {
		return []any{string(m.LearnerID), m.LevelID, m.LevelName, m.Rank, orNull(m.StartsAt), orNull(m.ExpiresAt),
			m.Deleted, m.Hash, m.UpdatedAt, string(m.LearnerID)}, nil
	},
}

func (a *applier) memberships(ctx context.Context) error {
	rows := latest(a.batch.Memberships, func(m projection.Membership) string { return string(m.LearnerID) },
		func(m projection.Membership) time.Time { return m.UpdatedAt })
	if len(rows) == 0 {
		return nil
	}
	if err := membershipStage.fill(ctx, a.tx, rows); err != nil {
		return err
	}
	names := membershipStage.names()[:9]
	unknown, err := a.merge(ctx, `
		WITH up AS (
			INSERT INTO crm_memberships (`+join(names)+`, learner_id, written_at)
			SELECT `+prefixed("s", names)+`, l.id, now()
			FROM crm_in_memberships s JOIN crm_learners l ON l.host_id = s.learner_host_id ORDER BY s.host_id COLLATE "C"
			ON CONFLICT (host_id) DO UPDATE SET `+assign(names, "host_id")+`, written_at = now()
			WHERE `+newer("crm_memberships")+`
			RETURNING learner_id, xmax = 0 AS fresh),
		touch AS (INSERT INTO crm_in_touched SELECT learner_id FROM up WHERE NOT ?)
		`+wrote("crm_in_memberships"), a.batch.SkipFacts)
	if err != nil {
		return fmt.Errorf("save memberships: %w", err)
	}
	waiting(a, unknown, projection.Memberships, rows, func(m projection.Membership) string { return string(m.LearnerID) }, func(m projection.Membership) any { return m.Membership })
	return nil
}
