package segment

import (
	"slices"
	"testing"
)

func TestUnwrap(t *testing.T) {
	t.Parallel()
	login := Condition("last_login", OpInLast, 30, Day)
	but := func(ids ...int64) Rule { return Condition("learner", OpNotIn, ids, "") }
	for name, c := range map[string]struct {
		rule     Rule
		base     Rule
		unticked []PersonID
		days     int
	}{
		"nothing around it":     {Group("all", login), Group("all", login), nil, 0},
		"people and days":       {Group("all", login, rested(7), but(3, 1)), Group("all", login), []PersonID{1, 3}, 7},
		"the other way round":   {Group("all", login, but(3, 1), rested(7)), Group("all", login), []PersonID{1, 3}, 7},
		"several times":         {Group("all", login, but(2), rested(3), but(1, 2), rested(7)), Group("all", login), []PersonID{1, 2}, 7},
		"nothing but wrapping":  {Group("all", rested(7), but(1)), Group("all", rested(7)), []PersonID{1}, 0},
		"nobody stays nobody":   {Group("all"), Group("all"), nil, 0},
		"any is left alone":     {Group("any", login, but(1)), Group("any", login, but(1)), nil, 0},
		"another unit":          {Group("all", login, Condition("contacted", OpNotInLast, 2, Week)), Group("all", login, Condition("contacted", OpNotInLast, 2, Week)), nil, 0},
		"only what is in front": {Group("all", but(1), login), Group("all", but(1), login), nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base, unticked, days := Unwrap(c.rule)
			if string(base.JSON()) != string(c.base.JSON()) || !slices.Equal(unticked, c.unticked) || days != c.days {
				t.Errorf("got %s, %v, %d", base.JSON(), unticked, days)
			}
		})
	}
}
