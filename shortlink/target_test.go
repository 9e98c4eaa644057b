package shortlink

import "testing"

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
