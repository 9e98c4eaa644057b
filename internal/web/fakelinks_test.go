package web

import (
	"context"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/shortlink"
)

// linkStore keeps links that visitors follow: a campaign's, those that staff made, one that is over.
type linkStore world

func (s *linkStore) Owner(_ context.Context, _ int, n shortlink.Number) (shortlink.Link, error) {
	switch n {
	case 5, 6:
		return shortlink.Link{ID: 50, Kind: shortlink.LinkCampaign, Campaign: 12, Target: "https://www.example.com/course/318?a=1&b=2", First: 5, Count: 2}, s.fail
	case 70:
		return shortlink.Link{ID: 70, Kind: shortlink.LinkFree, Target: "https://www.example.com/", First: 70, Count: 1, Expires: s.now}, s.fail
	case 80:
		return shortlink.Link{ID: 80, Kind: shortlink.LinkTest, Target: "https://www.example.com/", First: 80, Count: 1}, s.fail
	}
	return shortlink.Link{}, fault.ErrNotFound
}

func (s *linkStore) Slug(_ context.Context, slug string) (shortlink.Link, error) {
	for _, l := range s.links {
		if l.Slug == slug {
			return l.Link, s.fail
		}
	}
	return shortlink.Link{}, fault.ErrNotFound
}

func (s *linkStore) Loose(_ context.Context, target string, _ time.Time) (shortlink.Link, error) {
	return shortlink.Link{ID: 80, Kind: shortlink.LinkTest, Target: target, First: 80, Count: 1}, s.fail
}

func (s *linkStore) Salt(context.Context, time.Time) ([]byte, error) { return []byte("salt"), nil }

// Record implements shortlink.Keeping.
func (s *linkStore) Record(shortlink.Hit, shortlink.Agent) {}
