package gateway

import "testing"

func TestByNumber(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]Fate{"13800138012": Arrives, "13800000001": Arrives, "13800130000": NoNumber, "13800138044": NoNumber,
		"13800138045": Vanishes, "13800138046": Expires, "13800138047": Barred, "13800130451": PutOff, "13800138051": Arrives, "": Arrives} {
		if got := ByNumber(number); got != want {
			t.Errorf("%s: %d, want %d", number, got, want)
		}
	}
}

func TestObjection(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"{{nickname}}您好，返场优惠还剩{{days}}天，拒收请回复R": "",
		"您好，退订回T":       "",
		"您好，回TD退":       "",
		"您好":            "缺少退订方式",
		"{{回复TD}}您好":    "缺少退订方式", // what a value says is not known yet
		"全网最低价，拒收请回复R":  "含有绝对化用语“最低”",
		"顶级名师，史上最强":     "含有绝对化用语“顶级”；缺少退订方式",
		"名额最后三天，拒收请回复R": "",
	} {
		if got := Objection(text); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestRender(t *testing.T) {
	t.Parallel()
	values := []param{{"nickname", "{{days}}$1\\"}, {"短网址", "x"}}
	for template, want := range map[string]string{
		"{{nickname}}您好": "{{days}}$1\\您好", "{{ nickname }}{{短网址}}": "{{days}}$1\\x", "{{days}}": "!", "": "", "{nickname}": "{nickname}",
	} {
		got, complete := render(template, values)
		if !complete {
			got = "!"
		}
		if got != want {
			t.Errorf("%s: %q, want %q", template, got, want)
		}
	}
}

func TestParts(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]int{1: 1, 70: 1, 71: 2, 134: 2, 135: 3} {
		if got := parts(string(make([]rune, n))); got != want {
			t.Errorf("%d units: %d parts, want %d", n, got, want)
		}
	}
}
