package api

import (
	"errors"
	"strings"

	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

type listInput struct {
	Body struct {
		Name string         `json:"name" maxLength:"400"`
		Text string         `json:"text" minLength:"1" doc:"Ids of the host, numbers or addresses, on lines of their own or as CSV."`
		Kind segment.IDKind `json:"kind,omitempty" doc:"What every value is; absent: the header decides, or each value for itself."`
	}
}

// listView tells what became of a list of people. Its id is a value of the field list.
type listView struct {
	ID         int64           `json:"id"`
	Given      int             `json:"given" doc:"Different entries."`
	People     int             `json:"people" doc:"Found."`
	Missing    int             `json:"missing" doc:"Entries that nobody has."`
	Duplicates int             `json:"duplicates"`
	Bad        []badView       `json:"bad" doc:"The first 100 lines that were left out."`
	BadTotal   int             `json:"bad_total"`
	Unmatched  []unmatchedView `json:"unmatched" doc:"The first 100 of the missing, masked."`
}

type badView struct {
	Line   int    `json:"line"`
	Reason string `json:"reason" enum:"id,mobile,email,long,control"`
}

type unmatchedView struct {
	Line  int            `json:"line"`
	Kind  segment.IDKind `json:"kind"`
	Value string         `json:"value"`
}

// listUpload keeps a list of people and reports.
func (a *API) listUpload(c *call, in *listInput) (listView, error) {
	list, err := segment.ParseIDs(strings.NewReader(in.Body.Text), in.Body.Kind)
	if err != nil {
		return listView{}, listProblem(err)
	}
	report, err := a.Segments.SaveList(c, list, segment.ListInput{Name: in.Body.Name, ByID: c.staff.ID, ByName: c.staff.Name})
	if err != nil {
		return listView{}, err
	}
	v := listView{report.ID, report.Given, report.People, report.Missing, list.Duplicates, each(list.Bad, func(b segment.BadID) badView { return badView(b) }), list.BadTotal,
		each(report.Unmatched, func(e segment.IDEntry) unmatchedView { return unmatchedView{e.Line, e.Kind, desk.MaskEntry(e)} })}
	return v, c.record(audit.ListUploaded, object("list", report.ID), map[string]any{"given": report.Given, "people": report.People, "missing": report.Missing, "bad": list.BadTotal})
}

// listProblem says what is wrong with a list as a whole.
func listProblem(err error) error {
	for kind, key := range map[error]string{segment.ErrListEmpty: "problem.list_empty", segment.ErrListEncoding: "problem.list_encoding", segment.ErrListTooLarge: "problem.list_large"} {
		if errors.Is(err, kind) {
			return fault.Fields{"text": {Key: key}}
		}
	}
	if errors.Is(err, segment.ErrListTooLong) {
		return fault.Fields{"text": {Key: "problem.list_long", Args: []any{segment.MaxIDList}}}
	}
	return err
}
