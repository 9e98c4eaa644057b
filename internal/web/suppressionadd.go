package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// suppressedPage tells what became of contacts that were added.
type suppressedPage struct {
	Frame
	campaign.Imported
	Lines []int // the first of the wrong lines
}

// shownLines is how many wrong lines are named.
const shownLines = 100

// suppressionAdd enters contacts that were typed or uploaded. The report is the answer itself:
// what was uploaded is not kept, so that it could not be shown again.
func (w *Web) suppressionAdd(q *request) error {
	if err := q.parseUpload(); err != nil {
		return err
	}
	defer q.forgetUpload()
	p := suppressionsPage{Text: q.r.PostForm.Get("text")}
	problems := fault.Fields{}
	source, field, err := q.listSource(p.Text, problems)
	if err != nil {
		return err
	}
	if source == nil {
		return w.addAgain(q, p, problems)
	}
	defer source.Close() //nolint:errcheck // it was only read
	text, err := io.ReadAll(source)
	if err != nil {
		return fmt.Errorf("read upload: %w", err)
	}
	lines := strings.Count(strings.TrimSpace(string(text)), "\n") + 1
	if lines > campaign.MaxImport {
		problems.Add(field, "problem.list_long", campaign.MaxImport)
		return w.addAgain(q, p, problems)
	}
	if err := w.record(q, audit.SuppressionAdded, "suppressions", map[string]any{"lines": lines}); err != nil {
		return err
	}
	done, err := w.Consents.Import(q.ctx(), string(text), q.staff)
	if errors.Is(err, fault.ErrInvalid) {
		problems.Add(field, "problem.list_long", campaign.MaxImport)
		return w.addAgain(q, p, problems)
	}
	if err != nil {
		return err
	}
	return w.render(q, http.StatusOK, "suppressed", suppressedPage{Frame: w.frame(q, "suppressions.added", "suppressions"), Imported: done,
		Lines: done.Wrong[:min(len(done.Wrong), shownLines)]})
}

func (w *Web) addAgain(q *request, p suppressionsPage, problems fault.Fields) error {
	for _, field := range suppressionFields() {
		if problem, ok := problems[field]; ok {
			p.Problems = append(p.Problems, fieldProblem{field, problem})
		}
	}
	return w.showSuppressions(q, http.StatusUnprocessableEntity, p)
}
