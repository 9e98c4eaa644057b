package campaign

import (
	"fmt"
	"strconv"
)

// MinorDigits is how many digits of an amount in a currency stand behind the point (ISO 4217).
func MinorDigits(currency string) int {
	switch currency {
	case "JPY", "KRW", "VND", "CLP", "ISK":
		return 0
	case "BHD", "KWD", "OMR", "TND", "JOD":
		return 3
	}
	return 2
}

// Amount writes minor units as a message says them: 3280.00. The template has the sign of the site's
// currency around it; another currency is named: 32.80 USD.
func Amount(minor int64, currency, site string) string {
	text := strconv.FormatInt(minor, 10)
	if digits := MinorDigits(currency); digits > 0 {
		sign := ""
		if minor < 0 {
			sign, text = "-", text[1:]
		}
		text = fmt.Sprintf("%0*s", digits+1, text)
		text = sign + text[:len(text)-digits] + "." + text[len(text)-digits:]
	}
	if currency != site && currency != "" {
		text += " " + currency
	}
	return text
}
