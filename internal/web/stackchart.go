package web

import "fmt"

// stackChart is a row of bars, each of several parts one on top of the other; drawn as [chart] is.
type stackChart struct {
	Label string // says what is found
	Ticks []chartTick
	Bars  []stackBar
	Marks []chartMark
}

// stackColumn is one period to be drawn.
type stackColumn struct {
	Title string // all about it
	Mark  string // stands below it; empty: nothing
	Parts []stackPart
}

// stackPart is a part of it, from the floor up.
type stackPart struct {
	Class string // of its colour
	N     int64
}

type stackBar struct {
	HitX, HitW string
	Title      string
	X, W       string
	Parts      []stackRect
}

type stackRect struct{ Class, Y, H string }

// The plot's lower edge, and the seam between two parts.
const (
	stackFloor = 236.0
	stackSeam  = 1.0
)

func (l *locale) newStackChart(label string, columns []stackColumn) stackChart {
	c := stackChart{Label: label}
	var most int64
	for _, col := range columns {
		var sum int64
		for _, p := range col.Parts {
			sum += p.N
		}
		most = max(most, sum)
	}
	step := tickStep(most)
	top := max((most+step-1)/step, 1) * step
	height := func(n int64) float64 { return (stackFloor - chartTop) * float64(n) / float64(top) }
	for n := int64(0); n <= top; n += step {
		y := stackFloor - height(n)
		c.Ticks = append(c.Ticks, chartTick{Text: l.Num(n), Y: fmt.Sprintf("%.1f", y), TextY: fmt.Sprintf("%.1f", y+4), Base: n == 0})
	}
	width := 100 / float64(max(len(columns), 1))
	marks := 0
	for i, col := range columns {
		x := width * float64(i)
		b := stackBar{HitX: percentage(x), HitW: percentage(width), Title: col.Title, X: percentage(x + chartGap*width), W: percentage(width * (1 - 2*chartGap))}
		below := int64(0)
		for _, p := range col.Parts {
			if p.N <= 0 {
				continue
			}
			low, high := height(below), height(below+p.N)
			if below > 0 && high-low > 2*stackSeam {
				low += stackSeam
			}
			b.Parts = append(b.Parts, stackRect{p.Class, fmt.Sprintf("%.1f", stackFloor-high), fmt.Sprintf("%.1f", high-low)})
			below += p.N
		}
		c.Bars = append(c.Bars, b)
		if col.Mark != "" {
			c.Marks = append(c.Marks, chartMark{X: percentage(x + width/2), Text: col.Mark, Second: marks%2 == 1})
			marks++
		}
	}
	return c
}
