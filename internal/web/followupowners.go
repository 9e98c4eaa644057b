package web

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/coursecrm/coursecrm/hostadapter"
)

// directory remembers the host's staff for a while: every form of a follow-up lists them, and the
// host may be slow. The zero value is ready to use; it is safe for concurrent use.
type directory struct {
	mu    sync.Mutex
	staff []hostadapter.Staff
	until time.Time
}

// directoryKept is how long the staff are remembered, also that they could not be asked for.
const directoryKept = time.Minute

// list gives the staff, asked for where they are not remembered.
func (d *directory) list(now time.Time, ask func() ([]hostadapter.Staff, error)) ([]hostadapter.Staff, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if now.Before(d.until) {
		return d.staff, nil
	}
	staff, err := ask()
	if err == nil {
		d.staff = staff
	}
	d.until = now.Add(directoryKept)
	return d.staff, err
}

// followupOwners lists who can be made the owner of a follow-up: who asks, the present owner, and
// the staff that the host tells of. A host that does not answer leaves it at the first two.
func (w *Web) followupOwners(q *request, owner, name string) []option {
	out := []option{{q.staff.ID, w.locale(q).T("followup.me", nameOr(q.staff.Name, q.staff.ID)), owner == q.staff.ID}}
	add := func(id, name string) {
		if id != "" && !slices.ContainsFunc(out, func(o option) bool { return o.Value == id }) {
			out = append(out, option{id, nameOr(name, id), id == owner})
		}
	}
	add(owner, name)
	if w.Senders == nil {
		return out
	}
	staff, err := w.directory.list(w.Now(), func() ([]hostadapter.Staff, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(q.ctx()), hostPatience) // the answer is for others too
		defer cancel()
		return w.Senders(ctx)
	})
	if err != nil {
		w.Log.WarnContext(q.ctx(), "web: owners of follow-ups", "request", q.id, "err", err)
	}
	for _, s := range staff {
		add(s.ID, s.Name)
	}
	return out
}

func nameOr(name, id string) string {
	if name == "" {
		return id
	}
	return name
}
