package campaign

import (
	"strings"
	"testing"
)

func TestSMSLength(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text   string
		units, parts int
	}{
		{"nothing", "", 0, 0},
		{"one letter", "a", 1, 1},
		{"Chinese and Latin count alike", "【启明网校】hi", 8, 1},
		{"70 is one", strings.Repeat("学", 70), 70, 1},
		{"71 is two", strings.Repeat("学", 71), 71, 2},
		{"134 is two", strings.Repeat("学", 134), 134, 2},
		{"135 is three", strings.Repeat("学", 135), 135, 3},
		{"201 is three", strings.Repeat("a", 201), 201, 3},
		{"202 is four", strings.Repeat("a", 202), 202, 4},
		{"ASCII alone counts the same", strings.Repeat("a", 71), 71, 2},
		{"emoji are two", strings.Repeat("😀", 35), 70, 1},
		{"the 36th is too many", strings.Repeat("😀", 36), 72, 2},
		{"a cut inside an emoji is not moved", strings.Repeat("学", 66) + "😀" + strings.Repeat("学", 66), 134, 2},
		{"rare characters outside the basic plane", "𠮷", 2, 1},
		{"joined emoji", "👩‍🎓", 5, 1},
		{"skin tone", "👍🏽", 4, 1},
		{"broken bytes count one each", "a\xff\xfeb", 4, 1},
		{"line breaks count", "a\nb\r\nc", 6, 1},
	} {
		if units := SMSUnits(c.text); units != c.units || SMSParts(units) != c.parts {
			t.Errorf("%s: %d units, %d parts, want %d and %d", c.name, units, SMSParts(units), c.units, c.parts)
		}
	}
	if SMSParts(-1) != 0 {
		t.Error("a negative length has parts")
	}
}
