package hostadapter_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/coursecrm/coursecrm/hostadapter"
)

// tenRows is a platform with a table of ten users and nothing else yet.
type tenRows struct{ users []user }

type user struct {
	id      int
	name    string
	created time.Time
	updated time.Time
}

func newTenRows() tenRows {
	start := time.Date(2026, time.June, 1, 0, 0, 0, 0, time.UTC)
	var h tenRows
	for i := range 10 { // three share each second
		h.users = append(h.users, user{100 + i, "user" + strconv.Itoa(i), start, start.Add(time.Duration(i/3) * time.Second)})
	}
	return h
}

// Learners stands for: WHERE (updated, id) > ($1, $2) ORDER BY updated, id LIMIT $3 + 1.
func (h tenRows) Learners(ctx context.Context, after hostadapter.Cursor, limit int) (hostadapter.Page[hostadapter.Learner], error) {
	at, id, err := after.After()
	if err != nil {
		return hostadapter.Page[hostadapter.Learner]{}, err
	}
	var rows []hostadapter.Learner
	for _, u := range h.users {
		key := strconv.Itoa(u.id)
		if later := u.updated.Compare(at); later < 0 || later == 0 && key <= id || len(rows) > limit {
			continue
		}
		rows = append(rows, hostadapter.Learner{
			ID: hostadapter.LearnerID(key), Nickname: u.name, Status: hostadapter.LearnerActive,
			RegisteredAt: u.created, UpdatedAt: u.updated,
		})
	}
	return hostadapter.KeysetPage(rows, after, limit, func(l hostadapter.Learner) (time.Time, string) {
		return l.UpdatedAt, string(l.ID)
	}), ctx.Err()
}

// The feeds that have nothing yet are one line each.

func (tenRows) Offerings(ctx context.Context, after hostadapter.Cursor, _ int) (hostadapter.Page[hostadapter.Offering], error) {
	return hostadapter.Page[hostadapter.Offering]{Next: after}, ctx.Err()
}

func (tenRows) Orders(ctx context.Context, after hostadapter.Cursor, _ int) (hostadapter.Page[hostadapter.Order], error) {
	return hostadapter.Page[hostadapter.Order]{Next: after}, ctx.Err()
}

func (tenRows) Enrollments(ctx context.Context, after hostadapter.Cursor, _ int) (hostadapter.Page[hostadapter.Enrollment], error) {
	return hostadapter.Page[hostadapter.Enrollment]{Next: after}, ctx.Err()
}

func (tenRows) Staff(*http.Request) (hostadapter.Staff, error) {
	return hostadapter.Staff{}, hostadapter.ErrUnauthenticated
}

// LearnerURL and OfferingURL make tenRows a hostadapter.LinkSource; nothing is registered.
func (tenRows) LearnerURL(id hostadapter.LearnerID) string { return "/users/" + string(id) }

func (tenRows) OfferingURL(hostadapter.Target) string { return "" }

func Example() {
	var host hostadapter.HostAdapter = newTenRows()
	ctx := context.Background()
	for after, more := hostadapter.Cursor(""), true; more; {
		page, err := host.Learners(ctx, after, 4)
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, l := range page.Items {
			fmt.Print(l.ID, " ")
		}
		fmt.Println("more:", page.More)
		after, more = page.Next, page.More
	}
	// Output:
	// 100 101 102 103 more: true
	// 104 105 106 107 more: true
	// 108 109 more: false
}

func ExampleAll() {
	host := newTenRows()
	for learner, err := range hostadapter.All(context.Background(), host.Learners) {
		if err != nil {
			fmt.Println(err)
			return
		}
		if learner.Nickname == "user2" {
			break // reads no further page
		}
		fmt.Println(learner.Nickname)
	}
	// Output:
	// user0
	// user1
}

func ExampleKeysetPage() {
	names := []string{"ann", "bob", "cai"} // a query for limit+1 rows found one more than 2
	when := time.Date(2026, time.June, 30, 8, 0, 0, 0, time.UTC)
	page := hostadapter.KeysetPage(names, "", 2, func(name string) (time.Time, string) { return when, name })
	at, id, _ := page.Next.After()
	fmt.Println(page.Items, page.More, at.Format(time.DateTime), id)
	// Output: [ann bob] true 2026-06-30 08:00:00 bob
}

func ExampleCapabilitiesOf() {
	offered := hostadapter.CapabilitiesOf(newTenRows())
	fmt.Println("links:", offered.Links != nil, offered.Links.LearnerURL("7"))
	fmt.Println("memberships:", offered.Memberships != nil)
	// Output:
	// links: true /users/7
	// memberships: false
}

func ExampleChanged() {
	event := hostadapter.Changed(hostadapter.Order{ID: "991", Status: hostadapter.OrderPaid})
	fmt.Println(event.Order.ID, event.Order.Status.Paid(), event.Learner == nil)
	// Output: 991 true true
}

func ExampleStaff_May() {
	seller := hostadapter.Staff{ID: "7", Permissions: []hostadapter.Permission{hostadapter.PermView, hostadapter.PermFollowup}}
	fmt.Println(seller.May(hostadapter.PermFollowup), seller.May(hostadapter.PermExport))
	fmt.Println(slices.Contains(hostadapter.AllPermissions(), hostadapter.PermExport))
	// Output:
	// true false
	// true
}
