package email

import (
	"strings"
	"testing"
)

func TestKeyOf(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"<c12.345@mail.example.com>": "c12.345", "c12.345@mail.example.com": "c12.345", " <t7@x>\r\n": "t7", "<a=40b@x>": "a@b", "<=2Ea=2E.@x>": "",
		"": "", "<>": "", "c12.345": "", "@x": "", "<c1@>": "", "<c1@x": "", "<a=4@x>": "", "<a=@x>": "", "<a=GG@x>": "", "<=63@x>": "",
		"<" + strings.Repeat("a", maxKey+1) + "@x>": "", "<a b@x>": "", "<a=+4@x>": "",
	} {
		if got, ok := KeyOf(id); got != want || ok != (want != "") {
			t.Errorf("%q: %q %v, want %q", id, got, ok, want)
		}
	}
}

// FuzzKeyOf: a key comes back from its Message-ID, and a Message-ID that gives a key is its own.
func FuzzKeyOf(f *testing.F) {
	f.Add("c12.345", "<c12.345@x>")
	f.Add("..", "<=2E=2E@x>")
	f.Add("键@=", "<=>")
	f.Fuzz(func(t *testing.T, key, id string) {
		if key != "" && len(key) <= maxKey {
			if got, ok := KeyOf("<" + messageID(key, "mail.example.com") + ">"); got != key || !ok {
				t.Errorf("%q comes back as %q", key, got)
			}
		}
		if got, ok := KeyOf(id); ok {
			if _, domain, _ := strings.Cut(strings.Trim(strings.TrimSpace(id), "<>"), "@"); !strings.Contains(id, messageID(got, domain)) {
				t.Errorf("%q gives %q", id, got)
			}
		}
	})
}
