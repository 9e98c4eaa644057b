package web

import (
	"context"
	"net/http"

	"github.com/coursecrm/coursecrm/hostadapter"
)

// staffPage lists who may do what, as the host says.
type staffPage struct {
	Frame
	Tabs []choiceLink
	Rows []staffRow
	Told bool // the host lists its staff; else it is the reader alone
	Away bool // it does, but does not answer
	All  []hostadapter.Permission
}

// staffRow is a member of staff.
type staffRow struct {
	hostadapter.Staff
	Me bool
}

// maxStaff is how many of the staff are shown.
const maxStaff = 500

// settingStaff shows the staff. Rights are the host's: nothing can be changed here.
func (w *Web) settingStaff(q *request) error {
	p := staffPage{Frame: w.frame(q, "setting.staff", "settings"), Tabs: w.settingTabs("staff"), Told: w.StaffList != nil, All: hostadapter.AllPermissions()}
	var list []hostadapter.Staff
	if p.Told {
		ctx, cancel := context.WithTimeout(q.ctx(), hostPatience)
		defer cancel()
		var err error
		if list, err = w.StaffList(ctx); err != nil {
			w.Log.WarnContext(q.ctx(), "web: list of staff", "request", q.id, "err", err)
			p.Away, list = true, nil
		}
	}
	me := false
	for _, s := range list[:min(len(list), maxStaff)] {
		me = me || s.ID == q.staff.ID
		p.Rows = append(p.Rows, staffRow{s, s.ID == q.staff.ID})
	}
	if !me {
		p.Rows = append([]staffRow{{q.staff, true}}, p.Rows...)
	}
	return w.render(q, http.StatusOK, "settingstaff", p)
}

// staffScopes lists the scopes with a word each.
func staffScopes() []string { return []string{"none", "all", "team", "own"} }

// ScopeWord is the key of the scope's word.
func (r staffRow) ScopeWord() string {
	if r.Scope == hostadapter.ScopeNone {
		return "none"
	}
	return string(r.Scope)
}
