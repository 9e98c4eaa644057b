package campaign

import (
	"slices"
	"strings"
	"testing"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

func TestSMS(t *testing.T) {
	t.Parallel()
	l := ready(t, h.ChannelSMS, Content{Text: "{{ 用户名 }}，《{{course}}》{{ 天数 }} 天后开课：{{ 链接 }} {{ nickname }}{{ 用户名 }}"},
		Fill{Link: "https://learn.example/", Params: map[string]string{"天数": "3", "course": "Go"}, Fallbacks: map[string]string{"nickname": "同学"}})
	r, err := l.Render(Values{"nickname": "【别家】林"}, []string{"https://s.example/AbCdEfGh"})
	if err != nil || r.Text != "【启明网校】[别家]林，《Go》3 天后开课：https://s.example/AbCdEfGh [别家]林[别家]林" || r.HTML != "" {
		t.Errorf("got %+v, %v", r, err)
	}
	want := []Param{{"用户名", "[别家]林"}, {"course", "Go"}, {"天数", "3"}, {"链接", "https://s.example/AbCdEfGh"}, {"nickname", "[别家]林"}}
	if !slices.Equal(r.Params, want) {
		t.Errorf("params %v", r.Params)
	}
	if r, _ := l.Render(Values{}, []string{"https://s.example/AbCdEfGh"}); !strings.HasPrefix(r.Text, "【启明网校】同学，") {
		t.Errorf("without a name: %s", r.Text)
	}
	if got := SupplierText(Content{Text: " {{ 用户名 }}，{{天数}} 天 "}); got != "{{用户名}}，{{天数}} 天" {
		t.Errorf("supplier's text %q", got)
	}
}

func TestBadSMS(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{{ nickname | default: "x" }}`: "problem.sms_plain",
		"{% if nickname %}x{% endif %}": "problem.sms_plain",
		`{{ "x" }}`:                     "problem.sms_plain",
		"【启明网校】你好":                      "problem.sms_signature",
		"{{ 退订链接 }}":                    "problem.unsubscribe_channel",
		"":                              "problem.missing",
		strings.Repeat("长", MaxSMS+1):   "problem.long",
		"{{ nickname":                   "problem.template",
	} {
		if _, _, _, problems := Mentions(h.ChannelSMS, Content{Text: text}); problems["text"].Key != want {
			t.Errorf("%s: got %v", text, problems)
		}
		if text := SupplierText(Content{Text: text}); want != "problem.long" && text != "" {
			t.Errorf("supplier is sent %q", text)
		}
	}
}

// TestLongestSMS: the estimate is no less than any message, and exact for the longest.
func TestLongestSMS(t *testing.T) {
	t.Parallel()
	const short = "https://s.example/AbCdEfGh" // 26 units; the signature has 6
	compile := func(text string, f Fill) *Letter {
		if strings.Contains(text, "链接") {
			f.Link = "https://learn.example/"
		}
		return ready(t, h.ChannelSMS, Content{Text: text}, f)
	}
	for _, c := range []struct {
		name, text string
		f          Fill
		longest    Values
		want       int
		parts      int
	}{
		{"70", strings.Repeat("长", 64), Fill{}, nil, 70, 1},
		{"71", strings.Repeat("长", 65), Fill{}, nil, 71, 2},
		{"emoji counts twice", strings.Repeat("长", 63) + "🎉", Fill{}, nil, 71, 2},
		{"link", "{{ 链接 }}", Fill{}, nil, 32, 1},
		{"longest name", "{{ nickname }}！", Fill{}, Values{"nickname": "欧阳小明月"}, 12, 1},
		{"emoji in the longest name", "{{ nickname }}", Fill{}, Values{"nickname": "👩‍🎓"}, 11, 1},
		{"longer fallback", "{{ nickname }}", Fill{Fallbacks: map[string]string{"nickname": "亲爱的同学"}}, Values{"nickname": "林"}, 11, 1},
		{"parameter", "{{ 天数 }}", Fill{Params: map[string]string{"天数": "365"}}, nil, 9, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := compile(c.text, c.f)
			if got := l.Longest(c.longest, short); got != c.want || SMSParts(got) != c.parts {
				t.Errorf("got %d units, %d parts", got, SMSParts(got))
			}
			links := []string{short}[:len(l.Targets())]
			if r, err := l.Render(c.longest, links); err != nil || c.name != "longer fallback" && SMSUnits(r.Text) != c.want {
				t.Errorf("rendered %d units, %v", SMSUnits(r.Text), err)
			}
		})
	}
	if n := ready(t, h.ChannelMessage, Content{Text: "x"}, Fill{}).Longest(nil, short); n != 0 {
		t.Errorf("a private message has %d units", n)
	}
}

func TestSMSTooLong(t *testing.T) {
	t.Parallel()
	l := ready(t, h.ChannelSMS, Content{Text: "{{ nickname }}"}, Fill{})
	if _, err := l.Render(Values{"nickname": strings.Repeat("长", maxSMSSent)}, nil); err == nil {
		t.Error("a message of more than ten parts is sent")
	}
}
