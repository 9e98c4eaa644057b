package setting

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// shelf is a store in memory.
type shelf struct {
	mu    sync.Mutex
	s     Stored
	fail  error
	looks int
}

func (x *shelf) LoadSettings(context.Context) (Stored, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.looks++
	return x.s, x.fail
}

func (x *shelf) SaveSettings(_ context.Context, s Stored) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if s.Version != x.s.Version+1 {
		return fault.ErrConflict
	}
	x.s = s
	return x.fail
}

func base() Values {
	return Values{SiteName: "启明网校", Quiet: map[h.Channel]campaign.QuietHours{h.ChannelSMS: {Start: 21 * time.Hour, End: 8 * time.Hour}},
		CapDays: 7, LateAfter: 30*time.Minute + 20*time.Second, SpendBounds: []int64{10000, 50000, 200000}}
}

type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newService() (*Service, *shelf, *clock) {
	x, c := &shelf{}, &clock{time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	return NewService(x, base(), c.now), x, c
}

var by = h.Staff{ID: "7", Name: "周敏"}

func TestWhatIsChosenLiesOverTheConfiguration(t *testing.T) {
	t.Parallel()
	s, x, c := newService()
	if got := s.Current(); !reflect.DeepEqual(got, base()) {
		t.Fatalf("nothing chosen: %+v", got)
	}
	want := base()
	want.SiteName, want.SiteAddress, want.CapDays, want.LargeSend, want.KeepMonths = "新名字", "杭州", 0, 500, 24
	want.SpendBounds = []int64{1, 2, 3}
	want.Quiet = map[h.Channel]campaign.QuietHours{h.ChannelSMS: {}, h.ChannelEmail: {Start: 22*time.Hour + 30*time.Minute, End: 7 * time.Hour}}
	if err := s.Save(t.Context(), want, 0, by); err != nil {
		t.Fatal(err)
	}
	if got := s.Current(); !reflect.DeepEqual(got, want) || s.Site() != "新名字" {
		t.Fatalf("got %+v", got)
	}
	if x.s.LateMinutes != nil || x.s.Version != 1 || x.s.ByName != "周敏" || x.s.At != c.at {
		t.Errorf("kept %+v", x.s)
	}
	// Like the configuration again: nothing is kept of it.
	if err := s.Save(t.Context(), base(), 1, by); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(x.s, Stored{Version: 2, ByID: "7", ByName: "周敏", At: c.at}) || !reflect.DeepEqual(s.Current(), base()) {
		t.Errorf("kept %+v", x.s)
	}
}

func TestOtherProcessesFollowWithinSeconds(t *testing.T) {
	t.Parallel()
	s, x, c := newService()
	other := NewService(x, base(), c.now)
	_, _ = s.Current(), other.Current()
	v := base()
	v.LargeSend = 9
	if err := s.Save(t.Context(), v, 0, by); err != nil {
		t.Fatal(err)
	}
	if s.Current().LargeSend != 9 || other.Current().LargeSend != 0 {
		t.Error("the saving process knows at once, the other asks now and then")
	}
	c.at = c.at.Add(fresh)
	x.fail = fault.ErrUnavailable
	if other.Current().LargeSend != 0 {
		t.Error("without an answer the last values hold")
	}
	x.fail = nil
	looks := x.looks
	for range 100 {
		other.Current()
	}
	if x.looks != looks {
		t.Error("asked again at once after no answer")
	}
	c.at = c.at.Add(fresh)
	if other.Current().LargeSend != 9 || x.looks != looks+1 {
		t.Error("not followed")
	}
	if err := other.Save(t.Context(), v, 0, by); !errors.Is(err, fault.ErrConflict) {
		t.Errorf("an old form: %v", err)
	}
	x.fail = fault.ErrUnavailable
	if _, _, err := s.Open(t.Context()); !errors.Is(err, fault.ErrUnavailable) {
		t.Errorf("open: %v", err)
	}
}

// hung is a store that answers nothing until its gate opens.
type hung struct {
	*shelf
	gate chan struct{}
}

func (x hung) LoadSettings(ctx context.Context) (Stored, error) {
	select {
	case <-x.gate:
		return x.shelf.LoadSettings(ctx)
	case <-ctx.Done():
		return Stored{}, ctx.Err()
	}
}

func TestNobodyWaitsForAStoreThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		x := hung{&shelf{}, make(chan struct{})}
		s := NewService(x, base(), time.Now)
		opened := make(chan int64)
		go func() {
			v, _, err := s.Open(t.Context()) // as a page without a limit of time
			if err != nil {
				t.Error(err)
			}
			opened <- v.LargeSend
		}()
		synctest.Wait()
		began := time.Now()
		for range 10 {
			if got, took := s.Current(), time.Since(began); !reflect.DeepEqual(got, base()) || took != patience {
				t.Errorf("after %v %+v, want the configuration's", took, got)
			}
		}
		v := base()
		v.LargeSend = 9
		if err := s.Save(t.Context(), v, 0, by); err != nil || s.Current().LargeSend != 9 || time.Since(began) != patience {
			t.Errorf("saved after %v: %v", time.Since(began), err)
		}
		time.Sleep(fresh)
		if s.Current().LargeSend != 9 || time.Since(began) != fresh+2*patience {
			t.Errorf("what was saved is forgotten, after %v", time.Since(began))
		}
		x.s.LargeSend = nil // what Open reads was asked for before that
		close(x.gate)
		if got := <-opened; got != 0 || s.Current().LargeSend != 9 {
			t.Errorf("opened %d: a late answer replaced a younger one", got)
		}
	})
}

func TestValuesAreChecked(t *testing.T) {
	t.Parallel()
	s, x, _ := newService()
	for name, tt := range map[string]struct {
		change func(*Values)
		key    Key
		want   string
	}{
		"no name":     {func(v *Values) { v.SiteName = "" }, SiteName, "problem.missing"},
		"long name":   {func(v *Values) { v.SiteName = strings.Repeat("长", 101) }, SiteName, "problem.long"},
		"two lines":   {func(v *Values) { v.SiteName = "a\r\nBcc: b" }, SiteName, "problem.control"},
		"address":     {func(v *Values) { v.SiteAddress = "a\u2028b" }, SiteAddress, "problem.control"},
		"25 o'clock":  {func(v *Values) { v.Quiet[h.ChannelEmail] = campaign.QuietHours{Start: 25 * time.Hour} }, QuietEmail, "problem.clock"},
		"cap":         {func(v *Values) { v.CapDays = 366 }, CapDays, "problem.range"},
		"late":        {func(v *Values) { v.LateAfter = -1 }, LateAfter, "problem.range"},
		"large":       {func(v *Values) { v.LargeSend = -1 }, LargeSend, "problem.range"},
		"months":      {func(v *Values) { v.KeepMonths = 601 }, KeepMonths, "problem.range"},
		"two bounds":  {func(v *Values) { v.SpendBounds = []int64{1, 2} }, SpendBounds, "problem.bounds"},
		"twice":       {func(v *Values) { v.SpendBounds = []int64{1, 2, 2} }, SpendBounds, "problem.bounds"},
		"descending":  {func(v *Values) { v.SpendBounds = []int64{3, 2, 1} }, SpendBounds, "problem.bounds"},
		"from nought": {func(v *Values) { v.SpendBounds = []int64{0, 2, 3} }, SpendBounds, "problem.bounds"},
	} {
		v := base()
		tt.change(&v)
		var problems fault.Fields
		if err := s.Save(t.Context(), v, 0, by); !errors.As(err, &problems) || problems[string(tt.key)].Key != tt.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if x.s.Version != 0 {
		t.Error("saved all the same")
	}
	// What the host configured is right, however odd.
	odd := base()
	odd.LateAfter = 999 * time.Hour
	if err := NewService(x, odd, time.Now).Save(t.Context(), odd, 0, by); err != nil {
		t.Error(err)
	}
}

func TestDifferences(t *testing.T) {
	t.Parallel()
	v := base()
	v.CapDays, v.SpendBounds = 3, []int64{1, 2, 3}
	v.Quiet[h.ChannelMessage] = campaign.QuietHours{Start: time.Hour, End: 2 * time.Hour}
	want := []Change{{QuietMessage, "", "01:00-02:00"}, {CapDays, int64(7), int64(3)}, {SpendBounds, []int64{10000, 50000, 200000}, []int64{1, 2, 3}}}
	if got := Differences(base(), v); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	for _, k := range Keys() {
		if base().Of(k) == nil {
			t.Errorf("%s has no value", k)
		}
	}
}
