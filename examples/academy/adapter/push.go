package adapter

import (
	"context"
	"log/slog"
	"time"

	"github.com/coursecrm/coursecrm/examples/academy/school"
	host "github.com/coursecrm/coursecrm/hostadapter"
)

// Notifier is the CRM as the school sees it when something changes.
type Notifier interface {
	Notify(ctx context.Context, events ...host.Event) error
}

// pushWithin bounds how long a visitor waits for the CRM.
const pushWithin = 3 * time.Second

// Push makes a [school.School.OnChange] that tells the CRM of each change as it happens. An error
// is only logged: what a push misses, the feeds bring a moment later. A nil notifier is told nothing.
func (a *Adapter) Push(to Notifier, log *slog.Logger) func(context.Context, school.Change) {
	return func(ctx context.Context, c school.Change) {
		if to == nil {
			return
		}
		// The change is made, so the CRM hears of it even if the visitor has gone.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pushWithin)
		defer cancel()
		events, err := a.snapshots(ctx, c)
		if err == nil && len(events) > 0 {
			err = to.Notify(ctx, events...)
		}
		if err != nil {
			log.WarnContext(ctx, "the CRM was not told of a change; the next sync brings it", "error", err)
		}
	}
}

// snapshots reads the changed rows, each whole, as the feeds would show them.
func (a *Adapter) snapshots(ctx context.Context, c school.Change) ([]host.Event, error) {
	var events []host.Event
	var keys []int64
	for _, id := range c.Courses {
		keys = append(keys, courseKey(id))
	}
	for _, id := range c.Classrooms {
		keys = append(keys, classroomKey(id))
	}
	for _, read := range []func() error{
		func() error { return add(ctx, a, &events, learners, c.Users) },
		func() error { return add(ctx, a, &events, offerings, keys) },
		func() error { return a.addOrders(ctx, &events, c.Orders) },
		func() error { return add(ctx, a, &events, enrollments, c.Enrollments) },
		func() error { return add(ctx, a, &events, memberships, c.Members) },
		func() error { return add(ctx, a, &events, activities, c.Activities) },
	} {
		if err := read(); err != nil {
			return nil, err
		}
	}
	return events, nil
}

// add reads rows by their ids and adds an event for each.
func add[T host.Learner | host.Offering | host.Enrollment | host.Membership | host.Activity](
	ctx context.Context, a *Adapter, events *[]host.Event, s source[T], ids []int64,
) error {
	found, err := byID(ctx, a, s, ids)
	for _, row := range found {
		*events = append(*events, host.Changed(row))
	}
	return err
}

// addOrders is add for orders, which need their items and refunds.
func (a *Adapter) addOrders(ctx context.Context, events *[]host.Event, ids []int64) error {
	found, err := byID(ctx, a, orders, ids)
	if err != nil || len(found) == 0 {
		return err
	}
	err = a.addDetails(ctx, found)
	for _, o := range found {
		*events = append(*events, host.Changed(o))
	}
	return err
}
