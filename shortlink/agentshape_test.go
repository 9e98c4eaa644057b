package shortlink

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestShapes(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"":        "",
		" \t\r\n": "",
		"--":      "",
		"Mozilla/5.0 (Linux; Android 13; SM-G9910 Build/TP1A.220624.014; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36 MMWEBID/2247 MicroMessenger/8.0.47.2560(0x28002F30) WeChat/arm64 Weixin NetType/WIFI Language/zh_CN": "Mozilla/# (Linux; Android #; wv) AppleWebKit/# (KHTML, like Gecko) Version/# Chrome/# Mobile Safari/# MMWEBID/# MicroMessenger/# WeChat/# Weixin NetType/# Language/#",
		"Mozilla/5.0 (Linux; U; Android 13; zh-cn; M2102J2SC Build/TKQ1.221114.001) MQQBrowser/14.3 Mobile": "Mozilla/# (Linux; U; Android #) MQQBrowser/# Mobile",
		"Mozilla/5.0 (Linux;Android 10;Moto G (5) Plus) Chrome/9":                                           "Mozilla/# (Linux; Android #) Chrome/#",
		"QQ/8.8.38.705 V1_IPH_SQ_8.8.38_1_APP_A Device/Apple(iPhone 12 Pro) NetType/WIFI":                   "QQ/# Device/# NetType/#",
		"Weibo (Xiaomi-MI 9 SE__weibo__11.1.3__android__android9)":                                          "Weibo (#)",
		"BiliApp/830 model/iPhone 13 Buvid/YF4B00FFFF0123 sessionID/11bb9479":                               "BiliApp/# model/# Buvid/# sessionID/#",
		"Youku/9 (Android 10; Bridge_SDK; GUID 18671a55f5017ee0; UTDID XbrbaPf2;)":                          "Youku/# (Android #)",
		"jdapp;android;10;uuid/01234567-89ab-cdef;Mozilla/5.0":                                              "jdapp; android; #; uuid/#; Mozilla/#",
		"Mozilla/5.0 (compatible; MJ12bot/v1.4.8; http://mj12bot.com/)":                                     "Mozilla/# (compatible; MJ#bot/#; http://#)",
		"Bytespider;bytespider@bytedance.com":                                                               "Bytespider; x@x.xx",
		"Mozilla/5.0 (X11; Linux x86_64) Safari/537.36; 360Spider":                                          "Mozilla/# (#; Linux #) Safari/#; #Spider",
		"XiaoMi/MiuiBrowser/13.7.15":                                                                        "XiaoMi/MiuiBrowser/#",
		"NetFront 张三的手机/2.0 tel:13800138000 zh-Hans-CN":                                                     "NetFront #/# tel:#",
		"a\x00b\x7fc\u202ed \xff\xfe":                                                                       "a b #",
	} {
		if got := ReadAgent(header).Text; got != want {
			t.Errorf("%q\n\tgives %q\n\twant  %q", header, got, want)
		}
	}
}

// wellShaped says what holds for every agent.
func wellShaped(t interface{ Errorf(string, ...any) }, header string) {
	a := ReadAgent(header)
	if again := ReadAgent(a.Text); again != a {
		t.Errorf("%q is %+v first and %+v then", header, a, again)
	}
	if (a.ID == 0) != (a.Text == "") {
		t.Errorf("%q: id %d of %q", header, a.ID, a.Text)
	}
	if len(a.Text) > maxShape || !utf8.ValidString(a.Text) || strings.ContainsFunc(a.Text, func(r rune) bool { return r < ' ' || r > '~' || r >= '0' && r <= '9' }) {
		t.Errorf("%q is no shape: %q", header, a.Text)
	}
}

// TestShapesOfAnything reads pieces of agents in any order, cut anywhere.
func TestShapesOfAnything(t *testing.T) {
	t.Parallel()
	all := append(agentsOf(peopleList), agentsOf(programList)...)
	r := rand.New(rand.NewPCG(3, 4))
	const some = "AZaz09#/;,:=()@._ -\x00\u00e9\u4e2d\xff"
	piece := func() string {
		if r.IntN(2) == 0 {
			text := all[r.IntN(len(all))]
			from := r.IntN(len(text) + 1)
			return text[from : from+r.IntN(len(text)-from+1)]
		}
		out := make([]byte, r.IntN(40))
		for i := range out {
			out[i] = some[r.IntN(len(some))]
		}
		return string(out)
	}
	for range 3000 {
		pieces := make([]string, r.IntN(9))
		for i := range pieces {
			pieces[i] = piece()
		}
		wellShaped(t, strings.Join(pieces, []string{"", " ", ";", "(", ")"}[r.IntN(5)]))
	}
}

// TestNumbersAreNotKept: agents of other versions, models and devices of the same form have the
// same shape.
func TestNumbersAreNotKept(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for _, text := range append(agentsOf(peopleList), agentsOf(programList)...) {
		other := []byte(text)
		for i, c := range other {
			if c >= '0' && c <= '9' {
				other[i] = byte('0' + r.IntN(10))
			}
		}
		if a, b := ReadAgent(text), ReadAgent(string(other)); a != b {
			t.Errorf("%s\n\tis %s\n\tand %s\n\tis %s", text, a.Text, other, b.Text)
		}
	}
}

// TestFewShapes: ten thousand phones of one app have one shape.
func TestFewShapes(t *testing.T) {
	t.Parallel()
	models := []string{"SM-G9910", "M2102J2SC", "22081212C", "V2185A", "PEGM00", "LIO-AN00", "MI 8", "ONEPLUS A6000", "vivo X9", "HUAWEI CAZ-AL10", "Redmi Note 4X", "2211133C", "KB2000"}
	shapes := map[AgentID]bool{}
	for i := range 10_000 {
		model := models[i%len(models)]
		shapes[ReadAgent(strings.NewReplacer("MODEL", model, "N", string(rune('0'+i%10))).Replace(
			"Mozilla/5.0 (Linux; Android 1N; MODEL Build/QKQ1.19082N.002; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/1N6.0.0.0 Mobile Safari/537.36 MMWEBID/N247 MicroMessenger/8.0.4N(0x28002CN1) WeChat/arm64 NetType/NG")).ID] = true
	}
	if len(shapes) != 1 {
		t.Errorf("%d shapes", len(shapes))
	}
}

func TestShapesHaveIDsOfTheirOwn(t *testing.T) {
	t.Parallel()
	texts := map[AgentID]string{}
	for _, header := range append(agentsOf(peopleList), agentsOf(programList)...) {
		a := ReadAgent(header)
		if other, found := texts[a.ID]; found && other != a.Text {
			t.Errorf("%q and %q share %d", other, a.Text, a.ID)
		}
		texts[a.ID] = a.Text
	}
	// The id is kept for ever: it must not change with the program.
	if got := ReadAgent("curl/8.4.0"); got.Text != "curl/#" || got.ID != -7036963202858551219 {
		t.Errorf("curl is %q, %d", got.Text, got.ID)
	}
}

func FuzzAgent(f *testing.F) {
	for list := range slices.Values([]string{peopleList, programList}) {
		for i, text := range agentsOf(list) {
			if i%10 == 0 {
				f.Add(text)
			}
		}
	}
	f.Add(strings.Repeat("(", 2000))
	f.Add(strings.Repeat("a1/", 2000))
	f.Add("Foo/1.0(a;) x@y.zz@ (Android;(b;c)))#,#,1")
	f.Fuzz(func(t *testing.T, header string) { wellShaped(t, header) })
}
