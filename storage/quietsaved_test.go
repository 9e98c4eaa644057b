package storage

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/setting"
	"github.com/coursecrm/coursecrm/segment"
)

// TestQuietHoursEndWhileAWorkerLooks: a worker that holds the old hours puts off what it found to do
// after they were changed, or in the same instant.
func TestQuietHoursEndWhileAWorkerLooks(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"saved", "put off"} {
		t.Run(first+" first", func(t *testing.T) {
			t.Parallel()
			s := newSending(t, crowd(3))
			s.now = time.Date(2026, 7, 1, 23, 0, 0, 0, time.UTC)
			id := s.launch(t, "mail", segment.Everyone())
			sender := s.sender("a")
			plan, err := sender.Due(t.Context(), 100)
			if err != nil || len(plan) != 1 {
				t.Fatalf("%+v, %v", plan, err)
			}
			if err := sender.Do(t.Context(), plan[0]); err != nil {
				t.Fatal(err)
			}
			due, err := sender.Due(t.Context(), 100)
			if err != nil || len(due) != 1 {
				t.Fatalf("%+v, %v", due, err)
			}
			ledger := &Campaigns{DB: s.db}
			claim, ok, err := ledger.Claim(t.Context(), due[0], "b", campaign.ClaimTTL, nil, s.now)
			if err != nil || !ok {
				t.Fatal(ok, err)
			}
			morning := s.now.Add(9 * time.Hour)
			putOff := func(ctx context.Context) error {
				return ledger.Release(ctx, claim, campaign.StallQuiet, morning, s.now)
			}
			save := func(ctx context.Context) error {
				return (&Settings{s.db}).SaveSettings(ctx, setting.Stored{Version: 1, At: s.now})
			}
			if first == "saved" {
				err = errors.Join(save(t.Context()), putOff(t.Context()))
			} else { // but not seen yet
				finish := s.held(t, "crm_campaigns", putOff)
				saved := make(chan error, 1)
				go func() { saved <- save(context.WithoutCancel(t.Context())) }()
				until(t, "saving waits", func() bool {
					return s.number(t, `SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'
						AND (classid::bigint << 32 | objid::bigint) = hashtextextended(current_schema(), ?)`, settingsKey) == 1
				})
				err = errors.Join(finish(), <-saved)
			}
			if err != nil {
				t.Fatal(err)
			}
			s.work(t, sender)
			if c := s.campaign(t, id); c.State == campaign.Done || !c.StalledUntil.Equal(morning) {
				t.Errorf("%s, quiet until %v", c.State, c.StalledUntil)
			}
			s.now = s.now.Add(setting.Spread)
			s.work(t, sender)
			if c := s.campaign(t, id); c.State != campaign.Done {
				t.Errorf("by the new hours: %s, %q", c.State, c.Stalled)
			}
		})
	}
}
