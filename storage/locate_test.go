package storage

import (
	"fmt"
	"slices"
	"testing"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/segment"
)

// TestSearchFindsPeople asks for people as the box of the pages does.
func TestSearchFindsPeople(t *testing.T) {
	t.Parallel()
	at := hosttest.SeedTime()
	learner := func(id, nick, real, mobile, email string) h.Learner {
		return h.Learner{ID: h.LearnerID(id), Nickname: nick, RealName: real, Mobile: mobile, MobileVerified: mobile != "", Email: email, EmailVerified: email != "",
			Status: h.LearnerActive, RegisteredAt: at, UpdatedAt: at}
	}
	locked := learner("77", "gone_77", "许锁", "", "")
	locked.Status = h.LearnerLocked
	deleted := learner("78", "xu_deleted", "许删", "13900007718", "")
	deleted.Status = h.LearnerDeleted
	s := newSchool(t, hosttest.Seed{Learners: []h.Learner{
		learner("11", "xuzhixia", "许知夏", "13812345621", "XuZhixia@example.com"),
		learner("12", "xu_12", "许文", "13900000012", ""),
		learner("13", "twin", "钱一", "13900000012", ""),
		learner("14", "tel13812345621", "孙六", "", "sun@example.com"),
		learner("15", "n11n", "赵七", "", ""),
		locked, deleted,
	}})
	s.sync(t)
	service := segment.NewService(&Segments{DB: s.db}, segment.DefaultCatalog(), site, time.Now)
	for _, tt := range []struct {
		text     string
		contacts bool
		want     []string
	}{
		{"许", true, []string{"gone_77", "xu_12", "xuzhixia"}},
		{" XUZHI ", false, []string{"xuzhixia"}},
		{"许知夏", false, []string{"xuzhixia"}},
		{"11", false, []string{"n11n", "xuzhixia"}}, // an id, and a part of a name
		{"77", false, []string{"gone_77"}},
		{"+86 138-1234-5621", true, []string{"xuzhixia"}}, // and not who calls himself by it
		{"13812345621", false, []string{"tel13812345621"}},
		{"13900000012", true, []string{"twin", "xu_12"}},
		{"13900000012", false, nil},
		{"xuzhixia@EXAMPLE.com", true, []string{"xuzhixia"}},
		{"xuzhixia@example.com", false, nil},
		{"example.com", true, nil}, // a part of an address finds nobody
		{"5621", true, []string{"tel13812345621"}},
		{"13900007718", true, nil},
		{"%", true, nil},
		{"  ", true, nil},
		{"\x00", true, nil},
	} {
		t.Run(fmt.Sprintf("%q %t", tt.text, tt.contacts), func(t *testing.T) {
			t.Parallel()
			found, err := service.Search(t.Context(), tt.text, tt.contacts, 10)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range found.People {
				got = append(got, p.Nickname)
			}
			slices.Sort(got)
			if !slices.Equal(got, tt.want) || found.More {
				t.Errorf("found %q, want %q; more: %t", got, tt.want, found.More)
			}
			if len(got) == 0 {
				return
			}
			if n, err := service.Size(t.Context(), found.Rule); err != nil || n != int64(len(got)) {
				t.Errorf("the rule selects %d, %v", n, err)
			}
		})
	}
	if few, err := service.Search(t.Context(), "许", false, 2); err != nil || len(few.People) != 2 || !few.More {
		t.Errorf("the first two: %d, more: %t, %v", len(few.People), few.More, err)
	}
}
