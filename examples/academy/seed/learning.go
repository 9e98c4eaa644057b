package seed

import (
	"time"

	"github.com/coursecrm/coursecrm/examples/academy/school"
)

// enroll gives the learner what the n-th order (counted from 1) paid for.
func (t *teller) enroll(n int) {
	o := t.orders[n-1]
	if !offered(o.target) || o.status == school.OrderFail {
		return
	}
	e := enrollment{target: o.target, joinedBy: school.JoinedByPurchase, order: n, joined: later(o.created, o.paid)}
	if chance(t.r, .4) {
		e.deadline = e.joined.Add(365 * day).Unix()
	}
	if o.status == school.OrderRefunded {
		e.exited, e.exitReason, e.exitNote = o.refund.handled, school.ExitRefund, o.refund.reason
	}
	t.sit(e)
	if o.target.Type != school.TypeClassroom {
		return
	}
	for _, id := range t.g.cat.classrooms[o.target.ID-1].copies {
		c := e
		c.target, c.classroom, c.joinedBy = school.Target{Type: school.TypeCourse, ID: id}, o.target.ID, school.JoinedByClassroom
		if c.exitReason != "" {
			c.exitReason = school.ExitClassroom
		}
		t.sit(c)
	}
}

// sit puts a learner into an offering and tells how the learning went.
func (t *teller) sit(e enrollment) {
	r := t.r
	if t.in(e.target) {
		return
	}
	e.role, e.status = "student", "active"
	if e.exitReason == "" && e.classroom == 0 && e.target.Type == school.TypeCourse {
		switch u := r.Float64(); {
		case u < .03 && t.habit != imported:
			e.exited, e.exitReason, e.exitNote = t.g.cal.between(r, e.joined, t.g.cal.now, early), school.ExitSelf, pick(r, exitNotes)
		case u < .038:
			e.exited, e.exitReason = t.g.cal.between(r, e.joined, t.g.cal.now, early), school.ExitRemoved
		case u < .042:
			e.status = "locked"
		}
	}
	if e.exitReason != "" {
		e.status = "exited"
	}
	if e.target.Type == school.TypeCourse && t.habit != imported {
		t.study(&e)
	}
	e.updated = later(later(e.joined, e.lastLearn), e.exited)
	t.enrollments = append(t.enrollments, e)
}

// study tells the progress in a course. Most stop early; some finish.
func (t *teller) study(e *enrollment) {
	r, c := t.r, t.g.cat.courses[e.target.ID-1]
	end := t.lastSeen
	if !e.exited.IsZero() {
		end = earlier(end, e.exited)
	}
	if e.deadline > 0 {
		end = earlier(end, time.Unix(e.deadline, 0).UTC())
	}
	if chance(r, .25) || !end.After(e.joined) {
		return
	}
	part := r.Float64() * r.Float64()
	if chance(r, .16) {
		part = 1
	}
	e.learned = int(part * float64(c.units))
	if e.learned == 0 {
		return
	}
	e.required = min(c.required, e.learned)
	e.lastLearn = t.g.cal.between(r, e.joined, end, late)
	if e.required == c.required {
		e.finished = e.lastLearn
	}
	// Not each unit leaves a trace here: the school keeps the last ones.
	for n := range min(e.learned, within(r, 0, 3)) {
		at := e.lastLearn
		if n > 0 {
			at = t.g.cal.between(r, e.joined, e.lastLearn, late)
		}
		t.did(school.KindStudy, e.target, at)
	}
}

// joinFree puts the learner into free courses.
func (t *teller) joinFree() {
	if t.habit == imported {
		return
	}
	for chance(t.r, .56) {
		c := t.g.cat.courses[pick(t.r, t.g.cat.free)]
		t.sit(enrollment{target: school.Target{Type: school.TypeCourse, ID: c.id}, joinedBy: school.JoinedFree, joined: t.when(early)})
	}
}

// browse tells what the learner looked at without buying.
func (t *teller) browse() {
	if t.habit == imported {
		return
	}
	r := t.r
	for chance(r, .7) {
		target := school.Target{Type: school.TypeCourse, ID: t.g.cat.courses[t.g.cat.popular.roll(r)].id}
		if chance(r, .1) {
			target = school.Target{Type: school.TypeClassroom, ID: pick(r, t.g.cat.classrooms).id}
		}
		at := t.when(late)
		t.did(school.KindView, target, at)
		for _, also := range []struct {
			kind string
			p    float64
		}{{school.KindPreview, .22}, {school.KindFavorite, .12}, {school.KindAsk, .05}, {school.KindCoupon, .04}} {
			if chance(r, also.p) {
				t.did(also.kind, target, earlier(t.lastSeen, at.Add(time.Duration(within(r, 20, 900))*time.Second)))
			}
		}
	}
	t.did(school.KindSignin, school.Target{}, t.lastSeen)
	for chance(r, .5) {
		t.did(school.KindSignin, school.Target{}, t.when(late))
	}
	for chance(r, .25) { // somebody who is not logged in
		t.activities = append(t.activities, activity{guest: true, kind: school.KindView, at: t.when(even),
			target: school.Target{Type: school.TypeCourse, ID: t.g.cat.courses[t.g.cat.popular.roll(r)].id}})
	}
}

// did adds to what the learner did.
func (t *teller) did(kind string, target school.Target, at time.Time) {
	t.activities = append(t.activities, activity{kind: kind, target: target, at: later(at, t.user.registered)})
}
