package hosttest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/coursecrm/coursecrm/hostadapter"
)

// Options tell what a host cannot do. The zero value asks for everything.
type Options struct {
	// Seed is used instead of SmallSeed, for a platform that cannot hold all of its rows (two
	// enrollments of one learner in one course, say). Take SmallSeed and leave rows out.
	Seed *Seed

	// Ignore names fields that the platform does not keep, as "Learner.Locale" or
	// "Order.Items.Title"; "Order.Items" ignores everything below it. They are not compared
	// with the seed; what is fed in them must still be sound.
	Ignore []string

	// Skip names checks as the test's output does, "Orders/tombstones are fed", or all checks of
	// one source, "Orders".
	Skip []string

	// IDs tells the host's id of a row of the seed, for a platform that chooses ids itself. The
	// kind is learner, course, classroom, group, order, enrollment, membership (a level),
	// activity or other (something else that is sold). Nil: the ids are the seed's.
	IDs func(kind, seedID string) string

	// SMS is a text message that may really be sent. Nil: text messages are tested as far as that
	// sends nothing.
	SMS *SMSTrial
}

// validate refuses a name that means nothing: a misspelled one would silently do nothing.
func (o Options) validate() error {
	for _, name := range o.Ignore {
		if !isField(name) {
			return fmt.Errorf("hosttest: Options.Ignore: no field %q", name)
		}
	}
	for _, name := range o.Skip {
		if !slices.Contains(checkNames(), name) {
			return fmt.Errorf("hosttest: Options.Skip: no check %q", name)
		}
	}
	return nil
}

func isField(path string) bool {
	var row reflect.Type
	names := strings.Split(path, ".")
	for _, v := range []any{
		hostadapter.Learner{}, hostadapter.Offering{}, hostadapter.Order{},
		hostadapter.Enrollment{}, hostadapter.Membership{}, hostadapter.Activity{},
	} {
		if t := reflect.TypeOf(v); t.Name() == names[0] {
			row = t
		}
	}
	if row == nil || len(names) < 2 {
		return false
	}
	for _, name := range names[1:] {
		for row.Kind() == reflect.Slice || row.Kind() == reflect.Map {
			row = row.Elem()
		}
		if row.Kind() != reflect.Struct {
			return false
		}
		f, ok := row.FieldByName(name)
		if !ok {
			return false
		}
		row = f.Type
	}
	return true
}

// ignores tells whether a path of the diff is to be ignored, itself or with what holds it. The
// brackets of a slice or map do not count.
func (o Options) ignores(path string) bool {
	var plain strings.Builder
	depth := 0
	for _, r := range path {
		switch {
		case r == '[':
			depth++
		case r == ']':
			depth--
		case depth == 0:
			plain.WriteRune(r)
		}
	}
	return slices.ContainsFunc(o.Ignore, func(name string) bool {
		rest, found := strings.CutPrefix(plain.String(), name)
		return found && (rest == "" || rest[0] == '.')
	})
}

// rule runs one check as a subtest, unless it is to be skipped.
func (o Options) rule(t reporter, source, name string, check func(reporter)) {
	t.Helper()
	t.Run(name, func(t reporter) {
		t.Helper()
		if o.skips(source, name) {
			t.Skipf("left out by Options.Skip")
		}
		check(t)
	})
}

func (o Options) skips(source, name string) bool {
	return slices.Contains(o.Skip, source) || slices.Contains(o.Skip, source+"/"+name)
}

// group runs the checks of one source as a subtest. A source that is optional and not offered is
// skipped out loud; capability is the name of its interface.
func (o Options) group(t reporter, source, capability string, offered bool, checks func(reporter)) {
	t.Helper()
	t.Run(source, func(t reporter) {
		t.Helper()
		if slices.Contains(o.Skip, source) {
			t.Skipf("left out by Options.Skip")
		}
		if !offered {
			t.Skipf("host does not offer hostadapter.%s", capability)
		}
		checks(t)
	})
}

// checkNames lists what may be skipped.
func checkNames() []string {
	names := []string{}
	for _, feed := range []string{"Learners", "Offerings", "Orders", "Enrollments", "Memberships", "Activities"} {
		names = append(names, feed)
		for _, r := range feedRules[hostadapter.Learner]() { // the same names for every row type
			names = append(names, feed+"/"+r.name)
		}
		names = append(names, feed+"/"+emptyHost)
	}
	for source, rules := range map[string][]string{"Consents": consentRules, "Totals": totalsRules, "Links": linkRules, "Staff": staffRules,
		"Messages": messageRules, "SMS": smsRules} {
		names = append(names, source)
		for _, rule := range rules {
			names = append(names, source+"/"+rule)
		}
	}
	return names
}
