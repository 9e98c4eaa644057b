package main

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/segment"
)

// question is something a school asks about its people: as a rule of the product, as two
// statements written by hand for our tables, and as a condition on a document for each person.
type question struct {
	name string
	rule segment.Rule
	hand statements
	flat statements // on documents
}

// hand is the best that was found without looking at what the product makes of the rule; forms
// that lost are not kept. The page has the product's order.
type hand struct{ count, page string }

// statements are a hand's at a moment; all is the page without an end.
type statements struct{ count, page, all string }

func (h hand) at(here time.Time) (s statements, err error) {
	if s.count, err = moment(h.count, here, pageSize); err != nil {
		return s, err
	}
	if s.page, err = moment(h.page, here, pageSize); err != nil {
		return s, err
	}
	s.all, err = moment(h.page, here, math.MaxInt32)
	return s, err
}

// where is for questions whose count and page are best asked by one condition on crm_learners AS l.
func where(condition string) hand {
	return hand{"SELECT count(*) FROM crm_learners l WHERE " + condition, "SELECT l.id FROM crm_learners l WHERE " + condition + " {page}"}
}

// either is for those whose page is found sooner by walking people in order and asking each.
func either(count, walk string) hand { return hand{where(count).count, where(walk).page} }

// questions puts together the forms of each, as they read at a moment; they stand in files of
// their own because each is read against its own tables.
func questions(now time.Time) ([]question, error) {
	all := make([]question, 0, len(rules))
	for _, r := range rules {
		by, ok := byHand[r.name]
		flat, also := onDocuments[r.name]
		if !ok || !also {
			return nil, fmt.Errorf("question %s lacks a form", r.name)
		}
		q, err := newQuestion(r.name, r.json, by, onDocument(flat), now)
		if err != nil {
			return nil, err
		}
		all = append(all, q)
	}
	return all, nil
}

func newQuestion(name, rule string, by, flat hand, now time.Time) (q question, err error) {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return q, err
	}
	rule = strings.ReplaceAll(rule, "{year ago}", yearAgo(now.In(loc)).Format("2006-01-02"))
	q.name = name
	if q.rule, err = segment.Parse([]byte(rule)); err != nil {
		return q, fmt.Errorf("question %s: %w", name, err)
	}
	if q.hand, err = by.at(now.In(loc)); err != nil {
		return q, fmt.Errorf("question %s: %w", name, err)
	}
	if q.flat, err = flat.at(now.In(loc)); err != nil {
		return q, fmt.Errorf("question %s: %w", name, err)
	}
	return q, nil
}

// moment fills in what a statement says about time, in braces: {now}, {30d} ago on the site's
// calendar, {year ago} as the beginning of that date, {birthdays} and {month-days} of this week;
// with a point before, in microseconds, as the documents have them. {page} ends a page of limit
// rows, {people} are accounts that exist.
func moment(sql string, here time.Time, limit int) (string, error) {
	var unknown error
	out := braces.ReplaceAllStringFunc(sql, func(word string) string {
		word = word[1 : len(word)-1]
		at, micros := time.Time{}, strings.HasPrefix(word, ".")
		word = strings.TrimPrefix(word, ".")
		switch days, notDays := strconv.Atoi(strings.TrimSuffix(word, "d")); {
		case word == "people":
			return "l.status <> 'deleted'"
		case word == "page":
			return "ORDER BY l.last_login_at DESC NULLS LAST, l.id DESC LIMIT " + strconv.Itoa(limit)
		case word == "limit":
			return strconv.Itoa(limit)
		case word == "birthdays":
			return birthdays(here)
		case word == "month-days":
			return monthDays(here)
		case word == "now":
			at = here
		case word == "year ago":
			at = yearAgo(here)
		case notDays == nil:
			at = here.AddDate(0, 0, -days)
		default:
			unknown = fmt.Errorf("a statement says {%s}", word)
		}
		if micros {
			return strconv.FormatInt(at.UnixMicro(), 10)
		}
		return "'" + at.UTC().Format("2006-01-02 15:04:05.999999") + "+00'::timestamptz"
	})
	return out, unknown
}

var braces = regexp.MustCompile(`\{\.?[a-z0-9 -]*[a-z][a-z0-9 -]*\}`)

// yearAgo is the beginning of the date a year ago.
func yearAgo(here time.Time) time.Time {
	return time.Date(here.Year()-1, here.Month(), here.Day(), 0, 0, 0, 0, here.Location())
}

// birthdays are all dates on which someone can have been born who has a birthday today or in the
// next seven days. Looking a date up among them is cheaper than taking each birthday apart.
func birthdays(here time.Time) string {
	var dates []string
	for year := 1900; year <= here.Year(); year++ {
		for _, md := range thisWeek(here) {
			if at, err := time.Parse("2006-01-02", fmt.Sprintf("%04d-%s", year, md)); err == nil {
				dates = append(dates, at.Format("2006-01-02"))
			}
		}
	}
	return "'{" + strings.Join(dates, ",") + "}'::date[]"
}

func monthDays(here time.Time) string { return "'" + strings.Join(thisWeek(here), "', '") + "'" }

// thisWeek lists eight days as month and day. Who was born on 29 February has the birthday a day
// earlier in other years.
func thisWeek(here time.Time) []string {
	var days []string
	for n := range 8 {
		day := here.AddDate(0, 0, n)
		days = append(days, day.Format("01-02"))
		if md := day.Format("01-02"); md == "02-28" && day.AddDate(0, 0, 1).Day() == 1 {
			days = append(days, "02-29")
		}
	}
	return days
}
