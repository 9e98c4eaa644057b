package proof

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// life is what a host tells of one row, from the first snapshot to the last.
type life struct {
	versions []h.Event
	// last: the last snapshot is told when all others have arrived. It is so where the order of
	// arrival matters by the nature of things: a tombstone says only that the row is gone, and of
	// two snapshots of the same second the later to arrive counts.
	last bool
	// only: the last snapshot, a tombstone, is told first, and those before come too late.
	only bool
}

// told makes a life of snapshots.
func told[T h.Learner | h.Offering | h.Order | h.Enrollment | h.Activity](snapshots ...T) life {
	var l life
	for _, s := range snapshots {
		l.versions = append(l.versions, h.Changed(s))
	}
	return l
}

// final is the last snapshot.
func (l life) final() h.Event { return l.versions[len(l.versions)-1] }

// worldOf is what is known in the end: the last snapshot of each row. A tombstone of a place is an
// exit for an unknown reason if the place was ever seen (trap 7).
func worldOf(lives []life) *world {
	w := &world{learners: map[h.LearnerID]h.Learner{}, offerings: map[h.Target]h.Offering{}, known: map[h.Target]bool{}}
	for _, l := range lives {
		e := l.final()
		switch {
		case e.Learner != nil:
			w.learners[e.Learner.ID] = *e.Learner
		case e.Offering != nil:
			w.offerings[h.Target{Type: e.Offering.Type, ID: e.Offering.ID}] = *e.Offering
		case e.Order != nil && !e.Order.Deleted:
			w.orders = append(w.orders, *e.Order)
		case e.Enrollment != nil && !e.Enrollment.Deleted:
			w.enrollments = append(w.enrollments, *e.Enrollment)
		case e.Enrollment != nil && !l.only:
			seen := *l.versions[len(l.versions)-2].Enrollment
			seen.Status, seen.UpdatedAt = h.EnrollmentExited, e.Enrollment.UpdatedAt
			w.enrollments = append(w.enrollments, seen)
		case e.Activity != nil && e.Activity.LearnerID != "":
			w.activities = append(w.activities, *e.Activity)
		}
	}
	for t := range w.offerings {
		w.known[t] = true
	}
	for _, o := range w.orders {
		for _, it := range o.Items {
			w.known[it.Target] = w.known[it.Target] || isOffering(it.Target)
		}
	}
	for _, e := range w.enrollments {
		w.known[e.Target] = true
	}
	for _, a := range w.activities {
		w.known[a.Target] = w.known[a.Target] || isOffering(a.Target)
	}
	return w
}

// When random histories end, and when they are looked at: soon after, when windows have passed and
// places have run out, and when nearly all of it is long ago.
var (
	historyEnds = time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)
	lookedAt    = []time.Time{historyEnds.Add(2 * 24 * time.Hour), historyEnds.Add(41*24*time.Hour + time.Hour), historyEnds.Add(95 * 24 * time.Hour)}
)

// dice draws histories. A history can be drawn again by its number.
type dice struct {
	*rand.Rand
	name    string
	courses []h.Target // what these histories are about: courses, copies of them, a classroom
	inside  []h.Target // the copies
}

func newDice(name string, seed uint64) *dice {
	return &dice{Rand: rand.New(rand.NewPCG(seed, 6)), name: name}
}

// one says yes once in n times.
func (d *dice) one(n int) bool { return d.IntN(n) == 0 }

func choose[T any](d *dice, list ...T) T { return list[d.IntN(len(list))] }

// moment is a time until the end of histories: recent ones are frequent, and so are those at which
// a window ends just when somebody looks, and midnights of the site.
func (d *dice) moment() time.Time {
	switch d.IntN(12) {
	case 0:
		return d.edge(-90 * 24 * time.Hour)
	case 1:
		midnight := historyEnds.AddDate(0, 0, -d.IntN(100)).Truncate(24 * time.Hour).Add(-8 * time.Hour)
		return midnight.Add(time.Duration(d.IntN(3)-1) * time.Microsecond)
	case 2, 3:
		return historyEnds.Add(-time.Duration(d.IntN(400*24)) * time.Hour)
	case 4, 5, 6:
		return historyEnds.Add(-time.Duration(d.IntN(100*24*3600)) * time.Second)
	}
	return historyEnds.Add(-time.Duration(d.Int64N(int64(20 * 24 * time.Hour)))).Truncate(time.Microsecond)
}

// edge is a time that lies so far from one of the looks, a microsecond more or less; histories end
// before.
func (d *dice) edge(far time.Duration) time.Time {
	at := choose(d, lookedAt...).Add(far + time.Duration(d.IntN(3)-1)*time.Microsecond)
	if far < 0 && at.After(historyEnds) {
		return historyEnds
	}
	return at
}

// maybe is a moment or none.
func (d *dice) maybe() time.Time {
	if d.one(3) {
		return time.Time{}
	}
	return d.moment()
}

// stamps are increasing times of change, all before the end. Many rows share a second.
func (d *dice) stamps(n int) []time.Time {
	out := make([]time.Time, n)
	for i := range out {
		out[i] = historyEnds.Add(-time.Duration(d.IntN(3000)) * time.Second)
	}
	slices.SortFunc(out, time.Time.Compare)
	for i := 1; i < n; i++ {
		if !out[i].After(out[i-1]) {
			out[i] = out[i-1].Add(time.Second)
		}
	}
	return out
}

// words are subjects that offerings have as tags or in their category.
var words = []string{"编程", "Python", "数据", "设计", "摄影", "语言", "英语", "日语", "考研", "数学", "物理", "写作", "管理", "音乐"}

func (d *dice) someWords(most int) []string {
	out := make([]string, d.IntN(most+1))
	for i := range out {
		out[i] = choose(d, words...)
	}
	return out
}

// offerings draws five courses, two copies, a classroom, and one course that is known by somebody's
// order only.
func (d *dice) offerings() []life {
	var lives []life
	target := func(t h.TargetType, n int) h.Target { return h.Target{Type: t, ID: fmt.Sprintf("%s-%d", d.name, n)} }
	for n := range 8 {
		t := target(h.TargetCourse, n)
		if n == 7 {
			t.Type = h.TargetClassroom
		}
		var origins []string
		if n == 5 || n == 6 { // of two courses, or one that is known by name only
			origins = []string{target(h.TargetCourse, n-5).ID, target(h.TargetCourse, n-4).ID, target(h.TargetCourse, 8).ID, target(h.TargetCourse, 9).ID, ""}
			d.inside = append(d.inside, t)
		}
		d.courses = append(d.courses, t)
		lives = append(lives, d.offering(t, origins))
	}
	spoken, who := target(h.TargetCourse, 8), h.LearnerID(d.name+"-0")
	d.courses = append(d.courses, spoken)
	return append(lives, d.learner(who), told(h.Order{ID: string(who), LearnerID: who, Status: h.OrderPending, CreatedAt: d.moment(), UpdatedAt: historyEnds,
		Items: []h.OrderItem{{Target: spoken, Quantity: 1}}}))
}

// offering draws the versions of an offering: subjects come and go, a copy may be tied to its
// origin later, or to another.
func (d *dice) offering(t h.Target, origins []string) life {
	var versions []h.Offering
	plain := origins == nil && d.one(6) // a tombstone keeps the category, if it was told of: these have none
	for _, at := range d.stamps(1 + d.IntN(3)) {
		o := h.Offering{Type: t.Type, ID: t.ID, Title: t.ID, Status: h.OfferingPublished, Price: d.Int64N(30000), Currency: siteCurrency, UpdatedAt: at}
		if !plain {
			o.Tags, o.CategoryPath = d.someWords(5), d.someWords(3)
		}
		if origins != nil {
			o.OriginCourseID = choose(d, origins...)
		}
		o.Deleted = plain && d.one(2)
		versions = append(versions, o)
	}
	return told(versions...)
}

// someone draws everything that one to three learners did with a few offerings, and who they are.
func (d *dice) someone(name string) []life {
	favourites := []h.Target{choose(d, d.courses...), choose(d, d.courses...), choose(d, d.courses...)}
	var lives []life
	people := make([]h.LearnerID, 1+d.IntN(3))
	for i := range people {
		people[i] = h.LearnerID(fmt.Sprintf("%s%c", name, 'a'+i))
		lives = append(lives, d.learner(people[i]))
	}
	number := 0
	id := func() string { number++; return fmt.Sprintf("%s.%d", name, number) }
	for range d.IntN(4) * len(people) {
		lives = append(lives, d.order(id(), people, favourites))
	}
	for range d.IntN(3) * len(people) {
		lives = append(lives, d.places(id, choose(d, people...), favourites)...)
	}
	for range d.IntN(8) * len(people) {
		lives = append(lives, d.activity(id(), people, favourites))
	}
	if d.one(30) { // of somebody of whom the host never tells
		nobody := []h.LearnerID{h.LearnerID(name + "x")}
		lives = append(lives, d.order(id(), nobody, d.courses[:1]), d.activity(id(), nobody, d.courses[:1]))
	}
	return lives
}

// learner draws an account: most are active, some are deleted, of which some come back.
func (d *dice) learner(id h.LearnerID) life {
	var versions []h.Learner
	for i, at := range d.stamps(1 + d.IntN(3)) {
		l := h.Learner{ID: id, Nickname: fmt.Sprint("学员", i), Status: choose(d, h.LearnerActive, h.LearnerActive, h.LearnerActive, h.LearnerActive, h.LearnerLocked), RegisteredAt: d.moment(), UpdatedAt: at}
		if d.one(8) {
			l.Status, l.Deleted = h.LearnerDeleted, d.one(2)
		}
		if d.one(20) {
			l.Roles = []h.Role{h.RoleTeacher}
		}
		versions = append(versions, l)
	}
	return told(versions...)
}

// activity draws something a learner did, or a visitor of whom nothing is known.
func (d *dice) activity(id string, people []h.LearnerID, about []h.Target) life {
	a := h.Activity{EventID: id, LearnerID: choose(d, people...), Target: choose(d, about...), OccurredAt: d.moment(),
		Type: choose(d, slices.Sorted(maps.Keys(weightOfActivity))...)}
	switch d.IntN(14) {
	case 0, 1, 2:
		a.Type = h.ActivityLearn
	case 3:
		a.Type, a.Target = h.ActivityLogin, h.Target{}
	case 4:
		a.Type = choose[h.ActivityType](d, "share", "login")
	case 5:
		a.Target = h.Target{Type: h.TargetCourse, ID: d.name + "-seen-only"}
	case 6:
		a.LearnerID = ""
	}
	return told(a)
}
