package campaign

import (
	"strings"
	"testing"
)

func TestHTMLEscapes(t *testing.T) {
	t.Parallel()
	got := HTML("<script>x</script>\n\nsee https://s.example/a?b=1&c=2，thanks")
	if strings.Contains(got, "<script>") || !strings.Contains(got, `<a href="https://s.example/a?b=1&amp;c=2"`) || strings.Contains(got, "，\"") {
		t.Errorf("got %s", got)
	}
}
