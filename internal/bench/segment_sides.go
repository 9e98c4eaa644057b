package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/segment"
)

// pageSize is the first page of a list of people.
const pageSize = 50

// answer is what a person asking sees first: how many, and the first of them.
type answer struct {
	total int64
	ids   []int64
}

// side is one way to answer.
type side struct {
	name string
	ask  func(ctx context.Context, q question) (answer, error)
	// all digests the whole set: its size, and a sum of its ids' hashes.
	all func(ctx context.Context, q question) (digest, error)
}

// digest is equal for equal sets of ids.
type digest struct {
	people int64
	hashes uint64
}

func (d *digest) add(id int64) {
	d.people++
	d.hashes += mix(int(id))
}

// ids reads a statement's ids.
func (c *school) ids(ctx context.Context, sql string, each func(id int64)) error {
	rows, err := c.conn.Query(ctx, sql)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return err
		}
		each(id)
	}
	return rows.Err()
}

// byStatements is a side of statements written beforehand.
func (c *school) byStatements(name string, of func(q question) statements) side {
	return side{name: name,
		ask: func(ctx context.Context, q question) (a answer, err error) {
			if err := c.conn.QueryRow(ctx, of(q).count).Scan(&a.total); err != nil {
				return a, fmt.Errorf("count: %w", err)
			}
			err = c.ids(ctx, of(q).page, func(id int64) { a.ids = append(a.ids, id) })
			return a, err
		},
		all: func(ctx context.Context, q question) (d digest, err error) {
			err = c.ids(ctx, of(q).all, d.add)
			return d, err
		}}
}

// byProduct is what we measure: the rule, asked as the page of an audience asks it.
func (c *school) byProduct(s *segment.Service) side {
	return side{name: "ours",
		ask: func(ctx context.Context, q question) (a answer, err error) {
			counts, page, err := s.Audience(ctx, segment.Query{Rule: q.rule, Limit: pageSize})
			a.total = counts.Matched
			for _, p := range page.People {
				a.ids = append(a.ids, int64(p.ID))
			}
			return a, err
		},
		all: func(ctx context.Context, q question) (d digest, err error) {
			err = s.Each(ctx, q.rule, func(p segment.Person) error {
				d.add(int64(p.ID))
				return nil
			})
			return d, err
		}}
}

// agree holds all sides to the same set and the same first page.
func agree(ctx context.Context, q question, sides []side) error {
	var want digest
	var first answer
	for i, s := range sides {
		a, err := s.ask(ctx, q)
		if err != nil {
			return fmt.Errorf("%s, %s: %w", q.name, s.name, err)
		}
		d, err := s.all(ctx, q)
		if err != nil {
			return fmt.Errorf("%s, all of %s: %w", q.name, s.name, err)
		}
		if a.total != d.people {
			return fmt.Errorf("%s: %s counts %d and lists %d", q.name, s.name, a.total, d.people)
		}
		if i == 0 {
			want, first = d, a
			continue
		}
		if d != want || !slices.Equal(a.ids, first.ids) {
			return fmt.Errorf("%s: %s finds %v and first %v, %s finds %v and first %v", q.name, sides[0].name, want, first.ids, s.name, d, a.ids)
		}
	}
	return nil
}

// Rounds of one question: at least five, and as many as fill a third of a second, so that a quick
// answer is not judged by one hiccup; a side that has had its time leaves the others alone.
const (
	minRounds, maxRounds = 5, 51
	quickEnough          = 150 * time.Millisecond
	slowSide             = 500 * time.Millisecond
)

// interleave lets the sides answer in turns and gives what each took. The last side may be slow.
func interleave(ctx context.Context, q question, sides []side) ([][]time.Duration, error) {
	took := make([][]time.Duration, len(sides))
	spent := make([]time.Duration, len(sides))
	for round := 0; round < minRounds || (round < maxRounds && spent[0]+spent[1] < 2*quickEnough); round++ {
		for i := range sides {
			k := (i + round) % len(sides) // nobody always comes first
			if k > 1 && (spent[k] > slowSide || round >= minRounds) {
				continue
			}
			began := time.Now()
			if _, err := sides[k].ask(ctx, q); err != nil {
				return nil, fmt.Errorf("%s, %s: %w", q.name, sides[k].name, err)
			}
			d := time.Since(began)
			took[k], spent[k] = append(took[k], d), spent[k]+d
		}
	}
	return took, nil
}
