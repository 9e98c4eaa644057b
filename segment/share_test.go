package segment

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// slow takes a second to answer.
type slow struct {
	Store
	asked atomic.Int64
}

func (s *slow) Ask(context.Context, Ask) (Answer, error) {
	n := s.asked.Add(1)
	time.Sleep(time.Second)
	return Answer{Counts: Counts{Matched: n}, Page: Page{People: []Person{{Mobile: "13800138000"}}}}, nil
}

// TestShare: staff who look at one audience at once have one answer, each a page of their own.
func TestShare(t *testing.T) {
	t.Parallel()
	for _, share := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			store := &slow{}
			s := NewService(store, DefaultCatalog(), Site{Location: time.UTC, Currency: "CNY", Share: share}, time.Now)
			ask := func(limit int) {
				_, page, err := s.Audience(t.Context(), Query{Rule: Everyone(), Limit: limit})
				if err != nil || page.People[0].Mobile != "13800138000" {
					t.Errorf("%+v, %v", page, err)
					return
				}
				page.People[0].Mobile = "masked"
			}
			var all sync.WaitGroup
			ask(1)
			for range 20 {
				all.Go(func() { ask(1) })
			}
			all.Go(func() { ask(2) })
			all.Wait()
			if want := map[bool]int64{false: 22, true: 2}[share]; store.asked.Load() != want {
				t.Errorf("sharing is %v: asked %d times, want %d", share, store.asked.Load(), want)
			}
		})
	}
}
