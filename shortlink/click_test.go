package shortlink

import (
	"net/http/httptest"
	"testing"
)

func TestClassify(t *testing.T) {
	t.Parallel()
	const phone = "Mozilla/5.0 (Linux; Android 13; M2102J2SC) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36"
	for _, c := range []struct {
		name, method, agent, header, value string
		want                               Kind
	}{
		{"phone", "GET", phone, "", "", Human},
		{"WeChat", "GET", phone + " XWEB/1160065 MMWEBSDK/20231202 MicroMessenger/8.0.47.2560(0x28002F35) WeChat/arm64 Weixin NetType/WIFI Language/zh_CN", "", "", Human},
		{"QQ", "GET", phone + " V1_AND_SQ_8.9.85_4766_YYB_D QQ/8.9.85.12820 NetType/4G", "", "", Human},
		{"DingTalk", "GET", phone + " AliApp(DingTalk/7.0.40) com.alibaba.android.rimet", "", "", Human},
		{"Sogou", "GET", phone + " SogouSearch Android1.0 version3.0", "", "", Human},
		{"crawler", "GET", "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)", "", "", Bot},
		{"library", "GET", "Go-http-client/2.0", "", "", Bot},
		{"nothing said", "GET", "", "", "", Bot},
		{"head", "HEAD", phone, "", "", Bot},
		{"browser looking ahead", "GET", phone, "Sec-Purpose", "prefetch;prerender", Prefetch},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, "/go/x", nil)
			r.Header.Set("User-Agent", c.agent)
			if c.header != "" {
				r.Header.Set(c.header, c.value)
			}
			kind, reason := Classify(r)
			if kind != c.want || (reason == NoReason) != (kind == Human) {
				t.Errorf("got %s because %q, want %s", kind, reason, c.want)
			}
		})
	}
}

func TestCheckTarget(t *testing.T) {
	t.Parallel()
	for target, ok := range map[string]bool{
		"https://learn.example/courses/1?x=1#y": true, "http://127.0.0.1:8080/": true,
		"": false, "/courses/1": false, "javascript:alert(1)": false, "ftp://learn.example/": false,
		"https://": false, "https://user:pass@learn.example/": false, "//learn.example/": false, "https://a b/": false,
	} {
		if err := CheckTarget(target); (err == nil) != ok {
			t.Errorf("%q: %v", target, err)
		}
	}
}
