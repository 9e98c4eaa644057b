package web

import (
	"slices"

	"github.com/coursecrm/coursecrm/segment"
)

// audiencePrefixes adds the words that the conditions' texts are made of.
func audiencePrefixes(out map[string][]string) {
	add := func(prefix string, list ...string) {
		for _, word := range list {
			if !slices.Contains(out[prefix], word) {
				out[prefix] = append(out[prefix], word)
			}
		}
	}
	custom := []segment.CustomField{{Key: "a", Type: segment.String}, {Key: "b", Type: segment.Real}, {Key: "c", Type: segment.Time}, {Key: "d", Type: segment.Flag}}
	for _, f := range segment.DefaultCatalog().With(custom).Fields() {
		add("op."+string(f.Type), words(f.Ops())...)
		add("say."+string(f.Type), words(f.Ops())...)
		if f.Type == segment.Number {
			add("suffix", f.Key)
		}
		if f.Choices != segment.NoChoices {
			add("pick", string(f.Choices))
		}
		if f.Needs != "" {
			add("lacking", f.Needs)
		}
		for _, n := range f.Narrow {
			add("of", string(n))
			if n.Choices() != segment.NoChoices {
				add("say.of", string(n))
				addFixed(add, n.Choices())
			}
		}
		addFixed(add, f.Choices)
		for _, op := range f.Ops() {
			add(unitWords(op), words(op.Units())...)
			if op == segment.OpThis || op == segment.OpPrevious {
				add("period."+string(op), words(op.Units())...)
			}
		}
	}
	add("len", words(segment.OpInLast.Units())...)
	add("section", words(segment.Sections())...)
	add("activity", words(knownActivities())...)
	add("rule.bad", ruleWords()...)
	for _, mode := range windowModes() {
		add("window", windowWord(mode))
	}
	for _, c := range columns() {
		add("column", c.key)
		add("column.short", c.key)
	}
}

func addFixed(add func(string, ...string), list segment.Choices) {
	if fixed := list.Fixed(); fixed != nil {
		add("choice."+string(list), fixed...)
	}
}
