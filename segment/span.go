package segment

import "time"

// span is what a condition asks of a value: that it lies between two bounds, or that it is
// missing; not turns it round. What is turned round holds for a missing value.
type span struct {
	not     bool
	missing bool   // whether there is no value, whatever it would be
	lo, hi  *bound // nil: open
}

// bound is an end of a span: an int64, a float64, a time.Time or, of dates, a text.
type bound struct {
	at   any
	open bool // at itself is not within
}

func from(at any) *bound   { return &bound{at: at} }
func beyond(at any) *bound { return &bound{at: at, open: true} }

// spanOf reads a condition on a moment, a date or a number.
func spanOf(f Field, r Rule, now time.Time) (span, error) {
	switch r.Op {
	case OpEmpty:
		return span{missing: true}, nothing(r)
	case OpNotEmpty:
		return span{missing: true, not: true}, nothing(r)
	}
	switch f.Type {
	case Time:
		return timeSpan(r, now)
	case Date:
		return dateSpan(r)
	case Real:
		return numberSpan[float64](r)
	}
	return numberSpan[int64](r)
}

func timeSpan(r Rule, now time.Time) (span, error) {
	switch r.Op {
	case OpInLast, OpNotInLast, OpOlder, OpInNext:
		n, err := whole(r)
		if err != nil {
			return span{}, err
		}
		if r.Op == OpInNext {
			edge, err := ahead(now, n, r.Unit)
			return span{lo: from(now.UTC()), hi: from(edge)}, err
		}
		edge, err := ago(now, n, r.Unit)
		if r.Op == OpOlder {
			return span{hi: beyond(edge)}, err
		}
		return span{not: r.Op == OpNotInLast, lo: from(edge), hi: from(now.UTC())}, err
	case OpThis, OpPrevious:
		n := 0
		if r.Op == OpPrevious {
			n = -1
		}
		if !isNull(r.Value) {
			return span{}, ErrValue
		}
		first, after, err := period(now, n, r.Unit)
		return span{lo: from(first), hi: beyond(after)}, err
	case OpBetween:
		first, after, err := dates(r)
		return span{lo: from(begin(first, now.Location())), hi: beyond(begin(after, now.Location()))}, err
	}
	day, err := date(r)
	return daySpan(r.Op, from(begin(day, now.Location())), from(begin(day.AddDate(0, 0, 1), now.Location()))), err
}

// daySpan compares with a day that begins at one bound and ends before the other.
func daySpan(op Op, first, after *bound) span {
	switch op {
	case OpBefore:
		return span{hi: beyond(first.at)}
	case OpOnAfter:
		return span{lo: first}
	case OpAfter:
		return span{lo: after}
	}
	return span{lo: first, hi: beyond(after.at)}
}

// dateSpan compares dates, which have no time zone, as their texts.
func dateSpan(r Rule) (span, error) {
	text := func(t time.Time) string { return t.Format(dateLayout) }
	if r.Op == OpBetween {
		first, after, err := dates(r)
		return span{lo: from(text(first)), hi: beyond(text(after))}, err
	}
	day, err := date(r)
	return daySpan(r.Op, from(text(day)), from(text(day.AddDate(0, 0, 1)))), err
}

func numberSpan[T int64 | float64](r Rule) (span, error) {
	if r.Op == OpBetween {
		lo, hi, err := numbers[T](r)
		return span{lo: from(lo), hi: from(hi)}, err
	}
	n, err := single[T](r)
	switch r.Op {
	case OpLt:
		return span{hi: beyond(n)}, err
	case OpLe:
		return span{hi: from(n)}, err
	case OpGt:
		return span{lo: beyond(n)}, err
	case OpGe:
		return span{lo: from(n)}, err
	}
	return span{not: r.Op == OpNe, lo: from(n), hi: from(n)}, err
}

// hasZero reports whether a number of 0 lies between the bounds.
func (s span) hasZero() bool {
	number := func(b *bound) int64 {
		n, _ := b.at.(int64) // totals are whole numbers
		return n
	}
	above := s.lo == nil || number(s.lo) < 0 || number(s.lo) == 0 && !s.lo.open
	below := s.hi == nil || number(s.hi) > 0 || number(s.hi) == 0 && !s.hi.open
	return above && below
}

// anyAtAll reports whether every count but 0 is meant, noneAtAll whether 0 alone is.
func (s span) anyAtAll() bool {
	return s.hi == nil && (*s.lo == bound{at: int64(1)} || *s.lo == bound{at: int64(0), open: true})
}

func (s span) noneAtAll() bool {
	return s.hi != nil && s.hasZero() && (*s.hi == bound{at: int64(0)} || *s.hi == bound{at: int64(1), open: true})
}
