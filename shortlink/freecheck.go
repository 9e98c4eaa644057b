package shortlink

import (
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// Lengths of what staff say about a link, in characters.
const (
	MaxTitle   = 60
	MaxUTM     = 100
	maxFormKey = 64 // bytes
)

// check tidies a form and says what is wrong with it. What a link has had so far it may keep,
// where only time has made it wrong.
func (f *Free) check(in, was FreeForm) (FreeForm, fault.Fields) {
	problems := fault.Fields{}
	in.Title = strings.Join(strings.Fields(in.Title), " ")
	in.Target = strings.TrimSpace(in.Target)
	in.Slug = strings.ToLower(strings.TrimSpace(in.Slug))
	in.Expires = in.Expires.UTC().Truncate(time.Microsecond) // as the database keeps it
	switch {
	case in.Title == "":
		problems.Add("title", "problem.missing")
	case !utf8.ValidString(in.Title), strings.ContainsFunc(in.Title, unprintable):
		problems.Add("title", "problem.control")
	case utf8.RuneCountInString(in.Title) > MaxTitle:
		problems.Add("title", "problem.long", MaxTitle)
	}
	switch err := f.domains.Check(in.Target); {
	case in.Target == "":
		problems.Add("target", "problem.missing")
	case errors.Is(err, ErrDomain):
		problems.Add("target", "problem.domain", strings.Join(f.domains, ", "))
	case err != nil, !utf8.ValidString(in.Target), strings.ContainsFunc(in.Target, unprintable):
		problems.Add("target", "problem.url")
	}
	if in.Slug != "" && !IsSlug(in.Slug) {
		problems.Add("slug", "problem.slug", MinSlug, MaxSlug, CodeLen)
	}
	if !in.Expires.IsZero() && !in.Expires.Equal(was.Expires) && !in.Expires.After(f.now()) {
		problems.Add("expires", "problem.past")
	}
	for _, p := range in.UTM.list() {
		*p.value = strings.TrimSpace(*p.value)
		switch {
		case !utf8.ValidString(*p.value), strings.ContainsFunc(*p.value, unprintable):
			problems.Add(p.field, "problem.control")
		case utf8.RuneCountInString(*p.value) > MaxUTM:
			problems.Add(p.field, "problem.long", MaxUTM)
		}
	}
	return in, problems
}

// unprintable reports characters that nobody sees, but for spaces.
func unprintable(c rune) bool { return !unicode.IsPrint(c) && !unicode.Is(unicode.Zs, c) }

// link gives the part of a link that a form says.
func (in FreeForm) link() Link {
	return Link{Kind: LinkFree, Target: in.Target, UTM: in.UTM, Slug: in.Slug, Count: 1, Expires: in.Expires}
}

// taken says that another link has the name.
func taken() fault.Fields { return fault.Fields{"slug": {Key: "problem.slug_taken"}} }
