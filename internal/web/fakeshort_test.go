package web

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/shortlink"
)

// freeStore keeps the links that staff made. The first one was followed.
type freeStore world

func (s *freeStore) InsertFree(_ context.Context, form string, l shortlink.FreeLink) (shortlink.FreeLink, bool, error) {
	if id, ok := s.forms[form]; ok {
		return s.links[id-1], false, s.fail
	}
	if s.named(l) {
		return l, false, fault.ErrConflict
	}
	l.ID = shortlink.LinkID(len(s.links) + 1)
	l.First = shortlink.Number(l.ID)
	s.links, s.forms[form] = append(s.links, l), l.ID
	return l, true, s.fail
}

func (s *freeStore) named(l shortlink.FreeLink) bool {
	return l.Slug != "" && slices.ContainsFunc(s.links, func(o shortlink.FreeLink) bool { return o.ID != l.ID && o.Slug == l.Slug })
}

func (s *freeStore) UpdateFree(_ context.Context, l shortlink.FreeLink, now time.Time) (shortlink.FreeLink, error) {
	was := s.links[l.ID-1]
	switch {
	case !was.UpdatedAt.Equal(l.UpdatedAt):
		return l, shortlink.ErrChanged
	case l.ID == 1 && was.Slug != l.Slug:
		return l, shortlink.ErrNamed
	case s.named(l):
		return l, fault.ErrConflict
	}
	l.UpdatedAt = now.Add(time.Microsecond)
	s.links[l.ID-1] = l
	return l, s.fail
}

func (s *freeStore) ArchiveFree(_ context.Context, id shortlink.LinkID, archived bool, _ time.Time) error {
	s.links[id-1].Archived = archived
	return s.fail
}

func (s *freeStore) FindFree(_ context.Context, id shortlink.LinkID) (shortlink.FreeLink, bool, error) {
	if int(id) < 1 || int(id) > len(s.links) {
		return shortlink.FreeLink{}, false, fault.ErrNotFound
	}
	return s.links[id-1], id == 1, s.fail
}

func (s *freeStore) ListFree(_ context.Context, v shortlink.FreeView, now time.Time, after string, _ int) ([]shortlink.FreeLink, string, error) {
	list := slices.DeleteFunc(slices.Clone(s.links), func(l shortlink.FreeLink) bool {
		return v.State != "" && l.State(now) != v.State || !strings.Contains(l.Title+l.Slug+l.Target, v.Search)
	})
	slices.Reverse(list)
	switch {
	case after == "2" && len(list) > 1:
		return list[1:], "", s.fail
	case after != "":
		return nil, "", fault.ErrInvalid
	case len(list) > 1 && v.State == "":
		return list[:1], "2", s.fail
	}
	return list, "", s.fail
}

type freeCodes struct{}

func (freeCodes) Encode(_ context.Context, _ int, n shortlink.Number) (string, error) {
	return fmt.Sprintf("k7ad2f%02d", n), nil
}

// newPosters are the links that the world's staff made.
func newPosters(now time.Time) []shortlink.FreeLink {
	link := func(id shortlink.LinkID, title, target, slug string) shortlink.FreeLink {
		at := now.Add(-24 * time.Hour * time.Duration(10-id)).UTC()
		return shortlink.FreeLink{Link: shortlink.Link{ID: id, Kind: shortlink.LinkFree, Target: target, Slug: slug, First: shortlink.Number(id), Count: 1},
			Title: title, ByID: "7", ByName: "周敏", CreatedAt: at, UpdatedAt: at}
	}
	open := link(1, "开放日海报", "https://www.example.com/open-day?room=1", "open-day")
	open.UTM, open.Expires = shortlink.UTM{Source: "poster", Campaign: "春招"}, now.Add(48*time.Hour).UTC()
	over := link(2, "国庆群活动", "https://www.example.com/october", "")
	over.Expires = now.Add(-time.Hour).UTC()
	old := link(3, "去年的 <b>海报</b>", "https://live.example.com/2025", "last-year")
	old.Archived = true
	return []shortlink.FreeLink{open, over, old, link(4, "公众号菜单", "https://www.example.com/courses", "")}
}
