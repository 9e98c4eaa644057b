package web

import (
	"fmt"
	"strings"

	"github.com/coursecrm/coursecrm/segment"
)

// sparkView is a small line of a quick query's sizes; without Points nobody has counted yet.
type sparkView struct {
	Points string // of an SVG polyline in a box of 72 × 20
	Label  string // says what the line shows
	Change int64  // from the first day to the last
}

// trendDays is how far back a line goes.
const trendDays = 30

const (
	sparkWidth  = 72.0
	sparkHeight = 20.0
	sparkEdge   = 2.0 // keeps the line's width within the box
)

// spark draws sizes by day. Days without a count are bridged. The line has no axis: it fills the
// height, but a tenth of the size at least, so that a trifle looks like one.
func (l *locale) spark(trend []segment.Point) sparkView {
	if len(trend) == 0 {
		return sparkView{}
	}
	first, last := trend[0], trend[len(trend)-1]
	low, high := first.Count, first.Count
	for _, p := range trend {
		low, high = min(low, p.Count), max(high, p.Count)
	}
	reach := max(float64(high-low), float64(high)/10, 1)
	middle := float64(low+high) / 2
	span := last.Day.Sub(first.Day).Hours()
	var b strings.Builder
	for i, p := range trend {
		x := sparkWidth
		if span > 0 {
			x *= p.Day.Sub(first.Day).Hours() / span
		}
		y := sparkHeight/2 - (float64(p.Count)-middle)/reach*(sparkHeight-2*sparkEdge)
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%.1f,%.1f", x, y)
	}
	v := sparkView{Points: b.String(), Change: last.Count - first.Count}
	if len(trend) == 1 { // one day is a level line
		_, y, _ := strings.Cut(v.Points, ",")
		v.Points = "0," + y + " " + v.Points
		v.Label = l.T("query.trend_one", last.Count)
		return v
	}
	v.Label = l.T("query.trend", int64(span/24)+1, l.Num(first.Count), l.Num(last.Count))
	return v
}
