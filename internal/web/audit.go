package web

import (
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/desk"
)

// record writes who did what to the record; see desk.Record.
func (w *Web) record(q *request, action audit.Action, object string, detail map[string]any) error {
	return desk.Record(q.ctx(), w.Audit, audit.Entry{At: w.Now(), StaffID: q.staff.ID, StaffName: q.staff.Name, Action: action,
		Object: object, Detail: detail, IP: desk.RemoteHost(q.r, w.Proxies.Client), Request: q.id})
}
