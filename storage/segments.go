package storage

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coursecrm/coursecrm/segment"
)

// Segments implements segment.Store.
type Segments struct {
	*DB
	Replica *Replica // answers questions about all people while it is fit to; nil: DB answers them

	all everyone
}

// predicateArgs makes a predicate's arguments fit bun.
func predicateArgs(p segment.Predicate) []any {
	args := make([]any, len(p.Args))
	for i, a := range p.Args {
		switch v := a.(type) {
		case []int64:
			args[i] = int64Array(v)
		case []string:
			args[i] = textArray(v)
		default:
			args[i] = a
		}
	}
	return args
}

// people is who can be in an audience at all: deleted accounts cannot.
const people = "l.status <> 'deleted'"

// Ask implements segment.People.
func (s *Segments) Ask(ctx context.Context, a segment.Ask) (segment.Answer, error) {
	var out segment.Answer
	list, err := newListing(a)
	if err != nil {
		return out, err
	}
	began := time.Now()
	switch {
	case a.Leaves != nil:
		err = s.askSets(ctx, a, list, &out)
	case a.Count && a.Limit > 0 && a.Once && a.After == "":
		questions := []question{list.onePass(&out.Counts)}
		err = s.aside(ctx, s.heavy, audienceTimeout, s.reach(a, &out.Counts, questions)...)
	case a.Count:
		err = s.aside(ctx, s.heavy, audienceTimeout, s.reach(a, &out.Counts, append(list.questions(a.Whole), countQuestion(a, &out.Counts)))...)
	case s.few(a, a.Known) && a.Limit > 0:
		err = s.aside(ctx, s.heavy, audienceTimeout, list.picked()...)
	default:
		err = s.aside(ctx, s.heavy, audienceTimeout, list.questions(s.forPage(a, a.Known))...)
	}
	if err != nil {
		return out, err
	}
	out.Counts.Took = time.Since(began)
	out.Page = list.page()
	return out, nil
}

// askSets counts the sets first, unless the page is found without looking at rows; how many
// people there are tells how the page is best found.
func (s *Segments) askSets(ctx context.Context, a segment.Ask, list *listing, out *segment.Answer) error {
	sets := setsQuestion(a, &out.Sets)
	if !a.Whole.Rows {
		if err := s.aside(ctx, s.heavy, audienceTimeout, append(list.questions(a.Whole), sets)...); err != nil {
			return err
		}
	} else if err := s.aside(ctx, s.heavy, audienceTimeout, sets); err != nil {
		return err
	}
	matched := int64(0)
	for _, set := range out.Sets {
		out.Counts.All += set.Count
		if a.Matches(set) {
			matched += set.Count
		}
	}
	s.all.remember(out.Counts.All)
	if !a.Whole.Rows || a.Limit == 0 || matched == 0 {
		return nil
	}
	return s.aside(ctx, s.heavy, audienceTimeout, list.questions(s.forPage(a, matched))...)
}

// forPage chooses how to find a page: where one in two hundred people is meant, the first fifty are
// met before ten thousand have been asked.
func (s *Segments) forPage(a segment.Ask, matched int64) segment.Predicate {
	if a.Whole.Rows && matched > s.fewest() {
		return a.Walk
	}
	return a.Whole
}

// few tells whether a rule on rows is known to be met by so few people that all of them are found
// before fifty are met in the order of the list.
func (s *Segments) few(a segment.Ask, matched int64) bool {
	return a.Whole.Rows && matched > 0 && matched <= s.fewest()
}

// fewest is one in two hundred people.
func (s *Segments) fewest() int64 {
	all, known := s.all.recent()
	if !known {
		all = 1_000_000
	}
	return all / 200
}

// reach adds the question how many people there are, unless that is known.
func (s *Segments) reach(a segment.Ask, c *segment.Counts, questions []question) []question {
	if !a.Reach {
		return questions
	}
	if all, known := s.all.recent(); known {
		c.All = all
		return questions
	}
	return append(questions, newQuestion("SELECT count(*) FROM crm_learners l WHERE "+people, nil, func(r pgx.Rows) error {
		err := r.Scan(&c.All)
		s.all.remember(c.All)
		return err
	}))
}

// countQuestion counts the people of a predicate by whatever index finds them.
func countQuestion(a segment.Ask, c *segment.Counts) question {
	columns, into := "count(*)", []any{&c.Matched}
	if a.Reach {
		columns += ", count(*) FILTER (WHERE " + reachEmail + "), count(*) FILTER (WHERE " + reachSMS + "), count(*) FILTER (WHERE " + reachMessage + ")"
		into = append(into, &c.Email, &c.SMS, &c.Message)
	}
	return newQuestion("SELECT "+columns+" FROM crm_learners l WHERE "+people+" AND "+a.Whole.SQL, predicateArgs(a.Whole),
		func(r pgx.Rows) error { return r.Scan(into...) })
}

// What it takes to reach a person on a channel.
const (
	reachEmail   = "l.usable_email IS NOT NULL AND l.consent_email <> 'denied' AND l.own_email <> 'denied' AND NOT l.dead_email"
	reachSMS     = "l.usable_mobile IS NOT NULL AND l.consent_sms <> 'denied' AND l.own_sms <> 'denied' AND NOT l.dead_mobile"
	reachMessage = "l.host_id IS NOT NULL AND l.consent_message <> 'denied' AND l.own_message <> 'denied'"
)

// setsQuestion looks at everybody once and asks each condition once: the answers of a person are
// the bits of a number, and people with the same number are counted together.
func setsQuestion(a segment.Ask, sets *[]segment.SetCount) question {
	bits := []string{reachEmail, reachSMS, reachMessage}
	var asked, joined []any
	joins := ""
	for _, leaf := range a.Leaves {
		bits = append(bits, leaf.SQL)
		asked = append(asked, predicateArgs(leaf)...)
		for _, j := range leaf.Joins {
			joins += " LEFT JOIN (" + j.IDs.SQL + ") " + j.As + " ON " + j.As + ".learner_id = l.id"
			joined = append(joined, predicateArgs(j.IDs)...)
		}
	}
	var words []string
	for i, bit := range bits {
		if i%segment.WordOfBits == 0 {
			words = append(words, "0")
		}
		words[len(words)-1] += fmt.Sprintf(" + CASE WHEN %s THEN %d ELSE 0 END", bit, int64(1)<<(i%segment.WordOfBits))
	}
	columns, names := "", ""
	for i, w := range words {
		columns += fmt.Sprintf("(%s)::bigint AS w%d, ", w, i)
		names += fmt.Sprintf("w%d, ", i)
	}
	q := newQuestion("SELECT "+columns+"count(*) FROM crm_learners l"+joins+" WHERE "+people+" GROUP BY "+strings.TrimSuffix(names, ", "),
		append(asked, joined...), func(r pgx.Rows) error {
			set := segment.SetCount{Bits: make([]uint64, len(words))}
			dest := make([]any, 0, len(words)+1)
			for i := range set.Bits {
				dest = append(dest, &set.Bits[i])
			}
			if err := r.Scan(append(dest, &set.Count)...); err != nil {
				return err
			}
			*sets = append(*sets, set)
			return nil
		})
	q.joins = strings.Count(joins, " LEFT JOIN ")
	return q
}

// everyone remembers how many people there are: counting them costs as much as a whole audience,
// and a share of all needs no figure of this second. The zero value is ready to use.
type everyone struct {
	mu    sync.Mutex
	count int64
	at    time.Time
}

func (e *everyone) recent() (int64, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.count, !e.at.IsZero() && time.Since(e.at) < time.Minute
}

func (e *everyone) remember(count int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.count, e.at = count, time.Now()
}

// Total implements segment.People.
func (s *Segments) Total(ctx context.Context, p segment.Predicate) (n int64, err error) {
	err = s.aside(ctx, s.heavy, audienceTimeout, newQuestion("SELECT count(*) FROM crm_learners l WHERE "+people+" AND "+p.SQL, predicateArgs(p),
		func(r pgx.Rows) error { return r.Scan(&n) }))
	return n, err
}

// exportTimeout bounds an export of everybody.
const exportTimeout = 20 * time.Minute

// Each implements segment.People: one statement whose rows are read as they come.
func (s *Segments) Each(ctx context.Context, p segment.Predicate, fn func(segment.Person) error) error {
	return s.aside(ctx, s.bulk, exportTimeout, newQuestion("SELECT "+personColumns+contactColumns+" FROM crm_learners l"+contactJoin+
		" WHERE "+people+" AND "+p.SQL+" ORDER BY l.id",
		predicateArgs(p), func(r pgx.Rows) error {
			person, err := scanPerson(r)
			if err != nil {
				return err
			}
			return fn(person)
		}))
}
