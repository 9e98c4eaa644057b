package hostadapter

// Event is a change that a host pushes, with a full snapshot. Exactly one field is set.
// Events are idempotent and may arrive in any order and more than once: an older UpdatedAt never
// overwrites a newer one. Make them with [Changed].
type Event struct {
	Learner    *Learner
	Offering   *Offering
	Order      *Order
	Enrollment *Enrollment
	Membership *Membership
	Activity   *Activity
}

// Changed wraps a snapshot as an event.
func Changed[T Learner | Offering | Order | Enrollment | Membership | Activity](snapshot T) Event {
	switch v := any(snapshot).(type) {
	case Learner:
		return Event{Learner: &v}
	case Offering:
		return Event{Offering: &v}
	case Order:
		return Event{Order: &v}
	case Enrollment:
		return Event{Enrollment: &v}
	case Membership:
		return Event{Membership: &v}
	case Activity:
		return Event{Activity: &v}
	}
	return Event{} // unreachable: the constraint lists every case above
}
