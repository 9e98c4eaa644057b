package proof

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// storyOf tells what bears on a learner, for whoever has to find out what went wrong.
func storyOf(lives []life, id h.LearnerID) string {
	var b strings.Builder
	for _, l := range lives {
		if text := l.String(); strings.Contains(text, fmt.Sprintf("%q", id)) {
			b.WriteString(text)
		}
	}
	deeds := b.String()
	for _, l := range lives {
		if o := l.final().Offering; o != nil && strings.Contains(deeds, fmt.Sprintf("%q", o.ID)) {
			b.WriteString(l.String())
		}
	}
	return b.String()
}

// void is what says nothing in a snapshot.
var void = regexp.MustCompile(`"[A-Za-z]+":(""|null|0|false|"0001-01-01T00:00:00Z"),?|"(Nickname|Title|Quantity)":[^,}]*,?`)

// String tells a life, a line for each snapshot.
func (l life) String() string {
	out := ""
	for i, e := range l.versions {
		text, err := json.Marshal(e)
		if err != nil {
			return err.Error()
		}
		when := ""
		if i == len(l.versions)-1 && l.last {
			when = " (told last)"
			if l.only {
				when = " (told first)"
			}
		}
		out += "    " + strings.ReplaceAll(void.ReplaceAllString(string(text), ""), ",}", "}") + when + "\n"
	}
	return out
}
