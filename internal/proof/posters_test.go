package proof

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// poster makes a short link in the panel, opens it as somebody who typed it from a poster would,
// moves it, and takes it back.
func (s *stage) poster(t *testing.T, b *browser) {
	t.Helper()
	b.open(s.CRMURL() + "links/new")
	s.keep(b, "link-new")
	b.set("#c-title", "开放日海报")
	b.set("#c-target", s.course)
	b.set("#c-slug", "Open-Day")
	b.click("#utm summary")
	b.set("#c-utm-source", "poster")
	b.click(`main form button.crm-btn-p`)
	b.eventually(10*time.Second, "there is a link", func() bool { return b.text("main h1") == "开放日海报" })
	page := b.url()
	address := b.text(".crm-short")
	if !strings.HasSuffix(address, "/open-day") {
		t.Errorf("the address is %s", address)
	}
	if eval[int64](b, `() => document.querySelector('.crm-qr img').naturalWidth`) == 0 {
		t.Error("the QR code is not shown")
	}
	follow := func(want int, to string) {
		t.Helper()
		b.eventually(20*time.Second, "the link leads to "+to, func() bool { // within the seconds that others may remember it
			status, target := ask(t, strings.Replace(address, "open-day", "OPEN-Day", 1)+"?next=https://evil.example")
			return status == want && target == to
		})
	}
	follow(http.StatusFound, s.course+"?utm_source=poster")
	b.eventually(20*time.Second, "it is known to be in use", func() bool {
		b.open(page)
		return eval[bool](b, `() => !document.querySelector('#c-slug').matches('input')`)
	})
	b.set("#c-target", s.URL+"/courses")
	b.click(`form[action*="/links/"] button.crm-btn-p`)
	b.eventually(10*time.Second, "it is saved", func() bool { return strings.Contains(b.url(), "saved=1") })
	s.keep(b, "link")
	follow(http.StatusFound, s.URL+"/courses?utm_source=poster")
	b.open(page + "/archive")
	s.keep(b, "link-archive")
	b.click("main form button.crm-btn-df")
	b.eventually(10*time.Second, "it is archived", func() bool { return strings.Contains(b.text("main"), "已归档") })
	follow(http.StatusGone, "")
	b.click(`form[action$="/restore"] button`)
	b.eventually(10*time.Second, "it is restored", func() bool { return !strings.Contains(b.text("main"), "已归档") })
	follow(http.StatusFound, s.URL+"/courses?utm_source=poster")
	b.open(s.CRMURL() + "links?state=all")
	s.keep(b, "links")
}

// ask opens an address and tells where it leads.
func ask(t *testing.T, address string) (status int, target string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("User-Agent", "Mozilla/5.0 (Linux; Android 13; M2102J2SC) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/116.0.0.0 Mobile Safari/537.36")
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode, answer.Header.Get("Location")
}
