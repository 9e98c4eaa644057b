package segment

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tidy removes what copying leaves around a value: spaces and quotes, the apostrophe or = with
// which a spreadsheet keeps a number as text, and the invisible marks that phones put around
// numbers.
func tidy(s string) string {
	s = strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII && unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, s)
	edge := func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`"'“”`, r) }
	return strings.TrimRightFunc(strings.TrimLeftFunc(s, func(r rune) bool { return r == '=' || edge(r) }), edge)
}

// listEntry checks a tidy value and writes it as the host does.
func listEntry(value string, kind IDKind) (e IDEntry, reason string) {
	if len(value) > maxListValue {
		return e, "long"
	}
	if strings.ContainsFunc(value, unicode.IsControl) {
		return e, "control"
	}
	if kind == "" {
		kind = guessKind(value)
	}
	switch kind {
	case KindMobile:
		value = mobileNumber(value)
	case KindEmail:
		value = mailAddress(value)
	case KindID:
		if _, header := headerKind(value); header || strings.ContainsRune(value, utf8.RuneError) || spoiltNumber.MatchString(value) {
			value = ""
		}
	}
	if value == "" {
		return e, string(kind)
	}
	return IDEntry{Kind: kind, Value: strings.Clone(value)}, "" // a clone lets go of the list's text
}

// spoiltNumber is what a spreadsheet makes of a long id: 1.23457E+17.
var spoiltNumber = regexp.MustCompile(`^\d(\.\d+)?[eE]\+\d+$`)

// guessKind tells what a value is by itself. 00852… may be a number or an id; only a plus sign
// makes it a number.
func guessKind(value string) IDKind {
	if strings.ContainsAny(value, "@＠") {
		return KindEmail
	}
	if number := mobileNumber(value); number != "" && (number[0] != '+' || !strings.HasPrefix(value, "00")) {
		return KindMobile
	}
	return KindID
}

var (
	mainlandNumber = regexp.MustCompile(`^1[3-9]\d{9}$`)
	foreignNumber  = regexp.MustCompile(`^\+[1-9]\d{7,14}$`)
	// The ways to write a number with spaces that hardly anything else has.
	groupedNumber = regexp.MustCompile(`^\(?((\+|00)?86)?\)?[\s\p{Z}\p{Pd}]*1[3-9]\d[\s\p{Z}\p{Pd}]?\d{4}[\s\p{Z}\p{Pd}]?\d{4}$` +
		`|^\(?\+[1-9]\d{0,2}\)?[\s\p{Z}\p{Pd}][\d\s()\p{Z}\p{Pd}]+$`)
)

// mobileNumber writes a number as hostadapter.Learner does; empty: it is none.
func mobileNumber(value string) string {
	var b strings.Builder
	for _, r := range value {
		switch r = halfWidth(r); {
		case r >= '0' && r <= '9', r == '+' && b.Len() == 0:
			b.WriteRune(r)
		case unicode.IsSpace(r), unicode.Is(unicode.Pd, r), r == '(', r == ')':
		default:
			return ""
		}
		if b.Len() > 20 {
			return ""
		}
	}
	number := b.String()
	for _, prefix := range []string{"", "+86", "0086", "86"} {
		if rest, ok := strings.CutPrefix(number, prefix); ok && mainlandNumber.MatchString(rest) {
			return rest
		}
	}
	if rest, ok := strings.CutPrefix(number, "00"); ok {
		number = "+" + rest
	}
	if strings.HasPrefix(number, "+86") || !foreignNumber.MatchString(number) {
		return "" // +86 and not a mobile number: a landline
	}
	return number
}

// spacedNumber tells whether text with spaces in it is one number rather than several values.
func spacedNumber(text string, kind IDKind) bool {
	first := strings.IndexFunc(text, unicode.IsSpace)
	if first < 0 || len(text) > 64 || mobileNumber(text) == "" || mobileNumber(text[:first]) != "" {
		return false
	}
	if kind != "" {
		return kind == KindMobile
	}
	return groupedNumber.MatchString(strings.Map(halfWidth, text))
}

// address is loose: whether mail arrives is not for a list to know.
var address = regexp.MustCompile(`^[\p{L}\p{N}_+.-][^\s@"(),:;<>\[\]\\\x{FFFD}]{0,63}@([\p{L}\p{N}]([\p{L}\p{N}\p{M}-]*[\p{L}\p{N}\p{M}])?\.)+[\p{L}\p{N}-]{2,}$`)

// mailAddress writes an address as it is compared; empty: it is none.
func mailAddress(value string) string {
	value = strings.ToLower(strings.Map(halfWidth, value))
	if len(value) > maxListValue || !address.MatchString(value) {
		return ""
	}
	return value
}

// halfWidth turns ＠, ＋ and １ of Chinese input methods into @, + and 1.
func halfWidth(r rune) rune {
	if r >= '！' && r <= '～' {
		return r - '！' + '!'
	}
	return r
}

// headerKind knows the names of columns, as "用户ID", "User ID" and "*手机号 (必填)". None of them is
// ever an id.
func headerKind(value string) (IDKind, bool) {
	if len(value) > 60 {
		return "", false
	}
	value, _, _ = strings.Cut(strings.ToLower(strings.Map(halfWidth, value)), "(")
	value = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune("_-*:.", r) {
			return -1
		}
		return r
	}, value)
	kind, ok := headerKinds[value]
	return kind, ok
}

var headerKinds = map[string]IDKind{
	"id": KindID, "uid": KindID, "userid": KindID, "learnerid": KindID, "memberid": KindID, "studentid": KindID, "hostid": KindID,
	"用户id": KindID, "用户编号": KindID, "用户号": KindID, "学员id": KindID, "学员编号": KindID, "学号": KindID, "会员id": KindID,
	"会员编号": KindID, "账号id": KindID,
	"mobile": KindMobile, "phone": KindMobile, "tel": KindMobile, "telephone": KindMobile, "mobilephone": KindMobile, "cellphone": KindMobile,
	"mobilenumber": KindMobile, "phonenumber": KindMobile, "手机": KindMobile, "手机号": KindMobile, "手机号码": KindMobile, "电话": KindMobile,
	"电话号码": KindMobile, "联系电话": KindMobile, "联系手机": KindMobile,
	"email": KindEmail, "mail": KindEmail, "emailaddress": KindEmail, "邮箱": KindEmail, "邮箱地址": KindEmail, "电子邮箱": KindEmail,
	"电子邮件": KindEmail, "邮件地址": KindEmail,
}
