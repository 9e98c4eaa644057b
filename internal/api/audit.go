package api

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/internal/sheet"
)

// AuditFilter narrows the record.
type AuditFilter struct {
	Staff  string       `json:"staff,omitempty" query:"staff" maxLength:"255" doc:"The id of a member of staff; absent: all."`
	Action audit.Action `json:"action,omitempty" query:"action" doc:"Absent: all."`
	From   string       `json:"from,omitempty" query:"from" format:"date" doc:"The first day, in the site's zone."`
	Until  string       `json:"until,omitempty" query:"until" format:"date" doc:"The last day."`
}

// query reads the filter. Days are those of the site's zone.
func (f AuditFilter) query(loc *time.Location) (audit.Query, error) {
	ask, problems := audit.Query{StaffID: f.Staff, Action: f.Action}, fault.Fields{}
	day := func(name, text string, more int) time.Time {
		if text == "" {
			return time.Time{}
		}
		t, err := time.ParseInLocation(time.DateOnly, text, loc)
		if err != nil || t.Year() < 2000 {
			problems.Add(name, "problem.date")
			return time.Time{}
		}
		return t.AddDate(0, 0, more)
	}
	ask.From, ask.Until = day("from", f.From, 0), day("until", f.Until, 1)
	return ask, problems.Err()
}

type auditInput struct {
	Paging
	AuditFilter
}

// auditView is an entry of the record.
type auditView struct {
	ID      int64          `json:"id" doc:"Ascending with time."`
	At      time.Time      `json:"at"`
	Staff   who            `json:"staff"`
	Action  audit.Action   `json:"action"`
	Object  string         `json:"object,omitempty" doc:"What it was done to: person:12."`
	Detail  map[string]any `json:"detail,omitempty" doc:"Ids and figures."`
	IP      string         `json:"ip,omitempty"`
	Request string         `json:"request,omitempty" doc:"The request's id, as in the logs."`
}

func auditOf(l audit.Line) auditView {
	return auditView{l.ID, l.At, who{l.StaffID, l.StaffName}, l.Action, l.Object, l.Detail, l.IP, l.Request}
}

func (a *API) auditList(c *call, in *auditInput) (page[auditView], error) {
	ask, err := in.query(a.Location)
	if err != nil {
		return page[auditView]{}, placed{err, func(field string) string { return "query." + field }}
	}
	var before int64
	if in.After != "" {
		if before, err = strconv.ParseInt(in.After, 10, 64); err != nil || before <= 0 {
			return page[auditView]{}, fmt.Errorf("%w: cursor", fault.ErrInvalid)
		}
	}
	lines, next, err := a.Record.Entries(c, ask, before, in.Limit)
	if err != nil || next == 0 {
		return pageOf(lines, "", auditOf), err
	}
	return pageOf(lines, strconv.FormatInt(next, 10), auditOf), nil
}

// maxAuditStaff is how many of those who did something are listed.
const maxAuditStaff = 300

func (a *API) auditStaff(c *call, _ *nothing) (all[who], error) {
	list, err := a.Record.People(c, maxAuditStaff)
	return allOf(list, func(p audit.Person) who { return who{p.ID, p.Name} }), err
}

type auditExportInput struct {
	Body struct {
		FormatBody
		AuditFilter
	}
}

// auditExport sends the record as a table. That it was is recorded too.
func (a *API) auditExport() operation {
	return download("export-audit", "/settings/audit/export", "The record as a file, the latest first.", settings, func(c *call, in *auditExportInput) (file, error) {
		if !c.may(export) {
			return file{}, fmt.Errorf("export the record: %w", fault.ErrForbidden)
		}
		ask, err := in.Body.query(a.Location)
		if err != nil {
			return file{}, err
		}
		if in.Body.Format == "xlsx" {
			if n, err := a.Record.Count(c, ask, sheet.MaxRows+1); err != nil {
				return file{}, err
			} else if n > sheet.MaxRows {
				return file{}, fault.Fields{"format": {Key: "problem.rows", Args: []any{sheet.MaxRows}}}
			}
		}
		err = c.record(audit.RecordExported, "audit", map[string]any{"format": in.Body.Format})
		return file{"audit", in.Body.Format, func(table sheet.Writer) (int, error) { return c.fillAudit(table, ask) }}, err
	}).more("It needs the permission export besides.")
}

// auditBatch is how many entries an export reads at once.
const auditBatch = 1000

func (c *call) fillAudit(table sheet.Writer, ask audit.Query) (rows int, err error) {
	if err := table.Row(texts([]string{"id", "at", "staff_id", "staff", "action", "object", "detail", "ip", "request"})...); err != nil {
		return 0, err
	}
	for before := int64(0); ; {
		lines, next, err := c.api.Record.Entries(c, ask, before, auditBatch)
		if err != nil {
			return rows, err
		}
		for _, l := range lines {
			if err := table.Row(sheet.Int(l.ID), sheet.Time(l.At, c.api.Location), sheet.Text(l.StaffID), sheet.Text(l.StaffName), sheet.Text(string(l.Action)),
				sheet.Text(l.Object), sheet.Text(detailText(l.Detail)), sheet.Text(l.IP), sheet.Text(l.Request)); err != nil {
				return rows, err
			}
			rows++
		}
		if before = next; next == 0 {
			return rows, nil
		}
	}
}

// detailText writes details into a cell; nothing of nothing.
func detailText(detail map[string]any) string {
	if len(detail) == 0 {
		return ""
	}
	text, err := json.Marshal(detail)
	if err != nil {
		return ""
	}
	return string(text)
}
