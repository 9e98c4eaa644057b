package hosttest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
)

// The one test that an adapter needs.
func ExampleRun() {
	_ = func(t *testing.T) { // func TestHost(t *testing.T)
		hosttest.Run(t, func(t *testing.T, seed hosttest.Seed) hostadapter.HostAdapter {
			return hosttest.NewMemory(seed) // here: your adapter on a fresh schema that holds seed
		})
	}
	fmt.Println("go test ./...")
	// Output: go test ./...
}

// A platform without locales, which numbers its rows itself.
func ExampleRunWith() {
	numbers := map[string]string{} // filled while the seed is written: "order 990" → "17"
	opts := hosttest.Options{
		Ignore: []string{"Learner.Locale", "Learner.Custom"},
		Skip:   []string{"Enrollments/tombstones are fed"}, // it deletes rows and tells nobody
		IDs:    func(kind, seedID string) string { return numbers[kind+" "+seedID] },
	}
	_ = func(t *testing.T) {
		hosttest.RunWith(t, opts, func(t *testing.T, seed hosttest.Seed) hostadapter.HostAdapter {
			return hosttest.NewMemory(seed)
		})
	}
	fmt.Println(len(opts.Ignore), "fields are not compared")
	// Output: 2 fields are not compared
}

// The reference host as a stand-in for a platform.
func ExampleMemory() {
	ctx := context.Background()
	host := hosttest.NewMemory(hosttest.SmallSeed())
	page, _ := host.Learners(ctx, "", hostadapter.MaxPage)
	fmt.Println(len(page.Items), "learners")

	host.DeleteLearner("12")
	page, _ = host.Learners(ctx, page.Next, hostadapter.MaxPage)
	fmt.Println("then", page.Items[0].ID, "deleted:", page.Items[0].Deleted)

	host.Fail(hosttest.FeedLearners, hostadapter.ErrUnavailable)
	_, err := host.Learners(ctx, page.Next, hostadapter.MaxPage)
	fmt.Println(errors.Is(err, hostadapter.ErrUnavailable), host.Calls(hosttest.FeedLearners))
	// Output:
	// 60 learners
	// then 12 deleted: true
	// true 3
}
