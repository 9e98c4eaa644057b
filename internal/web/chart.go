package web

import "fmt"

// chart is a row of bars, drawn in the plot's own percents so that it stretches while its text
// keeps its size (UI.md §8).
type chart struct {
	Label string // says what is found
	Ticks []chartTick
	Bars  []chartBar
	Marks []chartMark
}

// chartTick is a line across with its number.
type chartTick struct {
	Text  string
	Y     string
	TextY string
	Base  bool
}

// chartBar is one period; without a height nothing happened in it.
type chartBar struct {
	HitX, HitW     string
	X, W, Y, H     string
	Title, Name, N string
	Empty          bool
}

// chartMark is a word below the bars.
type chartMark struct {
	X, Text string
	Second  bool // left out where there is little room
}

// The plot's upper and lower edge; below it stand the words.
const (
	chartTop   = 10.0
	chartFloor = 174.0
	chartGap   = 0.17 // of a bar's width, on each side
)

// newChart draws values; name tells each one's period, title all about it, and mark what stands
// below the i-th, empty: nothing.
func (l *locale) newChart(values []int64, label string, name func(i int) string, title func(i int) string, mark func(i int) string) chart {
	c := chart{Label: label}
	var most int64
	for _, n := range values {
		most = max(most, n)
	}
	step := tickStep(most)
	top := max((most+step-1)/step, 1) * step
	y := func(n int64) float64 { return chartFloor - (chartFloor-chartTop)*float64(n)/float64(top) }
	for n := int64(0); n <= top; n += step {
		c.Ticks = append(c.Ticks, chartTick{Text: l.Num(n), Y: fmt.Sprintf("%.1f", y(n)), TextY: fmt.Sprintf("%.1f", y(n)+4), Base: n == 0})
	}
	width := 100 / float64(max(len(values), 1))
	percent := func(f float64) string { return fmt.Sprintf("%.2f%%", f) }
	marks := 0
	for i, n := range values {
		x := width * float64(i)
		c.Bars = append(c.Bars, chartBar{HitX: percent(x), HitW: percent(width), X: percent(x + chartGap*width), W: percent(width * (1 - 2*chartGap)),
			Y: fmt.Sprintf("%.1f", y(n)), H: fmt.Sprintf("%.1f", chartFloor-y(n)), Title: title(i), Name: name(i), N: l.Num(n), Empty: n == 0})
		if text := mark(i); text != "" {
			c.Marks = append(c.Marks, chartMark{X: percent(x + width/2), Text: text, Second: marks%2 == 1})
			marks++
		}
	}
	return c
}

// tickStep is a round number that divides the height into at most four parts.
func tickStep(most int64) int64 {
	for unit := int64(1); ; unit *= 10 {
		for _, quarters := range []int64{4, 8, 10, 20} {
			if step := quarters * unit / 4; quarters*unit%4 == 0 && most <= 4*step {
				return step
			}
		}
	}
}
