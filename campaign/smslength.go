package campaign

import "unicode/utf16"

// Length of one text message, and of each part of a longer one, which gives three units of its
// own to the header that puts the parts together again.
const (
	smsWhole = 70
	smsPart  = 67
)

// SMSUnits counts a text in UTF-16 units, as suppliers in mainland China do whatever the script: a
// Chinese character and a Latin letter are one unit each, most emoji are two or more. Give the text
// as it arrives, with the signature.
func SMSUnits(text string) int {
	n := 0
	for _, r := range text { // a broken byte is read as U+FFFD, which is what would be sent
		n += utf16.RuneLen(r)
	}
	return n
}

// SMSParts is how many messages a text of so many units is billed as: up to 70 units are one, a
// longer text is cut after every 67. Suppliers count units and do not move a cut that falls into
// an emoji, so neither does this.
func SMSParts(units int) int {
	switch {
	case units <= 0:
		return 0
	case units <= smsWhole:
		return 1
	}
	return (units + smsPart - 1) / smsPart
}
