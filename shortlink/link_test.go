package shortlink

import (
	"errors"
	"testing"
	"time"
)

func TestDomains(t *testing.T) {
	t.Parallel()
	d, err := ParseDomains([]string{"Learn.example", " *.school.example. "})
	if err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]error{
		"https://learn.example/a": nil, "https://www.LEARN.example./a": nil, "http://school.example:8080/": nil, "https://a.b.school.example/": nil,
		"https://evil.example/": ErrDomain, "https://notlearn.example/": ErrDomain, "https://learn.example.evil.example/": ErrDomain,
		"https://evil.example/?https://learn.example/": ErrDomain, "https://learn.example@evil.example/": ErrTarget, "javascript:alert(1)": ErrTarget,
		`https://evil.example\@learn.example/`: ErrTarget, "https://evil.example#.learn.example": ErrDomain, "//learn.example/": ErrTarget,
	} {
		if err := d.Check(target); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", target, err, want)
		}
	}
	if err := Domains(nil).Check("https://anywhere.example/"); err != nil {
		t.Errorf("without a list: %v", err)
	}
	for _, bad := range []string{"", "a b", "https://learn.example", "learn.example/x", "learn.example:80", "*", "a@b"} {
		if _, err := ParseDomains([]string{bad}); err == nil {
			t.Errorf("%q is taken for a domain", bad)
		}
	}
}

func TestUTM(t *testing.T) {
	t.Parallel()
	m := UTM{Source: "poster", Medium: "qr", Campaign: "双十一 大促"}
	for target, want := range map[string]string{
		"https://a.example/c":                         "https://a.example/c?utm_source=poster&utm_medium=qr&utm_campaign=%E5%8F%8C%E5%8D%81%E4%B8%80+%E5%A4%A7%E4%BF%83",
		"https://a.example/c?x=1&utm_source=old#part": "https://a.example/c?x=1&utm_source=poster&utm_medium=qr&utm_campaign=%E5%8F%8C%E5%8D%81%E4%B8%80+%E5%A4%A7%E4%BF%83#part",
	} {
		if got := m.Add(target); got != want {
			t.Errorf("%s: %s", target, got)
		}
	}
	const odd = "https://a.example/c?b=2&a=1&a=0;%zz"
	if got := (UTM{}).Add(odd); got != odd {
		t.Errorf("without parameters: %s", got)
	}
}

func TestOver(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		link Link
		want bool
	}{{Link{}, false}, {Link{Expires: now}, true}, {Link{Expires: now.Add(time.Second)}, false}, {Link{Archived: true}, true}} {
		if got := c.link.Over(now); got != c.want {
			t.Errorf("%+v: %v", c.link, got)
		}
	}
}

func TestDestinationsFitAHeader(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]string{
		"https://learn.example/课程 a?q=%20%E8\r\nX: y": "https://learn.example/%E8%AF%BE%E7%A8%8B%20a?q=%20%E8%0D%0AX:%20y",
		"https://learn.example/a?b=c&d=%2F#e":         "https://learn.example/a?b=c&d=%2F#e",
	} {
		if got := (Link{Target: target}).Destination(); got != want {
			t.Errorf("%q: %s", target, got)
		}
	}
}

func TestSlugs(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"open-day": true, "abc": true, "2026-spring": true, "sevenxx": true, "ninechars": true, "eight-ch": true,
		"eightchr": false, "12345678": false, "ab": false, "u": false, "static": false, "callbacks": false, "": false, "-abc": false, "abc-": false, "a--b": false,
		"Open-day": false, "课程": false, "a b": false, "a/b": false, "..": false, "a.b": false, "abcdefghijklmnopqrstuvwxyzabcdefghijklmnop": false,
	} {
		if got := IsSlug(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}
