package web

import (
	"slices"

	"github.com/coursecrm/coursecrm/segment"
)

// presets lists the keys of the quick queries that come with the product; the migrations have
// their rules.
func presets() []string {
	return []string{"login30", "members", "paid", "tried", "sleeping", "new7", "open24", "expiring", "stalled", "valuable", "lapsed", "clicked"}
}

// queryName is what a quick query is called: as staff named it, else the preset's name in the
// reader's language.
func (l *locale) queryName(s segment.Saved) string {
	if s.Name == "" && slices.Contains(presets(), s.Preset) {
		return l.TK("preset", s.Preset)
	}
	return s.Name
}
