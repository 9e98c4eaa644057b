package web

import (
	"context"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/erasure"
	"github.com/coursecrm/coursecrm/crm/health"
	"github.com/coursecrm/coursecrm/crm/setting"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// settingStore is the world as setting.Store.
type settingStore world

func (w *settingStore) LoadSettings(context.Context) (setting.Stored, error) {
	return w.chosen.Clone(), nil
}

func (w *settingStore) SaveSettings(_ context.Context, s setting.Stored) error {
	if s.Version != w.chosen.Version+1 {
		return fault.ErrConflict
	}
	w.chosen = s
	return w.fail
}

func (w *world) newSettings() *setting.Service {
	return setting.NewService((*settingStore)(w), setting.Values{SiteName: "启明网校", SiteAddress: "杭州市文三路 1 号", CapDays: 7, LateAfter: 30 * time.Minute,
		Quiet:       map[h.Channel]campaign.QuietHours{h.ChannelSMS: {Start: 21 * time.Hour, End: 8 * time.Hour}},
		SpendBounds: []int64{10000, 50000, 200000}}, func() time.Time { return w.now })
}

func (w *world) staffList(context.Context) ([]h.Staff, error) {
	return []h.Staff{{ID: "7", Name: "周敏", Permissions: h.AllPermissions(), Scope: h.ScopeAll},
		{ID: "8", Name: "<b>李老师</b>", Permissions: []h.Permission{h.PermView, h.PermFollowup}, Scope: h.ScopeTeam}, {ID: "9"}}, w.fail
}

// eraser is the world as erasure.Store.
type eraser world

func (w *eraser) Erase(_ context.Context, e erasure.Erasure) error {
	if w.erased == nil {
		w.erased = map[segment.PersonID]erasure.Erasure{}
	}
	w.erased[e.Person] = e
	return w.fail
}

func (w *eraser) Erased(_ context.Context, p segment.PersonID) (erasure.Erasure, error) {
	if e, ok := w.erased[p]; ok {
		return e, nil
	}
	return erasure.Erasure{}, fault.ErrNotFound
}

// Entries and People make auditLog an audit.Reader.
func (w *auditLog) Entries(_ context.Context, q audit.Query, before int64, limit int) ([]audit.Line, int64, error) {
	w.asked = q
	var out []audit.Line
	for _, l := range w.lines {
		if before > 0 && l.ID >= before || q.Action != "" && l.Action != q.Action {
			continue
		}
		if len(out) == limit {
			return out, out[limit-1].ID, w.fail
		}
		out = append(out, l)
	}
	return out, 0, w.fail
}

// Count counts the lines as Entries gives them.
func (w *auditLog) Count(_ context.Context, q audit.Query, most int) (n int, err error) {
	for _, l := range w.lines {
		if q.Action == "" || l.Action == q.Action {
			n++
		}
	}
	return min(n, most), w.fail
}

func (w *auditLog) People(context.Context, int) ([]audit.Person, error) {
	return []audit.Person{{ID: "7", Name: "周敏"}, {ID: "x"}}, w.fail
}

// newLines is a record of more than a page.
func newLines(now time.Time) (out []audit.Line) {
	for i := range 70 {
		e := audit.Entry{At: now.Add(-time.Duration(i) * time.Hour), StaffID: "7", StaffName: "周敏", Action: audit.ContactShown, Object: "person:12", IP: "203.0.113.9", Request: "abc"}
		if i%10 == 1 {
			e.Action, e.Object, e.Detail = audit.SettingsChanged, "settings", map[string]any{"cap_days": map[string]any{"old": 7, "new": 3}}
		}
		out = append(out, audit.Line{ID: int64(1000 - i), Entry: e})
	}
	return out
}

// ward is what the page of health asks.
type ward struct {
	now     time.Time
	db      error
	queue   health.Queue
	noQueue error
	backlog health.Backlog
	spool   health.Spool
}

func (w *world) newHealth() *health.Service {
	return health.NewService(&w.ward, &w.ward, &w.ward, func() time.Time { return w.now })
}

func newWard(now time.Time) ward {
	return ward{now: now, queue: health.Queue{Pending: 3, Active: 2, Workers: []health.Worker{{Host: "app-1", PID: 4711, Busy: 2, Of: 4, Started: now.Add(-time.Hour)}}}}
}

func (x *ward) Database(context.Context) (health.Database, error) {
	return health.Database{Version: "18.1", Size: 1234 << 20, Sessions: 12, Oldest: 3 * time.Second}, x.db
}

func (x *ward) Keepers(context.Context) ([]health.Keeper, error) {
	now := x.now
	return []health.Keeper{{Name: "sync", Owner: "P1", Until: now.Add(10 * time.Second)}, {Name: "tags", Owner: "P2", Until: now.Add(-time.Hour)}, {Name: "<else>", Owner: "P3"}}, x.db
}

func (x *ward) Backlog(context.Context, time.Time) (health.Backlog, error) { return x.backlog, x.db }

func (x *ward) Runs(context.Context) (health.Runs, error) {
	return health.Runs{Tags: x.now.Add(-4 * time.Minute)}, x.db
}

func (x *ward) Queue(context.Context) (health.Queue, error) { return x.queue, x.noQueue }

func (x *ward) Count() (waiting, refused int, err error) {
	return x.spool.Waiting, x.spool.Refused, nil
}
