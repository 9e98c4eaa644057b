package web

import (
	"encoding/json"
	"strconv"

	"github.com/coursecrm/coursecrm/segment"
)

// valueShape is how a value is typed in.
type valueShape string

const (
	shapeNone     valueShape = "none"     // the operator needs none
	shapeSpan     valueShape = "span"     // a number of hours, days …
	shapeCalendar valueShape = "calendar" // a day, week … of the calendar: the unit alone
	shapeDate     valueShape = "date"     // one date
	shapeDates    valueShape = "dates"    // from, to
	shapeNumber   valueShape = "number"   // one whole number
	shapeNumbers  valueShape = "numbers"  // from, to
	shapeReal     valueShape = "real"     // one number
	shapeReals    valueShape = "reals"
	shapeMoney    valueShape = "money"
	shapeMoneys   valueShape = "moneys"
	shapeText     valueShape = "text"
	shapeList     valueShape = "list"   // some of a list
	shapePeople   valueShape = "people" // chosen by hand; only shown
)

// pair reports whether two values are typed in.
func (s valueShape) pair() bool {
	return s == shapeDates || s == shapeNumbers || s == shapeReals || s == shapeMoneys
}

// shape says how a field's value is typed in for an operator.
func shape(f segment.Field, op segment.Op) valueShape {
	switch op {
	case segment.OpEmpty, segment.OpNotEmpty, segment.OpYes, segment.OpNo:
		return shapeNone
	case segment.OpInLast, segment.OpNotInLast, segment.OpOlder, segment.OpInNext, segment.OpBirthday:
		return shapeSpan
	case segment.OpThis, segment.OpPrevious:
		return shapeCalendar
	}
	one, two := shapeList, shapeList
	switch f.Type {
	case segment.Time, segment.Date:
		one, two = shapeDate, shapeDates
	case segment.Number:
		one, two = shapeNumber, shapeNumbers
	case segment.Real:
		one, two = shapeReal, shapeReals
	case segment.Money:
		one, two = shapeMoney, shapeMoneys
	case segment.String:
		one = shapeText
	case segment.IDs:
		one = shapePeople
	}
	if op == segment.OpBetween {
		return two
	}
	return one
}

// texts writes a JSON value as the texts that a form shows.
func texts(v json.RawMessage, s valueShape, digits int) []string {
	if len(v) == 0 || s == shapeNone || s == shapeCalendar {
		return nil
	}
	var list []json.RawMessage
	if json.Unmarshal(v, &list) != nil {
		list = []json.RawMessage{v}
	}
	var out []string
	for _, item := range list {
		text := string(item)
		var str string
		if json.Unmarshal(item, &str) == nil {
			text = str
		}
		switch s {
		case shapeMoney, shapeMoneys:
			if n, err := strconv.ParseInt(text, 10, 64); err == nil {
				text = minorText(n, digits)
			}
		case shapeReal, shapeReals:
			if n, err := strconv.ParseFloat(text, 64); err == nil {
				text = strconv.FormatFloat(n, 'f', -1, 64)
			}
		}
		out = append(out, text)
	}
	return out
}

func minorText(n int64, digits int) string {
	if n < 0 {
		return "-" + minorText(-n, digits)
	}
	return decimal(n, digits, true)
}
