package api

import (
	"slices"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/internal/sheet"
	"github.com/coursecrm/coursecrm/segment"
)

// exportColumn is a column of an exported table, under a name that programs read.
type exportColumn struct {
	key  string
	cell func(a *API, p segment.Person) sheet.Cell
}

func exportColumns() []exportColumn {
	text := func(of func(segment.Person) string) func(*API, segment.Person) sheet.Cell {
		return func(_ *API, p segment.Person) sheet.Cell { return sheet.Text(of(p)) }
	}
	moment := func(of func(segment.Person) time.Time) func(*API, segment.Person) sheet.Cell {
		return func(a *API, p segment.Person) sheet.Cell { return sheet.Time(of(p), a.Location) }
	}
	return []exportColumn{
		{"id", text(func(p segment.Person) string { return string(p.HostID) })},
		{"nickname", text(func(p segment.Person) string { return p.Nickname })},
		{"real_name", text(func(p segment.Person) string { return p.RealName })},
		{"mobile", text(func(p segment.Person) string { return p.Mobile })},
		{"email", text(func(p segment.Person) string { return p.Email })},
		{"status", text(func(p segment.Person) string { return string(p.Status) })},
		{"registered", moment(func(p segment.Person) time.Time { return p.RegisteredAt })},
		{"login", moment(func(p segment.Person) time.Time { return p.LastLoginAt })},
		{"level", text(func(p segment.Person) string { return p.MemberLevel })},
		{"paid_count", func(_ *API, p segment.Person) sheet.Cell { return sheet.Int(int64(p.PaidCount)) }},
		{"paid_total", func(a *API, p segment.Person) sheet.Cell {
			return sheet.Money(p.PaidTotal, campaign.MinorDigits(a.Currency))
		}},
		{"last_paid", moment(func(p segment.Person) time.Time { return p.LastPaidAt })},
		{"tags", text(func(p segment.Person) string { return strings.Join(p.Tags, ",") })},
		{"province", text(func(p segment.Person) string { return p.Province })},
		{"city", text(func(p segment.Person) string { return p.City })},
		{"source", text(func(p segment.Person) string { return p.RegisterSource })},
	}
}

type exportInput struct {
	Body struct {
		FormatBody
		People  whom     `json:"people"`
		Columns []string `json:"columns,omitempty" maxItems:"16" enum:"id,nickname,real_name,mobile,email,status,registered,login,level,paid_count,paid_total,last_paid,tags,province,city,source" doc:"Absent: all."`
	}
}

// audienceExport sends the people of a rule as a table. Contacts are whole for who may see them.
func (a *API) audienceExport() operation {
	return download("export-audience", "/audience/export", "The people of a rule as a file; contacts are masked without contact_view.", export, func(c *call, in *exportInput) (file, error) {
		rule, err := c.peopleOf(in.Body.People)
		if err != nil {
			return file{}, err
		}
		columns := slices.DeleteFunc(exportColumns(), func(x exportColumn) bool {
			return len(in.Body.Columns) > 0 && !slices.Contains(in.Body.Columns, x.key)
		})
		if err := c.fits(in.Body.Format, rule); err != nil {
			return file{}, err
		}
		mask := !c.may(contact)
		keys := make([]string, len(columns))
		for i, x := range columns {
			keys[i] = x.key
		}
		err = c.record(audit.Exported, "audience", map[string]any{"format": in.Body.Format, "columns": keys, "masked": mask, "rule": desk.RuleHash(rule)})
		return file{"audience", in.Body.Format, func(table sheet.Writer) (int, error) { return c.fillPeople(table, columns, keys, mask, rule) }}, err
	})
}

// fits finds out before the first row whether a rule is sound and its people fit into the file.
func (c *call) fits(format string, rule segment.Rule) error {
	if format != "xlsx" {
		_, err := c.api.Segments.Compile(c, rule)
		return err
	}
	n, err := c.api.Segments.Size(c, rule)
	if err == nil && n > sheet.MaxRows {
		err = fault.Fields{"format": {Key: "problem.rows", Args: []any{sheet.MaxRows}}}
	}
	return err
}

func (c *call) fillPeople(table sheet.Writer, columns []exportColumn, keys []string, mask bool, rule segment.Rule) (rows int, err error) {
	if err := table.Row(texts(keys)...); err != nil {
		return 0, err
	}
	cells := make([]sheet.Cell, len(columns))
	err = c.api.Segments.Each(c, rule, func(p segment.Person) error {
		if mask {
			p.Mobile, p.Email = desk.MaskMobile(p.Mobile), desk.MaskEmail(p.Email)
		}
		for i, x := range columns {
			cells[i] = x.cell(c.api, p)
		}
		rows++
		return table.Row(cells...)
	})
	return rows, err
}

func texts(list []string) []sheet.Cell { return each(list, sheet.Text) }
