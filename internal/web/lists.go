package web

import (
	"context"

	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// lists finds the values of fields, each list once for a page.
type lists struct {
	ctx   context.Context //nolint:containedctx // lives as long as one request
	l     *locale
	from  listSource
	found map[string][]segment.Choice
}

// listSource is what lists needs of segment.Service.
type listSource interface {
	Choices(ctx context.Context, of segment.Choices, search string, limit int) ([]segment.Choice, error)
	Labels(ctx context.Context, of segment.Choices, values []string) (map[string]string, error)
}

func newLists(ctx context.Context, l *locale, from listSource) *lists {
	return &lists{ctx: ctx, l: l, from: from, found: map[string][]segment.Choice{}}
}

// choices gives values whose label contains search. The states of an account are ours and are
// named in the reader's language.
func (s *lists) choices(of segment.Choices, search string) ([]segment.Choice, error) {
	if of == segment.NoChoices {
		return nil, nil
	}
	if of == segment.StatusChoices {
		var out []segment.Choice
		for _, st := range []hostadapter.LearnerStatus{hostadapter.LearnerActive, hostadapter.LearnerLocked} {
			out = append(out, segment.Choice{Value: string(st), Label: s.l.TK("learner", st)})
		}
		return out, nil
	}
	key := string(of) + "\x00" + search
	if list, ok := s.found[key]; ok {
		return list, nil
	}
	list, err := s.from.Choices(s.ctx, of, search, pickerLimit)
	if err != nil {
		return nil, err
	}
	if of == segment.OfferingChoices {
		for i := range list {
			list[i].Note = s.l.offeringKind(list[i].Note)
		}
	}
	s.found[key] = list
	return list, nil
}

// labels names chosen values; one that is gone is absent.
func (s *lists) labels(of segment.Choices, chosen []string) (map[string]string, error) {
	if len(chosen) == 0 || of == segment.NoChoices {
		return nil, nil
	}
	if of == segment.StatusChoices {
		out := map[string]string{}
		all, _ := s.choices(of, "") // a fixed list
		for _, c := range all {
			out[c.Value] = c.Label
		}
		return out, nil
	}
	return s.from.Labels(s.ctx, of, chosen)
}

// offeringKind names the kind of an offering; anything else is shown as it is.
func (l *locale) offeringKind(word string) string {
	switch hostadapter.TargetType(word) {
	case hostadapter.TargetCourse, hostadapter.TargetClassroom, hostadapter.TargetMembership, hostadapter.TargetOther:
		return l.TK("target", word)
	}
	return word
}
