package projection

import (
	"net/mail"
	"strings"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// Contacts says which numbers and addresses may be used.
type Contacts struct {
	// PlaceholderDomains are the domains of addresses that the host made up for people who
	// signed up by phone (trap 1). Lower case.
	PlaceholderDomains []string
	// UnverifiedMobile and UnverifiedEmail allow contacts that were typed but never proved.
	UnverifiedMobile, UnverifiedEmail bool
}

// email gives the usable address of a learner in lower case, or nothing.
func (c Contacts) email(l *h.Learner) string {
	if !l.EmailVerified && !c.UnverifiedEmail {
		return ""
	}
	return c.UsableEmail(l.Email)
}

// UsableEmail gives the address in the form in which it is compared and mailed to, or nothing
// when it cannot be mailed to: malformed, with a display name, a line break, or made up.
func (c Contacts) UsableEmail(address string) string {
	address = strings.ToLower(strings.TrimSpace(address))
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Address != address || len(address) > 254 {
		return ""
	}
	_, domain, _ := strings.Cut(address, "@")
	if !strings.Contains(domain, ".") {
		return ""
	}
	for _, placeholder := range c.PlaceholderDomains {
		if domain == placeholder || strings.HasSuffix(domain, "."+placeholder) {
			return ""
		}
	}
	return address
}

// mobile gives the usable number of a learner, or nothing.
func (c Contacts) mobile(l *h.Learner) string {
	if !l.MobileVerified && !c.UnverifiedMobile {
		return ""
	}
	return usableMobile(l.Mobile)
}

// usableMobile takes a mainland mobile number (11 digits from 13 to 19, with or without +86) or
// an international one with its plus sign.
func usableMobile(number string) string {
	number = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, number)
	number = strings.TrimPrefix(number, "+86")
	digits := strings.TrimPrefix(number, "+")
	for _, r := range digits {
		if r < '0' || r > '9' {
			return ""
		}
	}
	switch {
	case number != digits && len(digits) >= 8 && len(digits) <= 15:
		return number
	case number == digits && len(digits) == 11 && digits[0] == '1' && digits[1] >= '3':
		return number
	}
	return ""
}

// Clean brings a contact that somebody typed into the form in which learners' are kept, and gives
// "" for one that is none. Private messages have no contact.
func (c Contacts) Clean(ch h.Channel, contact string) string {
	switch ch {
	case h.ChannelEmail:
		return c.UsableEmail(contact)
	case h.ChannelSMS:
		return usableMobile(contact)
	}
	return ""
}
