package segment

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Rule is a tree of conditions. Exactly one of All, Any, None and Field is set. A group without
// members selects nobody, so that nothing is ever sent to everyone by accident.
//
// The JSON form is {"all": […]}, {"any": […]}, {"none": […]} or
// {"field": "last_login", "op": "in_last", "value": 30, "unit": "day"}; a field that counts rows can
// be narrowed: {"field": "activity", "of": {"type": ["view"], "within": {"last": 14, "unit": "day"}},
// "op": "ge", "value": 3}.
type Rule struct {
	All  []Rule `json:"all,omitzero"`
	Any  []Rule `json:"any,omitzero"`
	None []Rule `json:"none,omitzero"` // true when no member is

	Field string          `json:"field,omitempty"`
	Of    *Of             `json:"of,omitempty"`
	Op    Op              `json:"op,omitempty"`
	Value json.RawMessage `json:"value,omitzero"`
	Unit  Unit            `json:"unit,omitempty"`
}

// Limits of a rule. They are checked before anything is done with it.
const (
	MaxJSON   = 256 << 10 // bytes
	MaxDepth  = 5         // nested groups
	MaxLeaves = 200       // conditions
	MaxList   = 10_000    // values in one condition
)

// What can be wrong with a rule. Every error of Parse and Compile is a *RuleError around one.
var (
	ErrSyntax       = errors.New("not a rule")
	ErrTooLarge     = errors.New("rule too large")
	ErrTooDeep      = errors.New("rule nested too deep")
	ErrUnknownField = errors.New("unknown field")
	ErrUnknownOp    = errors.New("operator does not fit the field")
	ErrValue        = errors.New("value does not fit the operator")
	ErrNarrow       = errors.New("narrowing does not fit the field")
	ErrNoSource     = errors.New("the host does not provide the field")
	ErrNoQuery      = errors.New("no such quick query")
	ErrCycle        = errors.New("quick queries refer to each other in a circle")
)

// RuleError says where a rule is wrong. Path leads from the root: "1.0" is the first member of
// the second member. Its text holds no value that was typed.
type RuleError struct {
	Path  string
	Field string
	Err   error
}

func (e *RuleError) Error() string {
	return fmt.Sprintf("rule at %q, field %q: %v", e.Path, e.Field, e.Err)
}

// Word names the kind of error, for messages.
func (e *RuleError) Word() string {
	for word, kind := range map[string]error{"syntax": ErrSyntax, "large": ErrTooLarge, "deep": ErrTooDeep, "field": ErrUnknownField,
		"op": ErrUnknownOp, "value": ErrValue, "narrow": ErrNarrow, "source": ErrNoSource, "query": ErrNoQuery, "cycle": ErrCycle} {
		if errors.Is(e.Err, kind) {
			return word
		}
	}
	return "syntax"
}

// Unwrap gives the kind of error.
func (e *RuleError) Unwrap() error { return e.Err }

// Members gives a group's members and its word, or nothing for a condition.
func (r Rule) Members() (word string, members []Rule) {
	switch {
	case r.All != nil:
		return "all", r.All
	case r.Any != nil:
		return "any", r.Any
	case r.None != nil:
		return "none", r.None
	}
	return "", nil
}

// Group makes a group of the word "all", "any" or "none"; any other word counts as all.
func Group(word string, members ...Rule) Rule {
	if members == nil {
		members = []Rule{}
	}
	switch word {
	case "any":
		return Rule{Any: members}
	case "none":
		return Rule{None: members}
	}
	return Rule{All: members}
}

// Condition makes a condition; value is anything that encodes as JSON.
func Condition(field string, op Op, value any, unit Unit) Rule {
	r := Rule{Field: field, Op: op, Unit: unit}
	if value != nil {
		r.Value, _ = json.Marshal(value) // numbers, strings and slices of them always encode
	}
	return r
}

// Parse reads the JSON form and checks the limits. What fields and values mean is checked by
// [Compile].
//
// Errors: *RuleError.
func Parse(text []byte) (Rule, error) {
	if len(text) > MaxJSON {
		return Rule{}, &RuleError{Err: ErrTooLarge}
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	var r Rule
	if err := dec.Decode(&r); err != nil {
		return Rule{}, &RuleError{Err: ErrSyntax}
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Rule{}, &RuleError{Err: ErrSyntax}
	}
	return r, r.check(MaxDepth, MaxLeaves)
}

// JSON gives the canonical JSON form.
func (r Rule) JSON() []byte {
	text, err := json.Marshal(r)
	if err != nil { // a Value that is not JSON; Parse never makes one
		return []byte(`{"all":[]}`)
	}
	return text
}

// wrapping is how much deeper and longer a rule may get by what is put around it: people left out
// by hand, and those who were contacted recently.
const wrapping = 2

// MaxWrapped is how deep groups may nest in such a rule. It compiles, but [Parse] does not take it.
const MaxWrapped = MaxDepth + wrapping

// check looks at shape and size.
func (r Rule) check(maxDepth, maxLeaves int) error {
	leaves := 0
	return r.walk("", 1, func(path string, depth int, r Rule) error {
		kinds := 0
		for _, set := range []bool{r.All != nil, r.Any != nil, r.None != nil, r.Field != ""} {
			if set {
				kinds++
			}
		}
		if kinds != 1 || (r.Field == "" && (r.Op != "" || r.Value != nil || r.Unit != "" || r.Of != nil)) {
			return &RuleError{Path: path, Err: ErrSyntax}
		}
		if r.Field == "" && depth > maxDepth {
			return &RuleError{Path: path, Err: ErrTooDeep}
		}
		if r.Field != "" {
			leaves++
		}
		if leaves > maxLeaves {
			return &RuleError{Path: path, Err: ErrTooLarge}
		}
		return nil
	})
}

// walk visits the tree from the root, parents first.
func (r Rule) walk(path string, depth int, visit func(path string, depth int, r Rule) error) error {
	if err := visit(path, depth, r); err != nil {
		return err
	}
	_, members := r.Members()
	for i, m := range members {
		if err := m.walk(childPath(path, i), depth+1, visit); err != nil {
			return err
		}
	}
	return nil
}

func childPath(path string, i int) string {
	if path == "" {
		return fmt.Sprint(i)
	}
	return fmt.Sprintf("%s.%d", path, i)
}
