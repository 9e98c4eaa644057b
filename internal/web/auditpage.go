package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/internal/sheet"
)

// auditPage is the record of who did what.
type auditPage struct {
	Frame
	Tabs        []choiceLink
	URL         string
	Export      string // takes the form that exports; empty: not for who asks
	Staff       []option
	Actions     []option
	From, Until string // dates, both included
	Filters     []hiddenField
	Rows        []auditRow
	Pager       pager
	Narrowed    bool
	Problem     fault.Problem // of the dates
}

// hiddenField carries a filter into the form that exports.
type hiddenField struct{ Name, Value string }

// auditRow is an entry.
type auditRow struct {
	audit.Line
	Who, Object, URL, Detail string
}

const (
	auditPerPage = 50
	auditPeople  = 300 // staff to choose from
)

// auditLog shows the record as its address narrows it.
func (w *Web) auditLog(q *request) error {
	f := q.r.URL.Query()
	ask, problem := w.readAudit(f)
	before, err := strconv.ParseInt(f.Get("before"), 10, 64)
	if err != nil || before < 0 {
		before = 0
	}
	p := auditPage{Tabs: w.settingTabs("audit"), URL: w.paths.Settings("audit"),
		From: f.Get("from"), Until: f.Get("until"), Narrowed: ask != audit.Query{}, Problem: problem}
	if q.may(hostadapter.PermExport) {
		p.Export = w.paths.AuditExport()
	}
	lines, next, err := w.Record.Entries(q.ctx(), ask, before, auditPerPage)
	if err != nil {
		return err
	}
	l := w.locale(q)
	for _, line := range lines {
		p.Rows = append(p.Rows, w.auditRow(q, line))
	}
	narrow := auditParams(f)
	for _, name := range []string{"staff", "action", "from", "until"} {
		if v := narrow.Get(name); v != "" {
			p.Filters = append(p.Filters, hiddenField{name, v})
		}
	}
	place := func(n int64) string {
		if n == 0 {
			return ""
		}
		return strconv.FormatInt(n, 10)
	}
	p.Pager = newPager(place(before), place(next), w.paths.Audit(narrow, ""), w.paths.Audit(narrow, place(next)), "audit")
	if q.target() == "audit" {
		return w.render(q, http.StatusOK, "settingaudit#audit", p)
	}
	people, err := w.Record.People(q.ctx(), auditPeople)
	if err != nil {
		return err
	}
	for _, x := range people {
		p.Staff = append(p.Staff, option{x.ID, nameOr(x.Name, x.ID), x.ID == ask.StaffID})
	}
	for _, a := range audit.Actions() {
		p.Actions = append(p.Actions, option{string(a), l.TK("audit.action", a), a == ask.Action})
	}
	p.Frame = w.frame(q, "setting.audit", "settings")
	return w.render(q, http.StatusOK, "settingaudit", p)
}

// auditParams keeps of a form what narrows the record.
func auditParams(f url.Values) url.Values {
	return values("staff", f.Get("staff"), "action", f.Get("action"), "from", f.Get("from"), "until", f.Get("until"))
}

// readAudit reads what narrows the record. Days are those of the site's zone.
func (w *Web) readAudit(f url.Values) (audit.Query, fault.Problem) {
	ask := audit.Query{StaffID: desk.Clean(f.Get("staff"))}
	if a := audit.Action(f.Get("action")); slices.Contains(audit.Actions(), a) {
		ask.Action = a
	}
	var wrong fault.Problem
	date := func(name string, days int) time.Time {
		text := strings.TrimSpace(f.Get(name))
		if text == "" {
			return time.Time{}
		}
		t, err := time.ParseInLocation(dateLayout, text, w.Location)
		if err != nil || t.Year() < 2000 {
			wrong = fault.Problem{Key: "problem.date"}
			return time.Time{}
		}
		return t.AddDate(0, 0, days)
	}
	ask.From, ask.Until = date("from", 0), date("until", 1)
	return ask, wrong
}

// auditRow makes an entry ready to be read. Details are words and figures of the program's own.
func (w *Web) auditRow(q *request, line audit.Line) auditRow {
	row := auditRow{Line: line, Who: nameOr(line.StaffName, line.StaffID), Object: line.Object}
	kind, id, ok := strings.Cut(line.Object, ":")
	if page := map[string]string{"person": "/people/", "campaign": "/campaigns/", "link": "/links/", "template": "/templates/", "followup": "/followups/"}[kind]; ok && page != "" && (kind != "template" || q.may(hostadapter.PermTemplateEdit)) {
		if _, err := parseID(id); err == nil {
			row.URL = w.paths.to(page+id, nil)
		}
	}
	if len(line.Detail) > 0 {
		if text, err := json.Marshal(line.Detail); err == nil {
			row.Detail = string(text)
		}
	}
	return row
}

// auditExport sends the record, as the form narrows it, as a table. That it was is recorded too.
func (w *Web) auditExport(q *request) error {
	if err := q.parse(); err != nil {
		return err
	}
	if !q.may(hostadapter.PermExport) {
		return fault.ErrForbidden
	}
	f := q.r.PostForm
	format, err := exportFormatOf(f.Get("format"))
	if err != nil {
		return err
	}
	ask, wrong := w.readAudit(f)
	if wrong.Key != "" {
		return fault.Fields{"from": wrong}
	}
	if format.name == "xlsx" {
		if n, err := w.Record.Count(q.ctx(), ask, sheet.MaxRows+1); err != nil {
			return err
		} else if n > sheet.MaxRows {
			return fault.Fields{"format": {Key: "problem.rows", Args: []any{sheet.MaxRows}}}
		}
	}
	if err := w.record(q, audit.RecordExported, "audit", map[string]any{"format": format.name}); err != nil {
		return err
	}
	l := w.locale(q)
	return w.sendFile(q, format, "audit", func(table sheet.Writer) (int, error) { return w.fillAudit(q, l, table, ask) })
}

// auditBatch is how many entries an export reads at once.
const auditBatch = 1000

func (w *Web) fillAudit(q *request, l *locale, table sheet.Writer, ask audit.Query) (rows int, err error) {
	head := make([]sheet.Cell, 0, len(auditColumns()))
	for _, c := range auditColumns() {
		head = append(head, sheet.Text(l.TK("audit.column", c)))
	}
	if err := table.Row(head...); err != nil {
		return 0, err
	}
	for before := int64(0); ; {
		lines, next, err := w.Record.Entries(q.ctx(), ask, before, auditBatch)
		if err != nil {
			return rows, err
		}
		for _, line := range lines {
			x := w.auditRow(q, line)
			if err := table.Row(sheet.Time(x.At, l.loc), sheet.Text(x.StaffID), sheet.Text(x.StaffName), sheet.Text(l.TK("audit.action", x.Action)),
				sheet.Text(x.Object), sheet.Text(x.Detail), sheet.Text(x.IP), sheet.Text(x.Request)); err != nil {
				return rows, err
			}
			rows++
		}
		if before = next; next == 0 {
			return rows, nil
		}
	}
}

// auditColumns are the columns of the exported record.
func auditColumns() []string {
	return []string{"at", "staff_id", "staff", "action", "object", "detail", "ip", "request"}
}
