package campaign

import "testing"

func TestAmount(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		minor    int64
		currency string
		want     string
	}{
		{328000, "CNY", "3280.00"}, {5, "CNY", "0.05"}, {0, "CNY", "0.00"}, {-5, "CNY", "-0.05"}, {1234, "JPY", "1234 JPY"}, {1234, "KWD", "1.234 KWD"}, {100, "", "1.00"}, {3280, "USD", "32.80 USD"},
	} {
		if got := Amount(tt.minor, tt.currency, "CNY"); got != tt.want {
			t.Errorf("%d %s: %q, want %q", tt.minor, tt.currency, got, tt.want)
		}
	}
}
