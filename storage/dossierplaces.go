package storage

import (
	"context"
	"time"

	"github.com/coursecrm/coursecrm/crm/dossier"
	"github.com/coursecrm/coursecrm/funnel"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

type placeRow struct {
	ID, Offering        int64
	Title, Type, Status string
	Via                 string
	Join, Exit          string
	JoinedAt            time.Time `json:"joined_at"`
	ExpiresAt           time.Time `json:"expires_at"`
	LastLearnAt         time.Time `json:"last_learn_at"`
	CompletedAt         time.Time `json:"completed_at"`
	ExitedAt            time.Time `json:"exited_at"`
	Done, Units         int
	Stage               string
	Since               time.Time
	SetLevel            string `json:"set_level"`
	Heat                float64
	ByID                string    `json:"by_id"`
	ByName              string    `json:"by_name"`
	SetAt               time.Time `json:"set_at"`
}

func (r placeRow) place(now time.Time) dossier.Place {
	p := dossier.Place{ID: r.ID, Offering: funnel.OfferingID(r.Offering), Title: r.Title, Type: h.TargetType(r.Type), Status: h.EnrollmentStatus(r.Status),
		ViaClassroom: r.Via, Join: h.JoinReason(r.Join), Exit: h.ExitReason(r.Exit), JoinedAt: r.JoinedAt.UTC(), ExpiresAt: r.ExpiresAt.UTC(),
		LastLearnAt: r.LastLearnAt.UTC(), CompletedAt: r.CompletedAt.UTC(), ExitedAt: r.ExitedAt.UTC(), Done: r.Done, Units: r.Units,
		Standing: dossier.Standing{Stage: funnel.Stage(r.Stage), Since: r.Since.UTC(), Level: funnel.LevelOf(funnel.Score(r.Heat, now))}}
	if r.SetLevel != "" {
		p.Standing.Level, p.Standing.ByID, p.Standing.By, p.Standing.SetAt = funnel.Level(r.SetLevel), r.ByID, r.ByName, r.SetAt.UTC()
	}
	return p
}

// pairStanding describes pair p of a person; levelBy finds who set its level.
const (
	pairStanding = `p.stage, p.at AS since, p.set_level, p.heat + p.order_heat AS heat, i.by_id, i.by_name, i.at AS set_at`
	levelBy      = ` LEFT JOIN LATERAL (SELECT i.by_id, i.by_name, i.at FROM crm_intents i
		WHERE p.set_level <> '' AND i.learner_id = p.learner_id AND i.offering_id = p.offering_id ORDER BY i.id DESC LIMIT 1) i ON true`
	titleOf = `CASE WHEN f.title = '' THEN '#' || f.host_id ELSE f.title END`
)

// placesQuestion lists enrollments behind a key. A person's are few, and have no index by time: all
// of them are read, the pairs and classrooms only of those that are shown.
func placesQuestion(id segment.PersonID, key orderedKey, limit int, t dossier.Terms, each func(dossier.Place)) question {
	at, last := key.bound()
	return told(`
		SELECT e.*, `+pairStanding+`, (SELECT `+titleOf+` FROM crm_offerings f WHERE f.type = 'classroom' AND f.host_id = e.via_classroom_id) AS via FROM (
			SELECT e.id, f.canonical_id AS offering, `+titleOf+` AS title, f.type, e.via_classroom_id, e.join_reason AS join, e.exit_reason AS exit,
				CASE WHEN e.status = 'active' AND e.expires_at <= ?1 THEN 'expired' ELSE e.status END AS status,
				e.joined_at, e.expires_at, e.last_learn_at, e.completed_at, e.exited_at, e.required_done AS done, f.required_units AS units
			FROM crm_enrollments e JOIN crm_offerings f ON f.id = e.offering_id
			WHERE e.learner_id = ?0 AND e.role = 'student' AND (e.joined_at, e.id) < (?2, ?3) ORDER BY e.joined_at DESC, e.id DESC LIMIT ?4) e
		LEFT JOIN crm_pairs p ON p.learner_id = ?0 AND p.offering_id = e.offering`+levelBy+` ORDER BY e.joined_at DESC, e.id DESC`,
		[]any{int64(id), t.Now, at, last, limit}, func(r placeRow) { each(r.place(t.Now)) })
}

// Places implements dossier.Store.
func (s *Dossiers) Places(ctx context.Context, id segment.PersonID, after string, limit int, t dossier.Terms) (dossier.Page[dossier.Place], []dossier.Place, error) {
	var key orderedKey
	if err := readCursor(after, &key); err != nil {
		return dossier.Page[dossier.Place]{}, nil, err
	}
	var rows, others []dossier.Place
	questions := []question{placesQuestion(id, key, limit+1, t, func(p dossier.Place) { rows = append(rows, p) })}
	if after == "" {
		questions = append(questions, othersQuestion(id, t, func(p dossier.Place) { others = append(others, p) }))
	}
	var size dossier.Size
	err := s.about(ctx, withSize(&size, id, after, questions...)...)
	return pageOf(rows, limit, size, func(p dossier.Place) any { return orderedKey{p.JoinedAt, p.ID} }), others, err
}

// othersQuestion lists the offerings that a person stands with, and never had a place in.
func othersQuestion(id segment.PersonID, t dossier.Terms, each func(dossier.Place)) question {
	return told(`SELECT p.offering_id AS offering, `+titleOf+` AS title, f.type, `+pairStanding+`
		FROM (SELECT * FROM crm_pairs p WHERE p.learner_id = ?0 AND p.stage <> '' AND p.joined_at IS NULL
			ORDER BY p.at DESC NULLS LAST, p.offering_id DESC LIMIT ?1) p
		JOIN crm_offerings f ON f.id = p.offering_id`+levelBy+` ORDER BY p.at DESC NULLS LAST, p.offering_id DESC`,
		[]any{int64(id), dossier.MaxLimit}, func(r placeRow) { each(r.place(t.Now)) })
}
