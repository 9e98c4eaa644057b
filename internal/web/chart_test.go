package web

import (
	"strconv"
	"testing"
)

func TestChart(t *testing.T) {
	t.Parallel()
	l := testLocale(t, zhCN)
	none := func(int) string { return "" }
	for _, most := range []int64{0, 1, 2, 3, 4, 5, 7, 9, 14, 20, 40, 94, 99, 100, 101, 999, 1001, 123_456, 1e9} {
		c := l.newChart([]int64{most, 0, most / 2}, "", none, none, none)
		if n := len(c.Ticks); n < 2 || n > 6 {
			t.Errorf("most %d: %d ticks", most, n)
		}
		last := ""
		for i, tick := range c.Ticks {
			if tick.Base != (i == 0) || tick.Text == last {
				t.Errorf("most %d: tick %+v after %s", most, tick, last)
			}
			last = tick.Text
		}
		for i, bar := range c.Bars {
			y, err1 := strconv.ParseFloat(bar.Y, 64)
			height, err2 := strconv.ParseFloat(bar.H, 64)
			if err1 != nil || err2 != nil || y < chartTop-0.05 || y+height > chartFloor+0.11 || y+height < chartFloor-0.11 || bar.Empty != (most == 0 || i == 1 || i == 2 && most < 2) {
				t.Errorf("most %d: bar %d %+v", most, i, bar)
			}
		}
	}
	if c := l.newChart(nil, "", none, none, none); len(c.Bars) != 0 {
		t.Errorf("nothing drawn as %+v", c)
	}
	if got := tickStep(94); got != 25 {
		t.Errorf("94 is divided by %d", got)
	}
}
