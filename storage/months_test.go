package storage

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/internal/pgtest"
	"github.com/coursecrm/coursecrm/shortlink"
)

// may is a time for which no migration makes partitions.
var may = time.Date(2031, 5, 15, 9, 30, 0, 0, time.UTC)

// partitions tells how many hits each partition from 2031 on holds, and the rest.
func (d *docket) partitions(t testing.TB) string {
	t.Helper()
	var lines []string
	if err := d.bun.NewRaw(`SELECT concat(p.relname, ' ', count(c.id)) FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhrelid
		LEFT JOIN crm_clicks c ON c.tableoid = p.oid WHERE i.inhparent = 'crm_clicks'::regclass AND p.relname > 'crm_clicks_2031'
		GROUP BY p.relname HAVING p.relname <> 'crm_clicks_rest' OR count(c.id) > 0 ORDER BY p.relname`).Scan(t.Context(), &lines); err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(strings.Join(lines, ", "), "crm_clicks_", "")
}

func hitAt(at time.Time) shortlink.Hit {
	return shortlink.Hit{ID: rand.Int64(), At: at, Link: 11, Campaign: 1, Ordinal: 1, Agent: 7, Kind: shortlink.Human}
}

func TestMonths(t *testing.T) {
	t.Parallel()
	d := newDocket(t)
	first := time.Date(2031, 5, 1, 0, 0, 0, 0, time.UTC)
	d.keep(t, hitAt(first), hitAt(first.Add(-time.Microsecond)), hitAt(may), hitAt(first.AddDate(0, 1, 0).Add(-time.Microsecond)), hitAt(first.AddDate(0, 9, 0)), hitAt(first.AddDate(0, -5, 0)))
	before := d.text(t, "SELECT md5(string_agg(c::text, ' ' ORDER BY at, id)) FROM crm_clicks c")
	const want = "2030_12 1, 2031_04 1, 2031_05 3, 2031_06 0, 2031_07 0, 2032_02 1"
	for range 2 {
		if err := d.Months(t.Context(), may, 0); err != nil {
			t.Fatal(err)
		}
		if got := d.partitions(t); got != strings.TrimPrefix(want, "2030_12 1, ") {
			t.Errorf("partitions %s", got)
		}
	}
	if got := d.text(t, "SELECT count(*)::text FROM crm_clicks_2030_12"); got != "1" {
		t.Errorf("%s hits of last year", got)
	}
	if got := d.text(t, "SELECT md5(string_agg(c::text, ' ' ORDER BY at, id)) FROM crm_clicks c"); got != before {
		t.Error("hits changed on the way")
	}
	if got := d.text(t, "SELECT count(*)::text FROM crm_clicks_rest"); got != "0" {
		t.Errorf("%s hits are left among the rest", got)
	}
	d.keep(t, hitAt(may.Add(time.Hour)), hitAt(may.AddDate(0, 2, 0)), hitAt(may.AddDate(0, 3, 0)))
	if got := d.partitions(t); got != "2031_04 1, 2031_05 4, 2031_06 0, 2031_07 1, 2032_02 1, rest 1" {
		t.Errorf("afterwards hits go to %s", got)
	}
	if got := d.text(t, `SELECT string_agg(DISTINCT n::text, ' ') FROM (SELECT count(*) AS n FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
		WHERE pg_table_is_visible(c.oid) AND c.relname LIKE 'crm\_clicks%' GROUP BY c.relname) x`); got != "4" {
		t.Errorf("partitions have %s indexes", got)
	}
	d.judgeAll(t, testRules)
	d.check(t, shortlink.Judge)
}

// TestMonthsAreOfUTC, whatever time zone the connections are set to.
func TestMonthsAreOfUTC(t *testing.T) {
	t.Parallel()
	d := newDocket(t)
	pool, err := Open(pgtest.DSN(t) + "&timezone=Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	db, err := New(pool)
	if err != nil {
		t.Fatal(err)
	}
	d.keep(t, hitAt(time.Date(2031, 4, 30, 23, 0, 0, 0, time.UTC)), hitAt(time.Date(2031, 5, 31, 23, 0, 0, 0, time.UTC)))
	if err := db.Months(t.Context(), time.Date(2031, 5, 31, 23, 0, 0, 0, time.UTC).In(time.FixedZone("", 8*3600)), 0); err != nil {
		t.Fatal(err)
	}
	if got := d.partitions(t); got != "2031_04 1, 2031_05 1, 2031_06 0, 2031_07 0" {
		t.Errorf("partitions %s", got)
	}
}

func TestOldMonthsAreDropped(t *testing.T) {
	t.Parallel()
	d := newDocket(t)
	for m := range 5 {
		if err := d.Months(t.Context(), time.Date(2031, time.Month(1+m), 1, 0, 0, 0, 0, time.UTC), 0); err != nil {
			t.Fatal(err)
		}
		d.keep(t, hitAt(time.Date(2031, time.Month(1+m), 28, 0, 0, 0, 0, time.UTC)))
	}
	d.keep(t, hitAt(time.Date(2030, 12, 31, 0, 0, 0, 0, time.UTC)), hitAt(time.Date(2031, 8, 1, 0, 0, 0, 0, time.UTC)))
	for _, c := range []struct {
		now  time.Time
		keep int
		want string
	}{
		{may, 0, "2031_01 1, 2031_02 1, 2031_03 1, 2031_04 1, 2031_05 1, 2031_06 0, 2031_07 0, 2031_08 1"},
		{may, 3, "2031_02 1, 2031_03 1, 2031_04 1, 2031_05 1, 2031_06 0, 2031_07 0, 2031_08 1"},
		{may, 2, "2031_03 1, 2031_04 1, 2031_05 1, 2031_06 0, 2031_07 0, 2031_08 1"},
		{time.Date(2031, 5, 31, 23, 59, 59, 0, time.UTC), 1, "2031_04 1, 2031_05 1, 2031_06 0, 2031_07 0, 2031_08 1"},
		{time.Date(2031, 6, 1, 0, 0, 0, 0, time.UTC), 1, "2031_05 1, 2031_06 0, 2031_07 0, 2031_08 1"},
	} {
		if err := d.Months(t.Context(), c.now, c.keep); err != nil {
			t.Fatal(err)
		}
		if got := d.partitions(t); got != c.want {
			t.Errorf("at %v, %d months kept: %s", c.now, c.keep, got)
		}
	}
	d.keep(t, hitAt(may.AddDate(0, -2, 0))) // late, among the rest
	if err := d.Months(t.Context(), may.AddDate(0, 1, 0), 1); err != nil {
		t.Fatal(err)
	}
	if got := d.partitions(t); got != "2031_05 1, 2031_06 0, 2031_07 0, 2031_08 1" {
		t.Errorf("with a late one: %s", got)
	}
}

// TestMonthsWhileHitsCome: several processes make partitions while others keep hits. No hit is
// lost, nobody gets an error, and no batch waits long.
func TestMonthsWhileHitsCome(t *testing.T) {
	t.Parallel()
	d := newDocket(t)
	ctx, cancel := context.WithCancel(t.Context())
	var writers, makers sync.WaitGroup
	var kept, ready atomic.Int64
	var longest atomic.Int64
	for range 3 {
		links := &Links{DB: openAgain(t)}
		writers.Go(func() {
			for ctx.Err() == nil {
				var hits []shortlink.Hit
				for range 10 {
					hits = append(hits, hitAt(may.AddDate(0, rand.IntN(5)-2, 0).Add(time.Duration(rand.Int64N(int64(time.Hour))))))
				}
				began := time.Now()
				if err := enterNow(context.WithoutCancel(ctx), links, shortlink.Batch{Hits: hits}); err != nil {
					t.Errorf("keep: %v", err)
					return
				}
				longest.Store(max(longest.Load(), int64(time.Since(began))))
				kept.Add(10)
				ready.Add(1)
			}
		})
	}
	for ready.Load() < 30 && t.Context().Err() == nil { // all months have hits among the rest
		time.Sleep(time.Millisecond)
	}
	for range 3 {
		db := openAgain(t)
		makers.Go(func() {
			for m := -2; m < 3; m++ {
				if err := db.Months(t.Context(), may.AddDate(0, m, 0), 0); err != nil && !errors.Is(err, fault.ErrUnavailable) {
					t.Errorf("months: %v", err)
				}
			}
		})
	}
	makers.Wait()
	cancel()
	writers.Wait()
	if err := d.Months(t.Context(), may, 0); err != nil {
		t.Fatal(err)
	}
	if got := d.text(t, "SELECT concat(count(*), ' ', count(DISTINCT id), ' ', count(*) FILTER (WHERE tableoid = 'crm_clicks_rest'::regclass)) FROM crm_clicks"); got != fmt.Sprintf("%d %d 0", kept.Load(), kept.Load()) {
		t.Errorf("of %d hits %s are there", kept.Load(), got)
	}
	if took := time.Duration(longest.Load()); took > 5*time.Second { // some ten milliseconds where nothing else runs
		t.Errorf("a batch took %v", took)
	}
}

// openAgain gives the test's database over a pool of its own, as another process has it.
func openAgain(t testing.TB) *DB {
	t.Helper()
	db, err := New(pgtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// TestMonthsGiveWay: while somebody reads all hits for long, hits are kept all the same, and the
// partitions are made later.
func TestMonthsGiveWay(t *testing.T) {
	t.Parallel()
	d := newDocket(t)
	reader, err := openAgain(t).bun.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Rollback() //nolint:errcheck // it is over by then
	if _, err := reader.ExecContext(t.Context(), "SELECT count(*) FROM crm_clicks"); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	other := openAgain(t)
	go func() { done <- other.Months(t.Context(), may, 0) }()
	for ended := false; !ended; {
		select {
		case err := <-done:
			if !errors.Is(err, fault.ErrUnavailable) {
				t.Errorf("months: %v", err)
			}
			ended = true
		default:
			d.keep(t, hitAt(may))
		}
	}
	if got := d.partitions(t); got != fmt.Sprintf("rest %d", len(d.all)) {
		t.Errorf("meanwhile: %s", got)
	}
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := d.Months(t.Context(), may, 0); err != nil {
		t.Fatal(err)
	}
	if got := d.partitions(t); got != fmt.Sprintf("2031_05 %d, 2031_06 0, 2031_07 0", len(d.all)) {
		t.Errorf("afterwards: %s", got)
	}
}

// TestMonthsDieAnywhere: at whatever statement the process ends, every hit is there, and the next
// one ends the work.
func TestMonthsDieAnywhere(t *testing.T) {
	t.Parallel()
	d := newDocket(t)
	var hits []shortlink.Hit
	for i := range 3000 {
		hits = append(hits, hitAt(may.Add(-time.Duration(i)*time.Hour)))
	}
	d.keep(t, hits...)
	count := func() string { return d.text(t, "SELECT count(*)::text FROM crm_clicks") }
	for after := time.Duration(0); ; after += 3 * time.Millisecond {
		ctx, cancel := context.WithTimeout(t.Context(), after)
		err := d.Months(ctx, may, 0)
		cancel()
		if got := count(); got != "3000" {
			t.Fatalf("killed after %v: %s hits", after, got)
		}
		if err == nil {
			break
		}
	}
	if got := d.partitions(t); !strings.Contains(got, "2031_07 0") || strings.Contains(got, "rest") {
		t.Errorf("in the end: %s", got)
	}
}

func TestForget(t *testing.T) {
	t.Parallel()
	d := newDocket(t)
	for i := range 5 {
		d.do(t, "INSERT INTO crm_day_salts (day, salt) VALUES (?::date, '')", may.AddDate(0, 0, -i).Format(time.DateOnly))
	}
	for range 2 {
		if err := d.Forget(t.Context(), may.In(time.FixedZone("", -23*3600))); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Fields(d.text(t, "SELECT string_agg(day::text, ' ' ORDER BY day) FROM crm_day_salts")); !slices.Equal(got, []string{"2031-05-13", "2031-05-14", "2031-05-15"}) {
		t.Errorf("left are %v", got)
	}
}
