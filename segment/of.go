package segment

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Of narrows what a field looks at: "activities of type view, about course 12, within the last 14
// days". What is set must all hold; of a list any member will do. The zero value narrows nothing.
type Of struct {
	Offerings  []int64  `json:"offering,omitempty"` // our ids
	Categories []string `json:"category,omitempty"` // any part of an offering's path
	Tags       []int64  `json:"tag,omitempty"`      // our ids
	Types      []string `json:"type,omitempty"`     // of activities
	Channels   []string `json:"channel,omitempty"`
	Campaigns  []int64  `json:"campaign,omitempty"`
	Links      []int64  `json:"link,omitempty"` // of campaigns, our ids
	Within     *Within  `json:"within,omitempty"`
}

// Within is a period: either the last n units until now, or dates of the site's zone, both
// included; an empty From or To is open.
type Within struct {
	Last int64  `json:"last,omitempty"`
	Unit Unit   `json:"unit,omitempty"`
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
}

// Narrowing is a way in which a field can be narrowed.
type Narrowing string

// Narrowings, in the order in which they are shown.
const (
	ByType     Narrowing = "type"
	ByOffering Narrowing = "offering"
	ByCategory Narrowing = "category"
	ByTag      Narrowing = "tag"
	ByChannel  Narrowing = "channel"
	ByCampaign Narrowing = "campaign"
	ByLink     Narrowing = "link"
	ByPeriod   Narrowing = "within"
)

// Choices gives the list from which the narrowing's values are picked.
func (n Narrowing) Choices() Choices {
	return map[Narrowing]Choices{ByType: ActivityChoices, ByOffering: OfferingChoices, ByCategory: CategoryChoices,
		ByTag: TagChoices, ByChannel: ChannelChoices, ByCampaign: CampaignChoices, ByLink: LinkChoices}[n]
}

// uses lists what is set.
func (o *Of) uses() []Narrowing {
	if o == nil {
		return nil
	}
	var out []Narrowing
	for n, set := range map[Narrowing]bool{
		ByType: len(o.Types) > 0, ByOffering: len(o.Offerings) > 0, ByCategory: len(o.Categories) > 0, ByTag: len(o.Tags) > 0,
		ByChannel: len(o.Channels) > 0, ByCampaign: len(o.Campaigns) > 0, ByLink: len(o.Links) > 0, ByPeriod: o.Within != nil,
	} {
		if set {
			out = append(out, n)
		}
	}
	return out
}

// onOfferings reports whether rows of some offerings are meant.
func (o *Of) onOfferings() bool {
	return o != nil && len(o.Offerings)+len(o.Categories)+len(o.Tags) > 0
}

// check reports whether the field can be narrowed so and the values are sound.
func (o *Of) check(f Field, now time.Time) error {
	for _, n := range o.uses() {
		if !slices.Contains(f.Narrow, n) {
			return ErrNarrow
		}
	}
	if o == nil {
		return nil
	}
	for _, list := range [][]int64{o.Offerings, o.Tags, o.Campaigns, o.Links} {
		if err := checkIDs(list); err != nil {
			return err
		}
	}
	for _, list := range [][]string{o.Categories, o.Types, o.Channels} {
		if err := checkWords(list); err != nil {
			return err
		}
	}
	if o.Within == nil {
		return nil
	}
	_, _, err := o.Within.bounds(now)
	return err
}

// bounds gives the moments from which and before which (zero: open) a row lies within.
func (w Within) bounds(now time.Time) (from, to time.Time, err error) {
	if w.Last != 0 || w.Unit != "" {
		if w.From != "" || w.To != "" {
			return from, to, ErrValue
		}
		from, err = ago(now, w.Last, w.Unit)
		return from, now.UTC(), err
	}
	if w.From == "" && w.To == "" {
		return from, to, ErrValue
	}
	if w.From != "" {
		if from, err = parseDate(w.From); err != nil {
			return from, to, err
		}
	}
	if w.To != "" {
		if to, err = parseDate(w.To); err != nil {
			return from, to, err
		}
		if to.Before(from) {
			return from, to, ErrValue
		}
		to = begin(to.AddDate(0, 0, 1), now.Location())
	}
	if w.From != "" {
		from = begin(from, now.Location())
	}
	return from, to, nil
}

func checkIDs(list []int64) error {
	if len(list) > MaxList {
		return ErrValue
	}
	for _, id := range list {
		if id < 1 || id > maxRef {
			return ErrValue
		}
	}
	return nil
}

func checkWords(list []string) error {
	if len(list) > MaxList {
		return ErrValue
	}
	for _, w := range list {
		if !soundText(w) {
			return ErrValue
		}
	}
	return nil
}

// soundText is a text that PostgreSQL can hold and that a person may have meant.
func soundText(s string) bool {
	return s != "" && len(s) <= 255 && !strings.ContainsRune(s, 0) && utf8.ValidString(s)
}

// Offerings lists the courses and classrooms, our ids, that conditions which people meet are narrowed
// to, each once and in order: whom a rule finds "to pay for this course", a message speaks to of it.
// Conditions that nobody may meet name none.
func (r Rule) Offerings() []int64 {
	var out []int64
	var gather func(Rule)
	gather = func(r Rule) {
		if r.Of != nil {
			out = append(out, r.Of.Offerings...)
		}
		for _, m := range slices.Concat(r.All, r.Any) {
			gather(m)
		}
	}
	gather(r)
	slices.Sort(out)
	return slices.Compact(out)
}
