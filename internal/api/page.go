package api

import (
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// Paging is how a list is asked for page by page.
type Paging struct {
	After string `query:"after" maxLength:"4000" doc:"The field next of the page before; empty: the first page."`
	Limit int    `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"How many rows at most."`
}

// page is a part of a list.
type page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty" doc:"Pass it as after for the next page; absent: this is the last."`
}

// all is a list that needs no pages.
type all[T any] struct {
	Items []T `json:"items"`
}

// pageOf makes a page of rows.
func pageOf[A, B any](rows []A, next string, of func(A) B) page[B] {
	return page[B]{each(rows, of), next}
}

// allOf makes a list of rows.
func allOf[A, B any](rows []A, of func(A) B) all[B] { return all[B]{each(rows, of)} }

// each turns rows into others; nothing becomes an empty list, never null.
func each[A, B any](rows []A, of func(A) B) []B {
	out := make([]B, 0, len(rows))
	for _, r := range rows {
		out = append(out, of(r))
	}
	return out
}

// filled is a list that is never null.
func filled[T any](rows []T) []T {
	if rows == nil {
		return []T{}
	}
	return rows
}

// ByID names something in a path.
type ByID[T ~int64] struct {
	ID T `path:"id" minimum:"1"`
}

// Once lets a request be sent again without being done again.
type Once struct {
	Key string `header:"Idempotency-Key" maxLength:"200" doc:"Any text of your own: requests of one key, address and body are done once, and a repeated one gets the first one's answer."`
}

// who is a member of staff in an answer.
type who struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

func whoOf(s hostadapter.Staff) who { return who{s.ID, s.Name} }

// trendPoint is the size of something on a day.
type trendPoint struct {
	Day   string `json:"day" format:"date" doc:"A date in the site's zone."`
	Count int64  `json:"count"`
}

func trendOf(points []segment.Point) []trendPoint {
	return each(points, func(p segment.Point) trendPoint { return trendPoint{p.Day.Format("2006-01-02"), p.Count} })
}
