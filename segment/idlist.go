package segment

import (
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// MaxIDList is how many different people a list may name.
const MaxIDList = 200_000

const (
	maxListBytes = 20 << 20
	maxListValue = 255 // bytes
	maxListBad   = 100
)

// What can be wrong with a list as a whole; all are [fault.ErrInvalid] too.
var (
	ErrListTooLong  = fmt.Errorf("%w: list of more than %d people", fault.ErrInvalid, MaxIDList)
	ErrListEmpty    = fmt.Errorf("%w: list without people", fault.ErrInvalid)
	ErrListEncoding = fmt.Errorf("%w: list is not UTF-8", fault.ErrInvalid) // old Excel in China writes GB18030
	ErrListTooLarge = fmt.Errorf("%w: list of more than 20 MB", fault.ErrInvalid)
)

// IDKind says by what a list names its people.
type IDKind string

// Kinds of values in a list.
const (
	KindID     IDKind = "id" // the host's id
	KindMobile IDKind = "mobile"
	KindEmail  IDKind = "email"
)

// IDEntry is one person of a list.
type IDEntry struct {
	Kind  IDKind
	Value string // as the host writes it: a number as in hostadapter.Learner, an address in lower case
	Line  int    // where its cell begins; the first line is 1
}

// BadID is a value that was left out. The value itself is not kept: it may be a phone number, and
// this may be logged.
type BadID struct {
	Line   int
	Reason string // "id", "mobile", "email": not one; "long": over 255 bytes; "control": not text
}

// IDList is what a pasted or uploaded list says.
type IDList struct {
	Entries    []IDEntry // all different, in the order of the list
	Duplicates int       // values that were there already
	Bad        []BadID   // the first 100
	BadTotal   int
	Columns    int // how many columns there are when only one of them was read; 0: every value was
}

// ParseIDs reads a list of people: pasted text, or a CSV or text file. With as every value is of
// that kind. With as empty the header decides, and without a header each value for itself: with
// an @ it is an address; a mainland mobile number, or a number with + and country, is a number;
// anything else is an id.
//
// Values stand on lines of their own, or between commas, semicolons, 、, tabs and spaces; a number
// may have spaces within. Quotes work as in CSV. A first line that names a column (手机号, 用户ID,
// email …) and holds no number or address is a header. Under a header of several columns only one
// is read: that of the kind as, or with as empty the first of id, mobile and email that is named,
// or else the first. Without a header the first column alone is read when all lines, two or more,
// have the same number of cells, unless every cell is a number or an address.
//
// Errors: [ErrListTooLong], [ErrListEncoding], [ErrListTooLarge], [fault.ErrInvalid] for an
// unknown kind, and the reader's; and [ErrListEmpty], with which the list still tells what was bad.
func ParseIDs(r io.Reader, as IDKind) (IDList, error) {
	if !slices.Contains([]IDKind{"", KindID, KindMobile, KindEmail}, as) {
		return IDList{}, fmt.Errorf("%w: kind of list", fault.ErrInvalid)
	}
	var b strings.Builder
	if n, err := io.Copy(&b, io.LimitReader(r, maxListBytes+1)); err != nil {
		return IDList{}, fmt.Errorf("read a list: %w", err)
	} else if n > maxListBytes {
		return IDList{}, ErrListTooLarge
	}
	text := strings.TrimPrefix(b.String(), "\uFEFF")
	if !utf8.ValidString(text) {
		return IDList{}, ErrListEncoding
	}

	shape := listShapeOf(text, as)
	list := IDList{Columns: shape.columns}
	seen := map[IDEntry]bool{} // without lines
	for c := range listCells(text, shape.separator) {
		if shape.header--; shape.header >= 0 || (shape.columns > 0 && c.column != shape.column) {
			continue
		}
		for value := range listValues(c.text, shape.kind) {
			e, reason := listEntry(value, shape.kind)
			switch {
			case reason != "":
				if list.BadTotal++; len(list.Bad) < maxListBad {
					list.Bad = append(list.Bad, BadID{Line: c.line, Reason: reason})
				}
			case seen[e]:
				list.Duplicates++
			case len(list.Entries) == MaxIDList:
				return IDList{}, ErrListTooLong
			default:
				seen[e] = true
				e.Line = c.line
				list.Entries = append(list.Entries, e)
			}
		}
	}
	if len(list.Entries) == 0 {
		return list, ErrListEmpty
	}
	return list, nil
}

// listShape is how a list is to be read.
type listShape struct {
	separator rune // of cells in a line; -1: none
	header    int  // cells to skip
	columns   int  // 0: every value counts
	column    int
	kind      IDKind // empty: of each value by itself
}

// listShapeOf looks at the whole list, but keeps nothing of it: a hostile one may have millions of
// columns.
func listShapeOf(text string, as IDKind) listShape {
	s := listShape{separator: listSeparator(text), kind: as}
	var (
		named    = map[IDKind]int{} // the column that the first line gives each kind
		contact  bool               // the first line holds a number or an address
		contacts = true             // every cell does
		even     = true             // all lines have the same number of cells
		rows     int                // that are not blank
		width    int                // of the first row
		first    int                // cells until its end
		cells    int
		filled   bool // this line is not blank
	)
	for c := range listCells(text, s.separator) {
		cells++
		if value := tidy(c.text); value != "" {
			filled = true
			is := (contacts || rows == 0) && guessKind(value) != KindID
			contacts = contacts && is
			if rows == 0 {
				contact = contact || is
				if kind, ok := headerKind(value); ok {
					if _, again := named[kind]; !again {
						named[kind] = c.column
					}
				}
			}
		}
		if c.last && filled {
			if rows++; rows == 1 {
				width, first = c.column+1, cells
			}
			even, filled = even && c.column+1 == width, false
		}
	}
	switch {
	case rows < 2:
	case len(named) > 0 && !contact:
		for _, kind := range []IDKind{KindID, KindMobile, KindEmail} {
			if _, ok := named[kind]; ok && s.kind == "" {
				s.kind = kind
			}
		}
		s.header, s.column = first, named[s.kind]
		if width > 1 {
			s.columns = width
		}
	case even && width > 1 && !contacts:
		s.columns = width
	}
	return s
}

// listSeparator finds what separates the columns in the first line. Tabs come first: text copied
// from a spreadsheet has them, and commas within its cells.
func listSeparator(text string) rune {
	text = strings.TrimLeft(text, "\r\n ")
	if end := strings.IndexAny(text, "\r\n"); end >= 0 {
		text = text[:end]
	}
	for _, separator := range "\t,，;；" {
		if strings.ContainsRune(text, separator) {
			return separator
		}
	}
	return -1
}

type listCell struct {
	text         string
	line, column int
	last         bool // of its line
}

// listCells cuts text as CSV, more patiently than encoding/csv: lines end in any system's way, and
// a quote that is never closed is a character like others.
func listCells(text string, separator rune) iter.Seq[listCell] {
	ends := func(r rune) bool { return r == separator || r == '\n' || r == '\r' }
	return func(yield func(listCell) bool) {
		c := listCell{line: 1}
		for more := text != ""; more; {
			quoted, rest := cutQuoted(text)
			before := text[:len(text)-len(rest)]
			end := strings.IndexFunc(rest, ends)
			if end < 0 {
				end = len(rest)
			}
			r, size := utf8.DecodeRuneInString(rest[end:]) // at the end of all: no rune, of size 0
			if strings.HasPrefix(rest[end:], "\r\n") {
				size = 2
			}
			c.text, c.last = quoted+rest[:end], r != separator
			if !yield(c) {
				return
			}
			c.line += strings.Count(before, "\n") + strings.Count(before, "\r") - strings.Count(before, "\r\n")
			if c.column++; c.last {
				c.line, c.column = c.line+1, 0
			}
			text = rest[end+size:]
			more = text != "" || !c.last
		}
	}
}

// cutQuoted takes the quoted part off the front of a cell.
func cutQuoted(text string) (value, rest string) {
	body := strings.TrimLeft(text, " ")
	if !strings.HasPrefix(body, `"`) {
		return "", text
	}
	for i := 1; ; i += 2 {
		n := strings.IndexByte(body[i:], '"')
		if n < 0 {
			return "", text
		}
		if i += n; !strings.HasPrefix(body[i+1:], `"`) {
			return strings.ReplaceAll(body[1:i], `""`, `"`), body[i+1:]
		}
	}
}

// listValues gives the values of a cell. Spaces separate too, except within a phone number.
func listValues(cell string, kind IDKind) iter.Seq[string] {
	hard := func(r rune) bool { return strings.ContainsRune(",，;；、\t\r\n", r) }
	return func(yield func(string) bool) {
		for part := range strings.FieldsFuncSeq(cell, hard) {
			part = tidy(part)
			values := strings.FieldsSeq(part)
			if spacedNumber(part, kind) {
				values = slices.Values([]string{part})
			}
			for value := range values {
				if value = tidy(value); value != "" && !yield(value) {
					return
				}
			}
		}
	}
}
