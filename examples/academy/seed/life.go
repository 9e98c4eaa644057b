package seed

import (
	"math/rand/v2"
	"time"

	"github.com/coursecrm/coursecrm/examples/academy/school"
)

// firstLearner is the id of the first generated learner; staff and teachers come before.
const (
	firstTeacher int64 = 11
	firstLearner int64 = 10_001
)

// life is all that the school knows of one account.
type life struct {
	user        user
	orders      []order
	enrollments []enrollment
	member      *member
	activities  []activity
	welcome     time.Time // when the robot wrote to the learner; zero: never
}

type user struct {
	id                                         int64
	nickname, realName, gender                 string
	birthday                                   time.Time
	verifiedMobile, profileMobile, email       string
	emailVerified                              bool
	status, roles                              string
	registered, lastLogin                      time.Time
	source, device, province, city, occupation string
	coins, inviter                             int64
	acceptSMS, acceptEmail, acceptMessage      any // nil, true or false
	updated                                    time.Time
}

type order struct {
	target                              school.Target
	title, status, source               string
	price, pay, cash, coins             int64
	coupon                              string
	created, paid, closed, due, updated time.Time
	refund                              *refund
}

type refund struct {
	status           string
	amount           int64
	reason           string
	created, handled time.Time
}

type enrollment struct {
	target                      school.Target
	classroom                   int64
	role, status, joinedBy      string
	order                       int // counted from 1 in life.orders; 0: none
	deadline                    int64
	learned, required           int
	joined, lastLearn, finished time.Time
	exited                      time.Time
	exitReason, exitNote        string
	updated                     time.Time
}

type member struct {
	level          int64
	since, updated time.Time
	deadline       int64
}

type activity struct {
	guest  bool
	kind   string
	target school.Target
	at     time.Time
}

// habit is how a learner spends: real schools live on a small part of their learners.
type habit int

const (
	browser habit = iota // never pays
	light
	regular
	heavy
	imported // put in by staff, never seen here
)

var habits = newDice([]float64{52, 22, 13, 6, 7})

// generator makes lives. It is a pure function of its fields and of the learner's number.
type generator struct {
	seed     uint64
	learners int
	cal      calendar
	cat      catalog
}

func newGenerator(learners int, seed uint64, now time.Time) *generator {
	cal := newCalendar(now)
	return &generator{seed: seed, learners: learners, cal: cal, cat: newCatalog(cal)}
}

// teller tells one life.
type teller struct {
	*life
	g        *generator
	r        *rand.Rand
	habit    habit
	lastSeen time.Time
}

// learner tells the life of learner i, counted from 0.
func (g *generator) learner(i int) *life {
	t := &teller{life: &life{}, g: g, r: rand.New(rand.NewPCG(g.seed, uint64(i)+1))}
	t.habit = habit(habits.roll(t.r))
	t.person(i)
	t.decideLastSeen()
	t.buy()
	t.joinFree()
	t.browse()
	t.settle()
	return t.life
}

// person makes the account itself.
func (t *teller) person(i int) {
	r, u := t.r, &t.user
	male := chance(r, .47)
	born := time.Date(1975+within(r, 0, 20)+r.IntN(14), time.Month(within(r, 1, 12)), within(r, 1, 28), 0, 0, 0, 0, time.UTC)
	*u = user{
		id: firstLearner + int64(i), nickname: nickname(r, i), gender: "secret", status: school.UserNormal, roles: school.RoleUser,
		registered: t.g.cal.signUp((float64(i) + .5) / float64(t.g.learners)),
		source:     pick(r, sources), device: pick(r, devices), occupation: pick(r, occupations),
	}
	if chance(r, .6) {
		u.gender = map[bool]string{true: "male", false: "female"}[male]
	}
	if chance(r, .35) {
		u.birthday = born
	}
	if chance(r, .55) || t.habit == imported {
		u.realName = realName(r, male, born.Year())
	}
	t.contacts(i)
	if chance(r, .9) {
		place := places[placeDice.roll(r)]
		u.province, u.city = place.province, pick(r, place.cities)
	}
	if chance(r, .06) && i > 10 {
		u.inviter = firstLearner + int64(r.IntN(i))
	}
	if t.habit == imported {
		u.source, u.device = "import", ""
	}
	u.acceptSMS, u.acceptEmail, u.acceptMessage = answer(r, .22, .08), answer(r, .15, .1), answer(r, .06, .02)
	if chance(r, .4) {
		u.coins = int64(within(r, 1, 60) * 10)
	}
}

var (
	sources = []string{"search", "search", "search", "wechat", "wechat", "wechat", "douyin", "douyin", "bilibili", "friend", "friend", "campus", "app_store", "site"}
	devices = []string{"web", "web", "web", "android", "android", "android", "ios", "ios"}
)

// answer draws what a learner said when asked: yes, no, or nothing.
func answer(r *rand.Rand, yes, no float64) any {
	switch u := r.Float64(); {
	case u < yes:
		return true
	case u < yes+no:
		return false
	}
	return nil
}

// contacts gives phone numbers and an address. About 60 % have an address of their own; those who
// signed up by phone have one that the school made up.
func (t *teller) contacts(i int) {
	r, u := t.r, &t.user
	number := mobile(r, i)
	switch {
	case chance(r, .82):
		u.verifiedMobile = number
		if chance(r, .1) {
			u.profileMobile = mobile(r, i+50_000_000) // another one, never proved
		}
	case chance(r, .6):
		u.profileMobile = number
	}
	switch {
	case chance(r, .6):
		owner := i
		if chance(r, .02) && i > 0 {
			owner = i - 1 - r.IntN(min(i, 40)) // the family shares an address
		}
		u.email, u.emailVerified = email(t.g.seed, owner), chance(r, .7)
	case u.verifiedMobile != "" && chance(r, .8):
		u.email = placeholder(u.id)
	}
}

// decideLastSeen draws when the learner was here last; most have long been gone.
func (t *teller) decideLastSeen() {
	r, now, reg := t.r, t.g.cal.now, t.user.registered
	if t.habit == imported {
		return
	}
	days := 0.0
	switch u := r.Float64(); {
	case u < .12 || t.habit == heavy && u < .4:
		days = 7 * r.Float64()
	case u < .27 || t.habit == heavy && u < .7:
		days = 7 + 23*r.Float64()
	case u < .47:
		days = 30 + 60*r.Float64()
	default:
		days = 90 + 900*r.Float64()
	}
	seen := now.Add(-time.Duration(days * 24 * float64(time.Hour)))
	if !seen.After(reg) { // came once, and stayed for some days at most
		seen = earlier(now, reg.Add(time.Duration(r.ExpFloat64()*6*float64(time.Hour))))
	}
	t.lastSeen = seen.Truncate(time.Microsecond)
	t.user.lastLogin = t.lastSeen
}

// settle closes the tale: closed accounts, and the time of the last change of each row.
func (t *teller) settle() {
	r, u, now := t.r, &t.user, t.g.cal.now
	if now.Sub(u.registered) < 90*24*time.Hour && t.habit != imported {
		t.welcome = u.registered
	}
	u.updated = later(u.registered, u.lastLogin)
	switch {
	case chance(r, .012):
		u.status, u.nickname, u.realName, u.email, u.verifiedMobile, u.profileMobile = school.UserDeleted, "已注销用户", "", "", "", ""
		u.birthday, u.occupation = time.Time{}, ""
		u.updated = t.g.cal.between(r, u.updated, now, even)
	case chance(r, .006):
		u.status = school.UserLocked
		u.updated = t.g.cal.between(r, u.updated, now, even)
	case chance(r, .05) && len(t.enrollments) > 0:
		u.updated = later(u.updated, lastNight(now)) // a nightly job gave coins: thousands of rows in one instant
	}
}

// lastNight is three in the morning at the school.
func lastNight(now time.Time) time.Time {
	at := midnight(now).Add(3 * time.Hour).UTC()
	if at.After(now) {
		at = at.AddDate(0, 0, -1)
	}
	return at
}
