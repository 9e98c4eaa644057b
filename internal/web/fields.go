package web

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// fieldProblem is an error under a field and in the summary on top.
type fieldProblem struct {
	Field   string
	Problem fault.Problem
}

func newFieldProblem(field string, p fault.Problem) fieldProblem { return fieldProblem{field, p} }

// ID is the element of the field.
func (p fieldProblem) ID() string { return fieldID(p.Field) }

// fieldView is a labelled input with its hint and what is wrong with it. Part "field" draws it.
type fieldView struct {
	Field   string // as services name it
	Name    string // of the input
	Label   string
	Value   string
	Hint    string
	Type    string // of the input; empty: text
	Keys    string // the keyboard of a phone; empty: the usual
	List    string // id of a list of values to choose from; empty: none
	Find    string // where the list is searched
	Max     int    // characters; 0: the service tells
	Rows    int    // of a text of several lines; 0: one
	Focus   bool   // it is what somebody goes on with
	Problem fault.Problem
}

// ID is the input's element.
func (f fieldView) ID() string { return fieldID(f.Field) }

// HintID and ErrID are the elements of the hint and of what is wrong.
func (f fieldView) HintID() string { return "h" + strings.TrimPrefix(f.ID(), "c") }

// ErrID is the element of what is wrong.
func (f fieldView) ErrID() string { return "x" + strings.TrimPrefix(f.ID(), "c") }

// Described lists the elements that describe the input; empty: none.
func (f fieldView) Described() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.HintID())
	}
	if f.Problem.Key != "" {
		ids = append(ids, f.ErrID())
	}
	return strings.Join(ids, " ")
}

// fieldID is the element of a field: letters and digits as they are, points as dashes, and the
// name of a parameter, which may be anything, as a hash.
func fieldID(field string) string {
	if head, name, ok := strings.Cut(field, "."); ok && (head == "params" || head == "fallbacks") {
		return "c-" + head + "-" + hash(name)
	}
	return "c-" + strings.ReplaceAll(field, ".", "-")
}

// contentFields are the fields of content, in the order of the forms; those of blocks come between
// "blocks" and "params".
func contentFields() []string {
	return []string{"template", "from", "subject", "preheader", "reply_to", "text", "blocks"}
}

// composerFields are the fields of a campaign, in the order of the form.
func composerFields() []string {
	out := append([]string{"name", "channel", "audience", "cap_days", "control"}, contentFields()...)
	return append(out, "link", "test_to", "send_at", "key")
}

// blockFields are the fields of a block, in the order of its form.
func blockFields() []string {
	return []string{"kind", "text", "note", "price", "was", "url", "image", "alt"}
}

// inOrder lists problems in the order of the form.
func inOrder(problems fault.Fields) []fieldProblem {
	out := make([]fieldProblem, 0, len(problems))
	for field, p := range problems {
		out = append(out, fieldProblem{field, p})
	}
	slices.SortFunc(out, func(a, b fieldProblem) int {
		return cmp.Or(slices.Compare(placeOf(a.Field), placeOf(b.Field)), cmp.Compare(a.Field, b.Field))
	})
	return out
}

// placeOf tells where a field stands in the form.
func placeOf(field string) []int {
	fields := composerFields()
	at := func(name string) int { return slices.Index(fields, name) }
	head, rest, _ := strings.Cut(field, ".")
	switch head {
	case "blocks":
		number, part, _ := strings.Cut(rest, ".")
		if i, err := strconv.Atoi(number); err == nil {
			return []int{at("blocks"), i + 1, slices.Index(blockFields(), part)}
		}
	case "params", "fallbacks":
		return []int{at("blocks"), campaign.MaxBlocks + 1}
	}
	return []int{at(head)}
}

// contentField names a field for the reader.
func (l *locale) contentField(field string, blocks []campaign.Block) string {
	head, rest, _ := strings.Cut(field, ".")
	switch {
	case head == "params":
		return l.parameter(rest)
	case head == "fallbacks":
		return l.T("fill.fallback", l.parameter(rest))
	case head == "blocks" && rest != "":
		number, part, _ := strings.Cut(rest, ".")
		if i, err := strconv.Atoi(number); err == nil && i < len(blocks) && slices.Contains(blockFields(), part) {
			return l.T("block.place", strconv.Itoa(i+1), l.TK("block.kind", blocks[i].Kind), l.TK("block.field", part))
		}
	case slices.Contains(composerFields(), field):
		return l.TK("composer.field", field)
	}
	return field
}

// parameter names something that is filled in: a variable by its name in the reader's language, a
// parameter as the text has it.
func (l *locale) parameter(name string) string {
	for _, v := range campaign.VariablesFor("email") {
		if v.Name == name {
			return l.variable(v)
		}
	}
	return name
}

// said is a problem or a warning with where to mend it.
type said struct {
	Label, URL string // URL: of the field; empty: it has none
	Problem    fault.Problem
}

// saidOf puts problems into the reader's words.
func (l *locale) saidOf(list []fieldProblem, blocks []campaign.Block) []said {
	out := make([]said, len(list))
	for i, p := range list {
		out[i] = said{Label: l.contentField(p.Field, blocks), URL: "#" + p.ID(), Problem: p.Problem}
		if p.Field == "key" {
			out[i].URL = ""
		}
	}
	return out
}
