package segment

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// entries writes a list as "line:kind value", for tables.
func entries(list IDList) string {
	var out []string
	for _, e := range list.Entries {
		out = append(out, fmt.Sprintf("%d:%s %s", e.Line, e.Kind, e.Value))
	}
	return strings.Join(out, " | ")
}

func TestParseIDs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		as   IDKind
		text string
		want string
	}{
		{"one on a line", "", "1001\r\n1002\r1003\n\n1004", "1:id 1001 | 2:id 1002 | 3:id 1003 | 5:id 1004"},
		{"any separator", "", "1, 2，3;4；5、6\t7 8\u30009", "1:id 1 | 1:id 2 | 1:id 3 | 1:id 4 | 1:id 5 | 1:id 6 | 1:id 7 | 1:id 8 | 1:id 9"},
		{"each by itself", "", "u-1\n13800138000\nXiao.Yu@Example.COM\n+85291234567", "1:id u-1 | 2:mobile 13800138000 | 3:email xiao.yu@example.com | 4:mobile +85291234567"},
		{"ids though they look otherwise", KindID, "13800138000\na@b.com", "1:id 13800138000 | 2:id a@b.com"},
		{"a mark at the beginning", "", "\uFEFF1001", "1:id 1001"},
		{"twice", "", "1001\n1001 1001", "1:id 1001"},
		{"twice, written otherwise", "", "13800138000\n+86 138-0013-8000\na@b.com\nA@B.COM", "1:mobile 13800138000 | 3:email a@b.com"},

		{"numbers in groups", "", "138 0013 8000\n139-0013-9000，137\u00a00013\u30007000", "1:mobile 13800138000 | 2:mobile 13900139000 | 2:mobile 13700137000"},
		{"short ids are not a number in groups", "", "138001 38000", "1:id 138001 | 1:id 38000"},
		{"numbers side by side", KindMobile, "13800138000 13900139000", "1:mobile 13800138000 | 1:mobile 13900139000"},
		{"numbers side by side, foreign", KindMobile, "+85291234567 +85291234568", "1:mobile +85291234567 | 1:mobile +85291234568"},
		{"foreign number in groups", "", "+852 9123 4567\n+1 (415) 555-0100", "1:mobile +85291234567 | 2:mobile +14155550100"},
		{"prefixes of the mainland", KindMobile, "+8613800138000\n0086 13900139000\n8613700137000\n（+86）136-0013-6000", "1:mobile 13800138000 | 2:mobile 13900139000 | 3:mobile 13700137000 | 4:mobile 13600136000"},
		{"00 for plus", KindMobile, "0085291234567", "1:mobile +85291234567"},
		{"00 may begin an id", "", "0085291234567", "1:id 0085291234567"},
		{"full width", "", "１３８００１３８０００\nXY＠example.com\n＋85291234567", "1:mobile 13800138000 | 2:email xy@example.com | 3:mobile +85291234567"},
		{"marks that phones copy", "", "\u202d138 0013 8000\u202c", "1:mobile 13800138000"},
		{"text marks of spreadsheets", "", "'+85291234567\n=\"13800138000\"\n'1001','1002'\n“1003”", "1:mobile +85291234567 | 2:mobile 13800138000 | 3:id 1001 | 3:id 1002 | 4:id 1003"},

		{"header", "", "用户ID\n13800138000\n1001", "2:id 13800138000 | 3:id 1001"},
		{"header, decorated", "", "*手机号码（必填）\n13800138000", "2:mobile 13800138000"},
		{"header in English", "", "User ID\n1001", "2:id 1001"},
		{"header after blank lines", "", "\n\nmobile\n13800138000", "4:mobile 13800138000"},
		{"a list under a header", "", "手机号\n13800138000, 139 0013 9000", "2:mobile 13800138000 | 2:mobile 13900139000"},
		{"no header: a number stands beside it", "", "mail,13800138000\n1", "1:mobile 13800138000 | 2:id 1"},
		{"column of the header", KindMobile, "姓名,用户ID,手机号\n林小雨,1001,13800138000\n王,1002,13900139000", "2:mobile 13800138000 | 3:mobile 13900139000"},
		{"the best column", "", "邮箱,手机号,姓名\na@b.com,13800138000,林\nc@d.com,,王", "2:mobile 13800138000"},
		{"no column of that kind", KindEmail, "登录,用户ID\na@b.com,1001", "2:email a@b.com"},
		{"tabs, as copied from a sheet", "", "姓名\t用户ID\n林, 小雨\t1001", "2:id 1001"},
		{"several numbers in a cell", "", "姓名,手机号\n林,13800138000、13900139000\n王,\"13700137000,13600136000\"", "2:mobile 13800138000 | 2:mobile 13900139000 | 3:mobile 13700137000 | 3:mobile 13600136000"},
		{"quoted cells", "", "备注,用户id\n\"两行,\r\n还有\"\"引号\"\"\",1001\n, \"1002\"", "3:id 1001 | 4:id 1002"},
		{"a quote that is never closed", "", "1001\n\"1002\n1003", "1:id 1001 | 2:id 1002 | 3:id 1003"},
		{"columns without header", "", "1001,林小雨,13800138000\n1002,王,13900139000\n", "1:id 1001 | 2:id 1002"},
		{"lines that end in a separator", "", "1001,\n1002,\n", "1:id 1001 | 2:id 1002"},
		{"rows of numbers are no columns", "", "13800138000,13900139000\n13700137000,a@b.com", "1:mobile 13800138000 | 1:mobile 13900139000 | 2:mobile 13700137000 | 2:email a@b.com"},
		{"uneven lines are no columns", "", "1,2,3\n4,5", "1:id 1 | 1:id 2 | 1:id 3 | 2:id 4 | 2:id 5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, err := ParseIDs(strings.NewReader(c.text), c.as)
			if err != nil {
				t.Fatal(err)
			}
			if got := entries(list); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if list.BadTotal != 0 && c.name != "no header: a number stands beside it" {
				t.Errorf("bad: %v", list.Bad)
			}
		})
	}
}

func TestParseIDsCounts(t *testing.T) {
	t.Parallel()
	list, err := ParseIDs(strings.NewReader("姓名,手机号,邮箱\n林,13800138000,a@b.com\n王,138 0013 8000,\n李,12345,\n"), "")
	if err != nil || len(list.Entries) != 1 || list.Duplicates != 1 || list.BadTotal != 1 || list.Columns != 3 {
		t.Errorf("got %+v, %v", list, err)
	}
	if list, err = ParseIDs(strings.NewReader("1001\n1002"), ""); err != nil || list.Columns != 0 {
		t.Errorf("got %+v, %v", list, err)
	}
}

func TestParseIDsBad(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("课", 86)
	for _, c := range []struct {
		name string
		as   IDKind
		text string
		want string
	}{
		{"not numbers", KindMobile, "1380013800\n12800138000\n1.38E+10\n02112345678\n+862112345678\n+1\ncall", "1 mobile, 2 mobile, 3 mobile, 4 mobile, 5 mobile, 6 mobile, 7 mobile"},
		{"not addresses", KindEmail, "a\na@\n@b.com\na@b\na@@b.com\na@b..com\n<a@b.com>", "1 email, 2 email, 3 email, 4 email, 5 email, 6 email, 7 email"},
		{"not ids", KindID, "x\n1.23457E+17\n用户ID\na\uFFFDb", "2 id, 3 id, 4 id"},
		{"too long", "", "x\n" + long + "\n" + long[3:], "2 long"},
		{"not text", "", "x\na\x00b\na\x1bb", "2 control, 3 control"},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, err := ParseIDs(strings.NewReader(c.text), c.as)
			if err != nil && !errors.Is(err, ErrListEmpty) {
				t.Fatal(err)
			}
			var got []string
			for _, b := range list.Bad {
				got = append(got, fmt.Sprintf("%d %s", b.Line, b.Reason))
			}
			if s := strings.Join(got, ", "); s != c.want || list.BadTotal != len(got) {
				t.Errorf("got  %s (%d)\nwant %s", s, list.BadTotal, c.want)
			}
		})
	}
}

func TestParseIDsKeepsFewBad(t *testing.T) {
	t.Parallel()
	list, err := ParseIDs(strings.NewReader(strings.Repeat("x\n", 250)), KindMobile)
	if !errors.Is(err, ErrListEmpty) || list.BadTotal != 250 || len(list.Bad) != 100 {
		t.Errorf("%d of %d bad values, %v", len(list.Bad), list.BadTotal, err)
	}
}

func TestParseIDsRefuses(t *testing.T) {
	t.Parallel()
	blank := strings.Repeat(" ", 20<<20-1)
	var people strings.Builder
	for i := range MaxIDList {
		fmt.Fprintf(&people, "%d\n", i)
	}
	broken := errors.New("connection reset")
	for _, c := range []struct {
		name string
		in   io.Reader
		want error
	}{
		{"nothing", strings.NewReader(""), ErrListEmpty},
		{"nothing but separators", strings.NewReader("\uFEFF ,\n\"\"，\t'"), ErrListEmpty},
		{"a header alone", strings.NewReader("手机号\n"), ErrListEmpty},
		{"GB18030", strings.NewReader("\xCA\xD6\xBB\xFA\xBA\xC5\r\n13800138000\r\n"), ErrListEncoding},
		{"UTF-16", strings.NewReader("\xFF\xFE1\x000\x00"), ErrListEncoding},
		{"as many as may be", strings.NewReader(people.String() + "1\n2\n"), nil},
		{"one more", strings.NewReader(people.String() + "x\n"), ErrListTooLong},
		{"as large as may be", strings.NewReader(blank + "1"), nil},
		{"a byte more", strings.NewReader(blank + "1\n"), ErrListTooLarge},
		{"a reader that breaks off", iotest.ErrReader(broken), broken},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseIDs(c.in, "")
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if c.want != nil && c.want != broken && !errors.Is(err, fault.ErrInvalid) {
				t.Errorf("%v is not the caller's fault", err)
			}
		})
	}
	if _, err := ParseIDs(strings.NewReader("1"), "qq"); !errors.Is(err, fault.ErrInvalid) {
		t.Errorf("unknown kind: %v", err)
	}
}

// TestParseIDsHostile: what is made to be slow takes time in proportion to its size. Were it the
// square, a megabyte would take minutes.
func TestParseIDsHostile(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{`"`, `,"`, `,"a`, ` "`, `"",`, `,`, ` `, "\r", "1 ", "+1 ", "@", "1-", "\u200b", "＠,", "\n\","} {
		text := strings.Repeat(unit, 1<<20/len(unit))
		for _, as := range []IDKind{"", KindMobile} {
			if _, err := ParseIDs(strings.NewReader(text), as); err != nil && !errors.Is(err, fault.ErrInvalid) {
				t.Errorf("%q: %v", unit, err)
			}
		}
	}
}

// TestParseIDsWritings: however the same people are written, the same people are read.
func TestParseIDsWritings(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	for range 500 {
		var text strings.Builder
		var want []string
		for range 1 + r.IntN(20) {
			var value, written string
			switch r.IntN(3) {
			case 0:
				value = fmt.Sprintf("1%d%09d", 3+r.IntN(7), r.IntN(1_000_000_000))
				written = pick("", "+86", "0086", "+86 ", "（+86）") + pick(value, value[:3]+"-"+value[3:7]+"-"+value[7:], value[:3]+" "+value[3:7]+" "+value[7:])
			case 1:
				value = fmt.Sprintf("user%d@example.com", r.IntN(1000))
				written = pick(value, strings.ToUpper(value), strings.Replace(value, "@", "＠", 1), " "+value+" ")
			case 2:
				value = fmt.Sprintf("u%d", r.IntN(1000))
				written = pick(value, `"`+value+`"`, " "+value)
			}
			if !slices.Contains(want, value) {
				want = append(want, value)
			}
			text.WriteString(written + pick("\n", "\r\n", "，", "；", "、", "\n\n"))
		}
		list, err := ParseIDs(strings.NewReader(text.String()), "")
		var got []string
		for _, e := range list.Entries {
			got = append(got, e.Value)
		}
		// Columns are another matter: what is not read is not promised.
		if list.Columns == 0 && (err != nil || !slices.Equal(got, want)) {
			t.Fatalf("%q\ngot  %q\nwant %q (%v)", text.String(), got, want, err)
		}
	}
}

var (
	plainMobile = regexp.MustCompile(`^(1[3-9][0-9]{9}|\+[1-9][0-9]{7,14})$`)
	plainEmail  = regexp.MustCompile(`^[^@]+@[^@]+\.[^@.]+$`)
)

// FuzzParseIDs: nothing panics, every value is what its kind says, and what was read is read again
// from its own output.
func FuzzParseIDs(f *testing.F) {
	for _, text := range []string{
		"1001\n1002", "手机号,姓名\n138 0013 8000,林\n", "a@b.com；+852 9123 4567、'1'", "\"a\"\"b,\nc\",d\n=\"1\"", "\uFEFFid\nid", "１３８００１３８０００ ＠",
		"\u202d138\u202c", "1,2\n3,4", "İ@example.com", "＇a@b.com",
	} {
		for kind := range uint8(4) {
			f.Add(text, kind)
		}
	}
	f.Fuzz(func(t *testing.T, text string, kind uint8) {
		as := []IDKind{"", KindID, KindMobile, KindEmail}[kind%4]
		list, err := ParseIDs(strings.NewReader(text), as)
		if (len(list.Entries) == 0) != (err != nil) {
			t.Fatalf("%d entries, %v", len(list.Entries), err)
		}
		if len(list.Entries) > MaxIDList || len(list.Bad) > 100 || list.BadTotal < len(list.Bad) {
			t.Fatalf("%d entries, %d of %d bad ones", len(list.Entries), len(list.Bad), list.BadTotal)
		}
		lines := strings.Count(text, "\n") + strings.Count(text, "\r") + 1
		byKind := map[IDKind][]string{}
		last := 1
		for _, e := range list.Entries {
			valid := len(e.Value) <= 255 && !strings.ContainsFunc(e.Value, unicode.IsControl) && !strings.ContainsFunc(e.Value, unicode.IsSpace)
			switch e.Kind {
			case KindID:
				valid = valid && e.Value != ""
			case KindMobile:
				valid = valid && plainMobile.MatchString(e.Value)
			case KindEmail:
				valid = valid && plainEmail.MatchString(e.Value) && strings.ToLower(e.Value) == e.Value
			default:
				valid = false
			}
			if !valid || (as != "" && e.Kind != as) || e.Line < last || e.Line > lines {
				t.Errorf("not a valid entry: %+v", e)
			}
			last = e.Line
			byKind[e.Kind] = append(byKind[e.Kind], e.Value)
		}
		for kind, values := range byKind {
			again, err := ParseIDs(strings.NewReader(strings.Join(values, "\n")), kind)
			if err != nil || again.Duplicates != 0 || again.BadTotal != 0 || len(again.Entries) != len(values) {
				t.Fatalf("%q read again: %+v, %v", values, again, err)
			}
			for i, e := range again.Entries {
				if (e != IDEntry{Kind: kind, Value: values[i], Line: i + 1}) {
					t.Errorf("%q read again: %+v", values[i], e)
				}
			}
		}
	})
}
