package proof

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/chromedp/chromedp"
)

// eval calls a JavaScript function with arguments and gives its value.
func eval[T any](b *browser, function string, args ...any) T {
	b.Helper()
	list := make([]string, len(args))
	for i, a := range args {
		text, err := json.Marshal(a)
		if err != nil {
			b.Fatal(err)
		}
		list[i] = string(text)
	}
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T]("("+function+")("+strings.Join(list, ",")+")"))
	if err != nil && slices.ContainsFunc([]string{"context was destroyed", "Cannot find context", "navigated or closed"}, func(s string) bool { return strings.Contains(err.Error(), s) }) {
		// The page went while it was asked; the one that comes can be asked.
		v, err = chromedp.Run(b.ctx, chromedp.Evaluate[T]("("+function+")("+strings.Join(list, ",")+")"))
	}
	if err != nil {
		b.Fatalf("%s: %v", function, err)
	}
	return v
}
