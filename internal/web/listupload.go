package web

import (
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"

	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// maxUpload bounds the body of an uploaded list: the list's own limit and room for the form around
// it, so that a list somewhat too large is told so under its field.
const maxUpload = 24 << 20

// uploadMemory is how much of an upload is held in memory; the rest waits in a file.
const uploadMemory = 1 << 20

// listPage is the form for a list of people.
type listPage struct {
	Frame
	Name, Text string
	Kinds      []option
	Problems   []fieldProblem
	Bad        []badLine // what was wrong line by line, when nothing was usable
	Longest    int
}

// For gives the problem of a field; its Key is empty when there is none.
func (p listPage) For(field string) fault.Problem { return problemOf(p.Problems, field) }

// listFields are the fields of the form, in order.
func listFields() []string { return []string{"name", "text", "file", "kind"} }

// listKinds are what a list can name its people by; the first lets each value decide.
func listKinds() []string {
	return []string{"auto", string(segment.KindID), string(segment.KindMobile), string(segment.KindEmail)}
}

// badLine is a line that was left out. What stood there is not repeated.
type badLine struct {
	Line   int
	Reason string // list.bad.<reason>
}

func badReasons() []string { return []string{"id", "mobile", "email", "long", "control"} }

func badLines(list []segment.BadID) []badLine {
	out := make([]badLine, len(list))
	for i, b := range list {
		out[i] = badLine(b)
	}
	return out
}

// reportPage tells what became of a list.
type reportPage struct {
	Frame
	Name       string
	Report     segment.ListReport
	Duplicates int
	Columns    int // of the file, when one of them was read
	Bad        []badLine
	BadTotal   int
	Unmatched  []unmatchedLine
	Use        string // the audience of the list
}

// unmatchedLine is an entry that nobody has, its value masked.
type unmatchedLine struct {
	Line  int
	Kind  segment.IDKind
	Value string
}

func (w *Web) listNew(q *request) error {
	return w.showList(q, http.StatusOK, listPage{}, "", nil)
}

func (w *Web) showList(q *request, status int, p listPage, kind string, problems fault.Fields) error {
	p.Frame, p.Longest = w.frame(q, "list.title", "audience"), segment.MaxIDList
	for _, k := range listKinds() {
		p.Kinds = append(p.Kinds, option{k, w.locale(q).TK("list.kind", k), k == kind})
	}
	for _, field := range listFields() {
		if problem, ok := problems[field]; ok {
			p.Problems = append(p.Problems, fieldProblem{field, problem})
		}
	}
	return w.render(q, status, "list", p)
}

// listUpload keeps a list and reports. The report is the answer itself: what was uploaded is not
// kept, so that it could not be shown again.
func (w *Web) listUpload(q *request) error {
	if err := q.parseUpload(); err != nil {
		return err
	}
	defer q.forgetUpload()
	f := q.r.PostForm
	p := listPage{Name: f.Get("name"), Text: f.Get("text")}
	problems := fault.Fields{}
	if strings.TrimSpace(p.Name) == "" {
		problems.Add("name", "problem.missing")
	}
	kind := f.Get("kind")
	if kind != "" && !slices.Contains(listKinds(), kind) {
		problems.Add("kind", "problem.choice")
	}
	source, field, err := q.listSource(p.Text, problems)
	if err != nil {
		return err
	}
	if source != nil {
		defer source.Close() //nolint:errcheck // it was only read
	}
	if source == nil || len(problems) > 0 {
		return w.showList(q, http.StatusUnprocessableEntity, p, kind, problems)
	}
	as := segment.IDKind(kind)
	if kind == "auto" {
		as = ""
	}
	list, err := segment.ParseIDs(source, as)
	if err == nil {
		var report segment.ListReport
		report, err = w.keepList(q, list, segment.ListInput{Name: p.Name, ByID: q.staff.ID, ByName: q.staff.Name})
		if err == nil {
			return w.showReport(q, strings.TrimSpace(p.Name), list, report)
		}
	}
	p.Bad = badLines(list.Bad)
	if problems, err = listProblems(err, field); err != nil {
		return err
	}
	return w.showList(q, http.StatusUnprocessableEntity, p, kind, problems)
}

// parseUpload reads a form that may bring a file.
func (q *request) parseUpload() error {
	err := q.r.ParseMultipartForm(uploadMemory)
	var large *http.MaxBytesError
	switch {
	case err == nil, errors.Is(err, http.ErrNotMultipart):
		return nil
	case errors.As(err, &large):
		return desk.ErrTooLarge
	}
	return fmt.Errorf("read upload: %w: %w", fault.ErrInvalid, err)
}

// forgetUpload removes what waited in a file.
func (q *request) forgetUpload() {
	if q.r.MultipartForm != nil {
		_ = q.r.MultipartForm.RemoveAll() // the system clears its temporary files otherwise
	}
}

// listSource is the list, from the text or the file, and the field it came from; nil with a
// problem when there is none, or both.
func (q *request) listSource(text string, problems fault.Fields) (io.ReadCloser, string, error) {
	var files []*multipart.FileHeader
	if q.r.MultipartForm != nil {
		files = q.r.MultipartForm.File["file"]
	}
	pasted, uploaded := strings.TrimSpace(text) != "", len(files) > 0 && files[0].Size > 0
	switch {
	case pasted && uploaded:
		problems.Add("file", "problem.list_both")
		return nil, "", nil
	case pasted:
		return io.NopCloser(strings.NewReader(text)), "text", nil
	case uploaded:
		file, err := files[0].Open()
		if err != nil {
			return nil, "", fmt.Errorf("open upload: %w", err)
		}
		return file, "file", nil
	}
	problems.Add("text", "problem.missing")
	return nil, "", nil
}

// keepList saves a list and records it.
func (w *Web) keepList(q *request, list segment.IDList, in segment.ListInput) (segment.ListReport, error) {
	report, err := w.Segments.SaveList(q.ctx(), list, in)
	if err != nil {
		return report, err
	}
	return report, w.record(q, audit.ListUploaded, fmt.Sprintf("list:%d", report.ID),
		map[string]any{"given": report.Given, "people": report.People, "missing": report.Missing, "bad": list.BadTotal})
}

// listProblems names what is wrong with a list by the field it came from; other errors come back.
func listProblems(err error, field string) (fault.Fields, error) {
	out := fault.Fields{}
	var problems fault.Fields
	switch {
	case errors.Is(err, segment.ErrListTooLong):
		out.Add(field, "problem.list_long", segment.MaxIDList)
	case errors.Is(err, segment.ErrListEmpty):
		out.Add(field, "problem.list_empty")
	case errors.Is(err, segment.ErrListEncoding):
		out.Add(field, "problem.list_encoding")
	case errors.Is(err, segment.ErrListTooLarge):
		out.Add(field, "problem.list_large")
	case errors.As(err, &problems):
		for name, p := range problems {
			if name == "list" {
				name = field
			}
			out[name] = p
		}
	default:
		return nil, err
	}
	return out, nil
}

func (w *Web) showReport(q *request, name string, list segment.IDList, report segment.ListReport) error {
	p := reportPage{Frame: w.frame(q, "list.report", "audience"), Name: name, Report: report, Duplicates: list.Duplicates, Columns: list.Columns,
		Bad: badLines(list.Bad), BadTotal: list.BadTotal}
	for _, e := range report.Unmatched {
		p.Unmatched = append(p.Unmatched, unmatchedLine{e.Line, e.Kind, desk.MaskEntry(e)})
	}
	p.Use = w.paths.Audience(values("q", canonical(segment.Group("all", segment.Condition("list", segment.OpIn, []int64{report.ID}, "")))))
	return w.render(q, http.StatusOK, "listreport", p)
}
