package web

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

type segmentStore world

// Ask answers with the world's counts; each condition of a rule is met by a thousand people more
// than the one before.
func (s *segmentStore) Ask(_ context.Context, a segment.Ask) (segment.Answer, error) {
	out := segment.Answer{Counts: s.counts}
	if s.slow == slowList || s.slow == slowCount && a.Count {
		return out, fault.ErrUnavailable
	}
	if a.Count {
		s.counted = append(s.counted, a.Whole)
	}
	if a.Whole.SQL == "FALSE" {
		out.Counts.Matched, out.Counts.Email, out.Counts.SMS, out.Counts.Message = 0, 0, 0, 0
	}
	if a.Leaves != nil {
		out.Sets = s.sets(len(a.Leaves))
	}
	if a.Limit == 0 || a.Whole.SQL == "FALSE" || s.counts.Matched == 0 {
		return out, s.fail
	}
	from, _ := strconv.Atoi(a.After)
	to := min(from+a.Limit, len(s.people))
	out.Page.People = s.people[min(from, to):to]
	if to < len(s.people) {
		out.Page.Next = strconv.Itoa(to)
	}
	return out, s.fail
}

// sets has one set of all conditions and channels, and for each condition one of it alone.
func (s *segmentStore) sets(leaves int) []segment.SetCount {
	words := (segment.BitLeaves+leaves-1)/segment.WordOfBits + 1
	set := func(n int64, bits ...int) segment.SetCount {
		out := segment.SetCount{Bits: make([]uint64, words), Count: n}
		for _, b := range bits {
			out.Bits[b/segment.WordOfBits] |= 1 << (b % segment.WordOfBits)
		}
		return out
	}
	every := []int{segment.BitEmail, segment.BitSMS, segment.BitMessage}
	var out []segment.SetCount
	for i := range leaves {
		every = append(every, segment.BitLeaves+i)
		out = append(out, set(int64(1000*(i+1))-s.counts.Matched, segment.BitLeaves+i))
	}
	if s.counts.Matched == 0 { // nobody meets the first condition
		out[0].Count = 0
	}
	return append(out, set(s.counts.Matched, every...))
}

func (s *segmentStore) Total(context.Context, segment.Predicate) (int64, error) {
	return s.counts.Matched, s.fail
}

func (s *segmentStore) Each(_ context.Context, _ segment.Predicate, fn func(segment.Person) error) error {
	for _, p := range s.people {
		if err := fn(p); err != nil {
			return err
		}
	}
	if s.torn != nil {
		return s.torn
	}
	return s.fail
}

func (s *segmentStore) Locate(_ context.Context, e segment.IDEntry) ([]segment.PersonID, error) {
	s.located = append(s.located, e)
	var ids []segment.PersonID
	for _, p := range s.people {
		if e.Kind == segment.KindMobile && p.Mobile == e.Value || e.Kind == segment.KindEmail && p.Email == e.Value || e.Kind == segment.KindID && string(p.HostID) == e.Value {
			ids = append(ids, p.ID)
		}
	}
	return ids, s.fail
}

func (s *segmentStore) Profile(_ context.Context, id segment.PersonID) (*segment.Profile, error) {
	for _, p := range s.people {
		if p.ID == id {
			return &segment.Profile{Person: id, Status: p.Status, Nickname: p.Nickname, RealName: p.RealName, RegisteredAt: p.RegisteredAt,
				LastLoginAt: p.LastLoginAt, PaidCount: int64(p.PaidCount), PaidTotal: p.PaidTotal}, s.fail
		}
	}
	return nil, fault.ErrNotFound
}

func (s *segmentStore) Queries(context.Context) ([]segment.Saved, []segment.CustomField, error) {
	return slices.Clone(s.queries), []segment.CustomField{{Key: "vip", Type: segment.Flag}}, s.fail
}

func (s *segmentStore) SaveQuery(_ context.Context, q segment.Saved, check func([]segment.Saved) error) (segment.QueryID, error) {
	if err := check(s.queries); err != nil {
		return 0, err
	}
	for i := range s.queries {
		if s.queries[i].ID == q.ID {
			s.queries[i] = q
			return q.ID, s.fail
		}
	}
	q.ID = segment.QueryID(len(s.queries) + 1)
	s.queries = append(s.queries, q)
	return q.ID, s.fail
}

func (s *segmentStore) DeleteQuery(_ context.Context, id segment.QueryID) error {
	for _, q := range s.queries {
		if q.Rule.Refers(id) {
			return &segment.InUseError{Uses: []segment.Use{{Kind: "query", ID: int64(q.ID), Name: q.Name}}}
		}
	}
	s.queries = slices.DeleteFunc(s.queries, func(q segment.Saved) bool { return q.ID == id })
	return s.fail
}

func (s *segmentStore) OrderQueries(_ context.Context, ids []segment.QueryID) error {
	slices.SortFunc(s.queries, func(a, b segment.Saved) int { return slices.Index(ids, a.ID) - slices.Index(ids, b.ID) })
	return s.fail
}

func (s *segmentStore) SaveCount(context.Context, segment.Saved, int64, time.Time, time.Time) error {
	return s.fail
}

func (s *segmentStore) Trend(context.Context, segment.QueryID, time.Time) ([]segment.Point, error) {
	return []segment.Point{{Day: s.now.AddDate(0, 0, -2), Count: 40}, {Day: s.now.AddDate(0, 0, -1), Count: 45}}, s.fail
}

func (s *segmentStore) SaveList(_ context.Context, l segment.IDList, in segment.ListInput, _ time.Time) (segment.ListReport, error) {
	return segment.ListReport{ID: 5, Given: len(l.Entries), People: 1, Missing: len(l.Entries) - 1, Unmatched: l.Entries[1:]}, s.fail
}

func (s *segmentStore) Choices(_ context.Context, of segment.Choices, search string, _ int) ([]segment.Choice, error) {
	if search == "none" {
		return nil, nil
	}
	return []segment.Choice{{Value: "1", Label: string(of) + " <b>1</b>", Note: "course"}, {Value: "2", Label: "考研数学 " + search}}, s.fail
}

func (s *segmentStore) Labels(_ context.Context, _ segment.Choices, values []string) (map[string]string, error) {
	out := map[string]string{}
	for _, v := range values {
		if v != "404" {
			out[v] = "标签 " + v
		}
	}
	return out, s.fail
}

func (s *segmentStore) SaveSelection(_ context.Context, token string, r segment.Rule, _ time.Time) error {
	s.stored[token] = r
	return s.fail
}

func (s *segmentStore) Selection(_ context.Context, token string) (segment.Rule, error) {
	r, ok := s.stored[token]
	if !ok {
		return r, fault.ErrNotFound
	}
	return r, s.fail
}
