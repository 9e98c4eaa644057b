package funnel

import (
	"math"
	"slices"
	"testing"
	"time"
)

func TestInterestsSayWhy(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	maths, code, art := Word{1, "考研数学"}, Word{2, "编程"}, Word{3, "绘画"}
	old := now.Add(-HalfLife)
	events := []Event{
		{10, "高数", []Word{maths, code}, "view", now, 1},
		{10, "高数", []Word{maths, code}, "view", old, 1}, // counts half
		{10, "高数", []Word{maths, code}, KindOrder, now, WeightOrder},
		{11, "线代", []Word{maths}, KindPaid, old, WeightPaid}, // 4
		{12, "素描", []Word{art}, "coupon", now, 2},            // not enough
	}
	for range 2 {
		got := Interests(events, now)
		if len(got) != 2 || got[0].Word != maths || got[1].Word != code {
			t.Fatalf("%+v", got)
		}
		if math.Abs(got[0].Score-10.5) > 1e-9 || math.Abs(got[1].Score-6.5) > 1e-9 {
			t.Errorf("scores %v and %v", got[0].Score, got[1].Score)
		}
		var kinds []Kind
		sum := 0.0
		for _, r := range got[0].Reasons {
			kinds, sum = append(kinds, r.Kind), sum+r.Score
		}
		if !slices.Equal(kinds, []Kind{KindOrder, KindPaid, "view"}) || math.Abs(sum-10.5) > 1e-9 {
			t.Errorf("reasons %v add up to %v", kinds, sum)
		}
		if r := got[0].Reasons[2]; r.Times != 2 || !r.Last.Equal(now) || r.Title != "高数" {
			t.Errorf("%+v", r)
		}
		slices.Reverse(events) // in any order
	}
	if Interests(nil, now) != nil {
		t.Error("no events, but interests")
	}
}

// TestInterestsAreFewAndInOrder: the strongest eight, and of equal ones those with the lower id.
func TestInterestsAreFewAndInOrder(t *testing.T) {
	t.Parallel()
	now := Epoch.AddDate(1, 0, 0)
	var events []Event
	for id := int64(12); id > 0; id-- {
		weight := 3.0 // just enough
		if id == 12 {
			weight = 4
		}
		events = append(events, Event{Offering: OfferingID(id), Words: []Word{{ID: id}}, Kind: "trial", At: now, Weight: weight})
	}
	var ids []int64
	for _, i := range Interests(events, now) {
		ids = append(ids, i.ID)
	}
	if !slices.Equal(ids, []int64{12, 1, 2, 3, 4, 5, 6, 7}) {
		t.Errorf("%v", ids)
	}
}
