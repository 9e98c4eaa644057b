package projection

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// page is a page of any feed, checked and ready to be saved.
type page struct {
	batch Batch
	next  h.Cursor
	more  bool
	read  int
}

// errPanic says that the host's code panicked.
var errPanic = errors.New("host adapter panicked")

// reader fetches and checks a page of a feed.
type reader func(ctx context.Context, c *Checker, after h.Cursor, limit int) (page, error)

// readers gives the feeds that the host has.
func readers(host h.HostAdapter) map[Feed]reader {
	caps := h.CapabilitiesOf(host)
	rs := map[Feed]reader{
		Learners:    read(host.Learners, Learners, addLearner),
		Offerings:   read(host.Offerings, Offerings, addOffering),
		Orders:      read(host.Orders, Orders, addOrder),
		Enrollments: read(host.Enrollments, Enrollments, addEnrollment),
	}
	if caps.Memberships != nil {
		rs[Memberships] = read(caps.Memberships.Memberships, Memberships, addMembership)
	}
	if caps.Activities != nil {
		rs[Activities] = read(caps.Activities.Activities, Activities, addActivity)
	}
	return rs
}

// read makes a reader of a typed feed. add checks one row and puts it where it belongs.
func read[T any](feed func(context.Context, h.Cursor, int) (h.Page[T], error), name Feed, add func(*Checker, *Batch, T)) reader {
	return func(ctx context.Context, c *Checker, after h.Cursor, limit int) (out page, err error) {
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("read %s: %w: %v", name, errPanic, r)
			}
		}()
		got, err := feed(ctx, after, limit)
		if err != nil {
			return page{}, fmt.Errorf("read %s: %w", name, err)
		}
		out = page{next: got.Next, more: got.More, read: len(got.Items)}
		for _, item := range got.Items {
			add(c, &out.batch, item)
		}
		return out, nil
	}
}

// addEvent checks a pushed snapshot.
func addEvent(c *Checker, b *Batch, e h.Event) {
	switch {
	case e.Learner != nil:
		addLearner(c, b, *e.Learner)
	case e.Offering != nil:
		addOffering(c, b, *e.Offering)
	case e.Order != nil:
		addOrder(c, b, *e.Order)
	case e.Enrollment != nil:
		addEnrollment(c, b, *e.Enrollment)
	case e.Membership != nil:
		addMembership(c, b, *e.Membership)
	case e.Activity != nil:
		addActivity(c, b, *e.Activity)
	}
}

func addLearner(c *Checker, b *Batch, in h.Learner) {
	row, reason := c.Learner(in)
	put(b, &b.Learners, row, reason, Learners, string(in.ID), in)
}

func addOffering(c *Checker, b *Batch, in h.Offering) {
	row, reason := c.Offering(in)
	put(b, &b.Offerings, row, reason, Offerings, OfferingKey(in.Type, in.ID), in)
}

func addOrder(c *Checker, b *Batch, in h.Order) {
	row, reason := c.Order(in)
	put(b, &b.Orders, row, reason, Orders, in.ID, in)
}

func addEnrollment(c *Checker, b *Batch, in h.Enrollment) {
	row, reason := c.Enrollment(in)
	put(b, &b.Enrollments, row, reason, Enrollments, in.ID, in)
}

func addMembership(c *Checker, b *Batch, in h.Membership) {
	row, reason := c.Membership(in)
	put(b, &b.Memberships, row, reason, Memberships, string(in.LearnerID), in)
}

func addActivity(c *Checker, b *Batch, in h.Activity) {
	if in.LearnerID == "" {
		return // a visitor's view belongs to no person, and none is made up for it (trap 13)
	}
	row, reason := c.Activity(in)
	put(b, &b.Activities, row, reason, Activities, in.EventID, in)
}

// OfferingKey is the id of an offering among problem rows: courses and classrooms have ids of
// their own.
func OfferingKey(t h.TargetType, id string) string { return string(t) + ":" + id }

// put files a row, or the problem with it.
func put[R, T any](b *Batch, rows *[]R, row R, reason Reason, feed Feed, id string, in T) {
	if reason == "" {
		*rows = append(*rows, row)
		return
	}
	b.Problems = append(b.Problems, NewProblem(feed, id, reason, in))
}

// NewProblem keeps a row for another try. A row without a usable id is filed under its content.
func NewProblem(feed Feed, id string, reason Reason, row any) Problem {
	payload, err := json.Marshal(row)
	if err != nil { // a NaN in a custom field: keep at least the fact
		payload = []byte("{}")
	}
	if id == "" || len(id) > maxID {
		sum := fnv.New64a()
		sum.Write(payload)
		id = "content:" + strconv.FormatUint(sum.Sum64(), 16)
	}
	clean(&id)
	var when struct{ UpdatedAt, OccurredAt time.Time }
	if json.Unmarshal(payload, &when) != nil {
		when.UpdatedAt = time.Time{} // a time that JSON cannot hold is no reason to lose the row
	}
	return Problem{Feed: feed, HostID: id, Reason: reason, Payload: payload, At: later(when.UpdatedAt, when.OccurredAt), Learner: learnerOf(feed, id, payload)}
}

// learnerOf tells whom a problem row is about. No learner has an id that cannot be kept.
func learnerOf(feed Feed, id string, payload []byte) h.LearnerID {
	var row struct{ LearnerID string }
	switch feed {
	case Learners:
		return h.LearnerID(id)
	case Orders, Enrollments, Memberships, Activities:
		if json.Unmarshal(payload, &row) != nil || len(row.LearnerID) > maxID {
			return ""
		}
	case Offerings, Facts:
	}
	clean(&row.LearnerID)
	return h.LearnerID(row.LearnerID)
}

// retry checks a problem row again. Whatever comes of it, the row's own key is either taken or
// filed again, or it would be due for ever.
func retry(c *Checker, b *Batch, p Problem) {
	var one Batch
	var err error
	switch p.Feed {
	case Learners:
		err = again(c, &one, p, addLearner)
	case Offerings:
		err = again(c, &one, p, addOffering)
	case Orders:
		err = again(c, &one, p, addOrder)
	case Enrollments:
		err = again(c, &one, p, addEnrollment)
	case Memberships:
		err = again(c, &one, p, addMembership)
	case Activities:
		err = again(c, &one, p, addActivity)
	case Facts:
	}
	if err == nil && one.Size() == 1 {
		b.add(one)
		return
	}
	if len(one.Problems) == 1 {
		p.Reason, p.Learner = one.Problems[0].Reason, one.Problems[0].Learner
	}
	b.Problems = append(b.Problems, p)
}

// add puts the rows of another batch behind one's own.
func (b *Batch) add(o Batch) {
	b.Learners = append(b.Learners, o.Learners...)
	b.Offerings = append(b.Offerings, o.Offerings...)
	b.Orders = append(b.Orders, o.Orders...)
	b.Enrollments = append(b.Enrollments, o.Enrollments...)
	b.Memberships = append(b.Memberships, o.Memberships...)
	b.Activities = append(b.Activities, o.Activities...)
}

func again[T any](c *Checker, b *Batch, p Problem, add func(*Checker, *Batch, T)) error {
	var row T
	if err := json.Unmarshal(p.Payload, &row); err != nil {
		return fmt.Errorf("read problem row of %s: %w", p.Feed, err)
	}
	add(c, b, row)
	return nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
