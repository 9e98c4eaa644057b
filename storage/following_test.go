package storage

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/shortlink"
)

// following is what follows short links in tests, as crm.New puts it together.
type following struct {
	stores *Links
	ring   *shortlink.Ring
	agents *shortlink.Agents
	spool  *shortlink.Spool
	links  *shortlink.Service
	free   *shortlink.Free
}

func newFollowing(t testing.TB, db *DB, now func() time.Time) *following {
	t.Helper()
	f := &following{stores: &Links{DB: db}, agents: &shortlink.Agents{}, spool: shortlink.NewSpool(filepath.Join(t.TempDir(), "spool"))}
	var err error
	if f.ring, err = shortlink.NewRing(t.Context(), f.stores, time.Now); err != nil {
		t.Fatal(err)
	}
	recorder := shortlink.NewRecorder(f.stores, f.spool, time.Now, slog.New(slog.DiscardHandler))
	t.Cleanup(recorder.Close)
	f.links = shortlink.NewService(f.stores, f.ring, f.agents, recorder, shortlink.Settings{}, now)
	f.free = shortlink.NewFree(f.stores, f.ring, nil, now)
	return f
}

// code is that of a number under the first key.
func (f *following) code(t testing.TB, n int64) string {
	t.Helper()
	code, err := f.ring.Encode(t.Context(), 0, shortlink.Number(n))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// judge judges what has come so far.
func (f *following) judge(t testing.TB) {
	t.Helper()
	rules := shortlink.RulesOf(f.agents)
	if _, err := f.stores.Recall(t.Context(), rules); err != nil {
		t.Fatal(err)
	}
	if _, more, err := f.stores.Admit(t.Context(), 1_000_000); err != nil || more {
		t.Fatal(more, err)
	}
	for {
		pass, err := f.stores.Judge(t.Context(), rules, 20_000)
		if err != nil {
			t.Fatal(err)
		}
		if !pass.More {
			return
		}
	}
}

// enterNow makes clicks of hits at once, as Admit does of those that were kept.
func enterNow(ctx context.Context, s *Links, b shortlink.Batch) error {
	return s.inTx(ctx, func(t *tx) error { return s.enter(ctx, t, b) })
}

// visit asks as a program that calls itself so.
func visit(agent string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("User-Agent", agent)
	return r
}

const person = "Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 Chrome/116.0 Mobile Safari/537.36"
