package storage

import (
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/crm/setting"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
)

func TestSettingsAreKept(t *testing.T) {
	t.Parallel()
	s := &Settings{open(t)}
	if got, err := s.LoadSettings(t.Context()); err != nil || !reflect.DeepEqual(got, setting.Stored{}) {
		t.Fatalf("nothing saved yet: %+v, %v", got, err)
	}
	name, cap := "启明 \"网校\" ?", 0
	first := setting.Stored{Version: 1, SiteName: &name, CapDays: &cap, Quiet: map[h.Channel]setting.Hours{h.ChannelSMS: {}},
		SpendBounds: []int64{1, 2, 3}, ByID: "7", ByName: "周敏", At: time.Date(2026, 11, 23, 1, 2, 3, 4000, time.UTC)}
	if err := s.SaveSettings(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if got, err := s.LoadSettings(t.Context()); err != nil || !reflect.DeepEqual(got, first) {
		t.Fatalf("got %+v, %v", got, err)
	}
	for _, version := range []int64{1, 3} {
		if err := s.SaveSettings(t.Context(), setting.Stored{Version: version}); !errors.Is(err, fault.ErrConflict) {
			t.Errorf("version %d: %v", version, err)
		}
	}
	// Of those who save over the same version one wins.
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() { errs[i] = s.SaveSettings(t.Context(), setting.Stored{Version: 2, ByID: "8"}) })
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if !errors.Is(err, fault.ErrConflict) {
			t.Error(err)
		}
	}
	if got, err := s.LoadSettings(t.Context()); won != 1 || err != nil || got.Version != 2 || got.SiteName != nil {
		t.Errorf("%d won; %+v, %v", won, got, err)
	}
}
