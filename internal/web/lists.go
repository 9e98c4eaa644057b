package web

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// lists finds the values of fields, each list once for a page.
type lists struct {
	ctx   context.Context //nolint:containedctx // lives as long as one request
	l     *locale
	from  listSource
	saved func() ([]segment.Saved, error) // the quick queries that the visitor may see
	found map[string][]segment.Choice
}

// listSource is what lists needs of segment.Service.
type listSource interface {
	Choices(ctx context.Context, of segment.Choices, search string, limit int) ([]segment.Choice, error)
	Labels(ctx context.Context, of segment.Choices, values []string) (map[string]string, error)
}

func newLists(ctx context.Context, l *locale, from listSource, saved func() ([]segment.Saved, error)) *lists {
	return &lists{ctx: ctx, l: l, from: from, saved: saved, found: map[string][]segment.Choice{}}
}

// choices gives values whose label contains search. Words of ours are named in the reader's
// language.
func (s *lists) choices(of segment.Choices, search string) ([]segment.Choice, error) {
	key := string(of) + "\x00" + search
	if list, ok := s.found[key]; ok {
		return list, nil
	}
	list, err := s.find(of, search)
	if err != nil {
		return nil, err
	}
	s.found[key] = list
	return list, nil
}

func (s *lists) find(of segment.Choices, search string) ([]segment.Choice, error) {
	switch {
	case of == segment.NoChoices:
		return nil, nil
	case of.Fixed() != nil:
		var out []segment.Choice
		for _, v := range of.Fixed() {
			out = append(out, segment.Choice{Value: v, Label: s.l.TK("choice."+string(of), v)})
		}
		return out, nil
	case of == segment.QueryChoices:
		return s.queries(search)
	case of == segment.ActivityChoices: // searched by their names, which are ours
		list, err := s.from.Choices(s.ctx, of, "", 10*pickerLimit)
		for i := range list {
			list[i].Label = s.l.activity(list[i].Value)
		}
		return matching(list, search), err
	}
	list, err := s.from.Choices(s.ctx, of, search, pickerLimit)
	for i := range list {
		list[i].Note = s.note(of, list[i].Note)
	}
	return list, err
}

// note says what a choice's note means.
func (s *lists) note(of segment.Choices, note string) string {
	switch of {
	case segment.OfferingChoices:
		return s.l.offeringKind(note)
	case segment.CampaignChoices:
		if slices.Contains(segment.ChannelChoices.Fixed(), note) {
			return s.l.TK("channel", note)
		}
	case segment.ListChoices:
		if n, err := strconv.ParseInt(note, 10, 64); err == nil {
			return s.l.T("count.people", n)
		}
	}
	return note
}

func (s *lists) queries(search string) ([]segment.Choice, error) {
	saved, err := s.saved()
	var out []segment.Choice
	for _, q := range saved {
		out = append(out, segment.Choice{Value: strconv.FormatInt(int64(q.ID), 10), Label: s.l.queryName(q)})
	}
	return matching(out, search), err
}

func matching(list []segment.Choice, search string) []segment.Choice {
	out := slices.DeleteFunc(slices.Clone(list), func(c segment.Choice) bool {
		return !strings.Contains(strings.ToLower(c.Label), strings.ToLower(search))
	})
	return out[:min(len(out), pickerLimit)]
}

// labels names chosen values; one that is gone is absent.
func (s *lists) labels(of segment.Choices, chosen []string) (map[string]string, error) {
	switch {
	case len(chosen) == 0 || of == segment.NoChoices:
		return nil, nil
	case of == segment.ActivityChoices: // a host may stop feeding a type, and begin again
		out := map[string]string{}
		for _, v := range chosen {
			out[v] = s.l.activity(v)
		}
		return out, nil
	case of == segment.QueryChoices:
		return s.queryLabels(chosen)
	case of.Fixed() == nil:
		return s.from.Labels(s.ctx, of, chosen)
	}
	all, err := s.choices(of, "")
	out := map[string]string{}
	for _, c := range all {
		out[c.Value] = c.Label
	}
	return out, err
}

// queryLabels names quick queries. A rule may refer to one that its reader may not see: that is
// counted all the same.
func (s *lists) queryLabels(chosen []string) (map[string]string, error) {
	saved, err := s.saved()
	out := map[string]string{}
	for _, v := range chosen {
		out[v] = s.l.T("cond.query_hidden", v)
	}
	for _, q := range saved {
		if id := strconv.FormatInt(int64(q.ID), 10); out[id] != "" {
			out[id] = s.l.queryName(q)
		}
	}
	return out, err
}

// offeringKind names the kind of an offering; anything else is shown as it is.
func (l *locale) offeringKind(word string) string {
	switch hostadapter.TargetType(word) {
	case hostadapter.TargetCourse, hostadapter.TargetClassroom, hostadapter.TargetMembership, hostadapter.TargetOther:
		return l.TK("target", word)
	}
	return word
}

// knownActivities are the activities whose meaning is set; a host may feed others.
func knownActivities() []hostadapter.ActivityType {
	return []hostadapter.ActivityType{hostadapter.ActivityView, hostadapter.ActivityTrial, hostadapter.ActivityFavorite, hostadapter.ActivityQuestion,
		hostadapter.ActivityCoupon, hostadapter.ActivityLearn, hostadapter.ActivityLogin}
}

// activity names a type of activity; one of the host's own is shown as it is.
func (l *locale) activity(word string) string {
	if slices.Contains(knownActivities(), hostadapter.ActivityType(word)) {
		return l.TK("activity", word)
	}
	return word
}
