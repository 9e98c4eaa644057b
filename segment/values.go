package segment

import (
	"cmp"
	"math/big"
	"slices"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// Value is what a person has of a field. Which part counts follows from the field's type.
type Value struct {
	Missing bool
	At      time.Time // Time; Date, at midnight UTC
	Number  int64     // Number, Money; By > 0: to be divided by it
	By      int64
	Real    float64  // Real
	Flag    bool     // Flag; Queries: whether the condition holds
	Words   []string // Word (one), Words, String (one, or those of all rows)
	IDs     []int64  // Refs, Lists, IDs
}

// view is a person as a condition sees them.
type view struct {
	*Profile
	of  *Of
	env Env
}

func atTime(t time.Time) Value    { return Value{Missing: t.IsZero(), At: t} }
func count(n int64) Value         { return Value{Number: n} }
func yes(b bool) Value            { return Value{Flag: b} }
func set(ids []int64) Value       { return Value{Missing: len(ids) == 0, IDs: ids} }
func wordSet(list []string) Value { return Value{Missing: len(list) == 0, Words: list} }
func oneWord[T ~string](w T) Value {
	if w == "" {
		return Value{Missing: true}
	}
	return Value{Words: []string{string(w)}}
}

// side compares a value with the condition's number, or with one of its pair; the answer is
// below, at or above 0.
func side(r Rule, v Value, of int) (int, error) {
	if v.By < 0 { // a Real
		want, _, err := pick[float64](r, of)
		return cmp.Compare(v.Real, want), err
	}
	want, _, err := pick[int64](r, of)
	if v.By > 1 {
		product := new(big.Int).Mul(big.NewInt(want), big.NewInt(v.By))
		return big.NewInt(v.Number).Cmp(product), err
	}
	return cmp.Compare(v.Number, want), err
}

func pick[T int64 | float64](r Rule, of int) (T, bool, error) {
	if of < 0 {
		n, err := single[T](r)
		return n, true, err
	}
	lo, hi, err := numbers[T](r)
	return []T{lo, hi}[of], true, err
}

// about reports whether an offering is among those that the condition is narrowed to.
func (v view) about(offering int64) bool {
	if v.of == nil || len(v.of.Offerings)+len(v.of.Categories)+len(v.of.Tags) == 0 {
		return true
	}
	copied, ok := v.Offerings[offering]
	if !ok {
		return false
	}
	return v.among(copied.Canonical, v.Offerings[copied.Canonical])
}

// among reports whether an offering is one of those that the condition names.
func (v view) among(id int64, o ProfileOffering) bool {
	return (len(v.of.Offerings) == 0 || slices.Contains(v.of.Offerings, id)) &&
		(len(v.of.Categories) == 0 || overlap(v.of.Categories, o.Categories)) &&
		(len(v.of.Tags) == 0 || overlap(v.of.Tags, o.Tags))
}

func overlap[T comparable](a, b []T) bool {
	return slices.ContainsFunc(a, func(x T) bool { return slices.Contains(b, x) })
}

// during reports whether a moment lies within the condition's period.
func (v view) during(at time.Time) bool {
	if v.of == nil || v.of.Within == nil {
		return true
	}
	if at.IsZero() {
		return false
	}
	w, now := v.of.Within, v.env.Now
	if w.Last > 0 {
		return !at.Before(stride(now, -int(w.Last), w.Unit)) && !at.After(now)
	}
	day := at.In(now.Location()).Format(dateLayout)
	return (w.From == "" || day >= w.From) && (w.To == "" || day <= w.To)
}

// past reports whether a moment has come.
func (v view) past(at time.Time) bool { return !at.IsZero() && !at.After(v.env.Now) }

func (v view) channel(c h.Channel) bool {
	return v.of == nil || len(v.of.Channels) == 0 || slices.Contains(v.of.Channels, string(c))
}

func (v view) campaign(id int64) bool {
	return v.of == nil || len(v.of.Campaigns) == 0 || slices.Contains(v.of.Campaigns, id)
}

func (v view) link(id int64) bool {
	return v.of == nil || len(v.of.Links) == 0 || slices.Contains(v.of.Links, id)
}

// narrowed reports whether the rows must be asked instead of the person's own figures.
func (v view) narrowed() bool { return len(v.of.uses()) > 0 }

func (v view) activities() []ProfileActivity {
	return keep(v.Activities, func(a ProfileActivity) bool {
		return (v.of == nil || len(v.of.Types) == 0 || slices.Contains(v.of.Types, a.Type)) && v.about(a.Offering) && v.during(a.At)
	})
}

func (v view) places(ok func(ProfileEnrollment) bool) []ProfileEnrollment {
	return keep(v.Enrollments, func(e ProfileEnrollment) bool { return v.about(e.Offering) && ok(e) })
}

func student(e ProfileEnrollment) bool { return e.Role == h.EnrolledStudent }

func (v view) current(e ProfileEnrollment) bool {
	return student(e) && e.Status == h.EnrollmentActive && (e.ExpiresAt.IsZero() || e.ExpiresAt.After(v.env.Now))
}

// withUnits are the current places whose progress can be told.
func (v view) withUnits() []ProfileEnrollment {
	return v.places(func(e ProfileEnrollment) bool { return v.current(e) && v.Offerings[e.Offering].RequiredUnits > 0 })
}

func (v view) canonical(list []ProfileEnrollment) []int64 {
	var out []int64
	for _, e := range list {
		if c := v.Offerings[e.Offering].Canonical; !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

// paid are the orders that brought money in.
func (v view) paid() []ProfileOrder {
	return keep(v.Orders, func(o ProfileOrder) bool { return o.Paid > 0 && v.during(o.PaidOn) })
}

// purchases sums paid orders up: how many kept some money, and the net sum of the site's currency.
func (v view) purchases() (n, sum int64) {
	for _, o := range v.paid() {
		if o.Paid > o.Refunded {
			n++
		}
		if o.Currency == v.env.Currency {
			sum += o.Paid - o.Refunded
		}
	}
	return n, sum
}

func keep[T any](list []T, ok func(T) bool) []T {
	var out []T
	for _, x := range list {
		if ok(x) {
			out = append(out, x)
		}
	}
	return out
}

// last gives the latest of the rows' moments that have come.
func last[T any](v view, list []T, at func(T) time.Time) Value {
	var best time.Time
	for _, x := range list {
		if t := at(x); v.past(t) && t.After(best) {
			best = t
		}
	}
	return atTime(best)
}

// first gives the earliest of the rows' moments.
func first[T any](list []T, at func(T) time.Time) Value {
	var best time.Time
	for _, x := range list {
		if t := at(x); best.IsZero() || t.Before(best) {
			best = t
		}
	}
	return atTime(best)
}

// words gives the set of the rows' words.
func wordsOf[T any](list []T, of func(T) string) Value {
	var out []string
	for _, x := range list {
		if w := of(x); w != "" && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return wordSet(out)
}

func idsOf[T any](list []T, of func(T) int64) Value {
	var out []int64
	for _, x := range list {
		if id := of(x); !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return set(out)
}
