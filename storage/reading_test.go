package storage

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

func ignore(pgx.Rows) error { return nil }

// asleep counts this database's backends that run a statement with the mark.
func asleep(t *testing.T, db *DB, mark string) (n int) {
	t.Helper()
	err := db.bun.NewRaw("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE ? AND pid <> pg_backend_pid()", "%"+mark+"%").Scan(t.Context(), &n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// until waits for a condition that another process brings about.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("%s: not within 20 s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// TestWhoStopsWaitingStopsTheServer: the operator types on, and the old count must not go on.
func TestWhoStopsWaitingStopsTheServer(t *testing.T) {
	t.Parallel()
	db := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- db.ask(ctx, time.Minute, newQuestion("SELECT pg_sleep(60) /* typed on */", nil, ignore))
	}()
	until(t, "the question runs", func() bool { return asleep(t, db, "typed on") == 1 })
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	until(t, "the server stops", func() bool { return asleep(t, db, "typed on") == 0 })
	if err := db.ask(t.Context(), time.Minute, newQuestion("SELECT 1", nil, ignore)); err != nil {
		t.Errorf("the next question: %v", err)
	}
}

// TestTooLongIsUnavailable: a heavy question ends by itself, says so, and leaves a sound connection.
func TestTooLongIsUnavailable(t *testing.T) {
	t.Parallel()
	db := open(t)
	for range 3 {
		if err := db.ask(t.Context(), 50*time.Millisecond, newQuestion("SELECT pg_sleep(60)", nil, ignore)); !errors.Is(err, fault.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
	}
	var timeout, memory string
	err := db.ask(t.Context(), 7*time.Second, newQuestion("SELECT current_setting('statement_timeout'), current_setting('work_mem')", nil,
		func(r pgx.Rows) error { return r.Scan(&timeout, &memory) }))
	if err != nil || timeout != "7s" || memory != "64MB" {
		t.Errorf("inside: %s, %s, %v", timeout, memory, err)
	}
	if err := db.bun.NewRaw("SELECT current_setting('statement_timeout')").Scan(t.Context(), &timeout); err != nil || timeout != "0" {
		t.Errorf("afterwards: %s, %v", timeout, err)
	}
}

// TestHeavyQuestionsLeaveRoom: any number of counts at once leave connections to other pages.
func TestHeavyQuestionsLeaveRoom(t *testing.T) {
	t.Parallel()
	db := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 20)
	for range 20 {
		go func() { ended <- db.ask(ctx, time.Minute, newQuestion("SELECT pg_sleep(60) /* heavy */", nil, ignore)) }()
	}
	until(t, "the heavy ones run", func() bool { return asleep(t, db, "heavy */") == maxHeavy })
	var one int
	if err := db.bun.NewRaw("SELECT 1").Scan(t.Context(), &one); err != nil || one != 1 {
		t.Errorf("another page: %v", err)
	}
	cancel()
	for range 20 {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
	}
}

// TestWordsOfTheHostAreOffered: what learners and activities say becomes a list to choose from,
// and their own fields become fields.
func TestWordsOfTheHostAreOffered(t *testing.T) {
	t.Parallel()
	seed := three()
	at := hosttest.SeedTime()
	seed.Learners[0].RegisterSource, seed.Learners[0].Province, seed.Learners[0].City = "wechat", "广东", "深圳"
	seed.Learners[0].Custom = map[string]h.CustomValue{"vip": {Kind: h.CustomBool, Bool: true}, "a'b": {Text: "x"}}
	seed.Activities = []h.Activity{{EventID: "1", LearnerID: "all", Type: "own-type", OccurredAt: at}}
	s := newSchool(t, seed)
	s.sync(t)
	service := segment.NewService(&Segments{DB: s.db}, segment.DefaultCatalog(), site, hosttest.SeedTime)
	for of, want := range map[segment.Choices]string{segment.SourceChoices: "wechat", segment.ProvinceChoices: "广东", segment.CityChoices: "深圳", segment.ActivityChoices: "own-type"} {
		if list, err := service.Choices(t.Context(), of, "", 10); err != nil || len(list) != 1 || list[0].Value != want {
			t.Errorf("%s: %v, %v", of, list, err)
		}
	}
	for _, r := range []segment.Rule{segment.Condition("custom.vip", segment.OpYes, nil, ""), segment.Condition("custom.a'b", segment.OpIs, "X", "")} {
		if counts, err := service.Count(t.Context(), r); err != nil || counts.Matched != 1 {
			t.Errorf("%s: %d, %v", r.JSON(), counts.Matched, err)
		}
	}
}
