package storage

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/coursecrm/coursecrm/segment"
)

// maxLocated is how many accounts may share a number or an address and all be found.
const maxLocated = 100

// located compares an entry as lists do: with whole contacts, whether they may be used or not.
var located = map[segment.IDKind]string{
	segment.KindID:     "l.host_id = ?",
	segment.KindMobile: "coalesce(l.usable_mobile, l.mobile) = ?",
	segment.KindEmail:  "lower(l.email) = ?",
}

// Locate implements segment.People.
func (s *Segments) Locate(ctx context.Context, e segment.IDEntry) ([]segment.PersonID, error) {
	condition, known := located[e.Kind]
	if !known {
		return nil, nil
	}
	var ids []segment.PersonID
	q := newQuestion("SELECT l.id FROM crm_learners l WHERE "+condition+" AND "+people+" ORDER BY l.id LIMIT ?", []any{e.Value, maxLocated}, func(r pgx.Rows) error {
		var id segment.PersonID
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	})
	err := s.aside(ctx, s.heavy, audienceTimeout, q)
	return ids, err
}
