package projection

import "testing"

// TestHalves: both halves together are the whole, both know the step they belong to, and only the
// second moves the cursor.
func TestHalves(t *testing.T) {
	t.Parallel()
	step := &Step{Feed: Orders, Walk: Repair}
	whole := Batch{Learners: make([]Learner, 3), Orders: make([]Order, 4), Step: step, Problems: make([]Problem, 2)}
	first, second := whole.halve()
	if first.Size()+second.Size() != 7 || first.Size() != 3 {
		t.Errorf("%d and %d rows", first.Size(), second.Size())
	}
	if first.Step != nil || first.Of != step || second.Step != step || len(second.Problems) != 2 || len(first.Problems) != 0 {
		t.Errorf("first %+v, second %+v", first, second)
	}
	quarter, _ := first.halve()
	if quarter.Of != step {
		t.Error("a quarter forgets its step")
	}
	last := Batch{Orders: make([]Order, 1), Of: step}
	if r := last.refused(); r.Size() != 0 || len(r.Problems) != 1 || r.Of != step {
		t.Errorf("refused: %+v", r)
	}
}
