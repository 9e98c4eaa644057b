package projection

import "cmp"

// halve splits the rows of a batch. The second half carries the problems and the cursor's move,
// so that the cursor moves only when both are saved.
func (b Batch) halve() (first, second Batch) {
	first = Batch{Now: b.Now, SkipFacts: b.SkipFacts, Of: cmp.Or(b.Step, b.Of)}
	second = b
	n := b.Size() / 2
	cut(&n, &first.Offerings, &second.Offerings)
	cut(&n, &first.Learners, &second.Learners)
	cut(&n, &first.Orders, &second.Orders)
	cut(&n, &first.Enrollments, &second.Enrollments)
	cut(&n, &first.Memberships, &second.Memberships)
	cut(&n, &first.Activities, &second.Activities)
	return first, second
}

func cut[T any](n *int, to, from *[]T) {
	k := min(*n, len(*from))
	*to, *from = (*from)[:k], (*from)[k:]
	*n -= k
}

// refused turns the rows of a batch (one, or none) into problem rows.
func (b Batch) refused() Batch {
	const reason Reason = "row: " + codeUnknown
	out := Batch{Now: b.Now, SkipFacts: b.SkipFacts, Step: b.Step, Of: b.Of, Problems: b.Problems}
	file := func(p Problem) { out.Problems = append(out.Problems, p) }
	for _, r := range b.Offerings {
		file(NewProblem(Offerings, OfferingKey(r.Type, r.ID), reason, r.Offering))
	}
	for _, r := range b.Learners {
		file(NewProblem(Learners, string(r.ID), reason, r.Learner))
	}
	for _, r := range b.Orders {
		file(NewProblem(Orders, r.ID, reason, r.Order))
	}
	for _, r := range b.Enrollments {
		file(NewProblem(Enrollments, r.ID, reason, r.Enrollment))
	}
	for _, r := range b.Memberships {
		file(NewProblem(Memberships, string(r.LearnerID), reason, r.Membership))
	}
	for _, r := range b.Activities {
		file(NewProblem(Activities, r.EventID, reason, r))
	}
	return out
}
