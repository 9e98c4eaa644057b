package storage

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/shortlink"
)

// TestFloods: however many hits come within a moment, a judge holds a bounded number of them, and
// takes the first for a person and the others for repeats.
func TestFloods(t *testing.T) {
	t.Parallel()
	d := newDocket(t)
	var hits []shortlink.Hit
	for i := range 5000 {
		hits = append(hits, visitAt(time.Minute+time.Duration(i%100)*time.Millisecond, 11, 1))
	}
	d.keep(t, hits...)
	r := testRules
	most := 0
	r.Judge = func(seen []shortlink.Seen) []shortlink.Verdict {
		most = max(most, len(seen))
		return shortlink.Judge(seen)
	}
	p, err := d.judge(t.Context(), r, 20_000, sizes{page: 100, most: 500})
	if err != nil || p.Hits != 5000 || p.More {
		t.Fatalf("%+v, %v", p, err)
	}
	if most > 600 {
		t.Errorf("%d hits were held at once", most)
	}
	d.check(t, shortlink.Judge)
}

// TestJudgeTakesTheNewest, as many as it may and no more than it has to.
func TestJudgeTakesTheNewest(t *testing.T) {
	t.Parallel()
	d := newDocket(t)
	for hour := range 6 {
		var hits []shortlink.Hit
		for i := range 10 {
			hits = append(hits, visitAt(time.Duration(hour)*time.Hour+time.Duration(i)*time.Second, 11, 1)) // nine of ten are repeats
		}
		d.keep(t, hits...)
	}
	for left := 6; left > 0; left -= 2 {
		p, err := d.Judge(t.Context(), testRules, 20)
		if err != nil || p != (shortlink.Pass{Hits: 20, Changed: 18, More: left > 2}) {
			t.Fatalf("with %d hours left: %+v, %v", left, p, err)
		}
		var newest time.Time
		if err := d.bun.NewRaw("SELECT coalesce(max(to_at), ?) FROM crm_click_spans", noon.Add(-time.Hour)).Scan(t.Context(), &newest); err != nil || newest.Sub(noon) >= time.Duration(left-2)*time.Hour {
			t.Fatalf("with %d hours left the newest is of %v, %v", left, newest, err)
		}
	}
	d.keep(t, visitAt(24*time.Hour, 11, 1), visitAt(24*time.Hour+time.Second, 11, 1), visitAt(24*time.Hour+2*time.Second, 11, 1))
	if p, err := d.Judge(t.Context(), testRules, 1); err != nil || p.Hits != 3 { // a span is taken whole
		t.Errorf("a large span: %+v, %v", p, err)
	}
}

// TestOthersRules: hits judged by one version's rules are never judged by another's.
func TestOthersRules(t *testing.T) {
	t.Parallel()
	d := newDocket(t)
	d.keep(t, visitAt(0, 11, 1), visitAt(time.Second, 11, 1))
	r := testRules
	r.Version = "2"
	if p, err := d.Judge(t.Context(), r, 100); err != nil || p != (shortlink.Pass{}) || d.spans(t) != 1 {
		t.Errorf("%+v, %v, %d spans", p, err, d.spans(t))
	}
	if p := d.judgeAll(t, testRules); p.Hits != 2 {
		t.Errorf("by its own: %+v", p)
	}
}

// TestWhenAMessageWasTaken: what is known about it decides which clicks came too soon.
func TestWhenAMessageWasTaken(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sending, accepted time.Duration // after noon; negative: not
		state             string
		until             time.Duration // clicks before this are too soon
	}{
		"taken":                          {0, 2 * time.Second, "accepted", 5 * time.Second},
		"a long batch":                   {0, 50 * time.Second, "accepted", 13 * time.Second},
		"being handed over":              {0, -1, "sending", 13 * time.Second},
		"nobody knows":                   {0, -1, "unknown", 13 * time.Second},
		"not sent":                       {-1, -1, "queued", 0},
		"taken, not known when it began": {-1, 2 * time.Second, "delivered", 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDocket(t)
			at := func(after time.Duration) any {
				if after < 0 {
					return nil
				}
				return noon.Add(after)
			}
			d.do(t, "UPDATE crm_deliveries SET state = ?, sending_at = ?, accepted_at = ?", c.state, at(c.sending), at(c.accepted))
			d.keep(t, visitAt(c.until, 11, 1), visitAt(c.until-time.Microsecond, 11, 3))
			d.judgeAll(t, testRules)
			want := "bot human"
			if c.until == 0 {
				want = "human human"
			}
			if got := kinds(d.verdicts(t)); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		})
	}
	t.Run("sent once more", func(t *testing.T) {
		t.Parallel()
		d := newDocket(t)
		d.keep(t, visitAt(-time.Hour, 11, 2), visitAt(-4*time.Second, 11, 4)) // one of the first try, one while the clocks differ
		if d.judgeAll(t, testRules); kinds(d.verdicts(t)) != "human bot" {
			t.Errorf("%v", d.verdicts(t))
		}
	})
}

// TestJudgeReadsNoOtherRow: neither of deliveries nor of hits, whatever statistics there are.
func TestJudgeReadsNoOtherRow(t *testing.T) {
	t.Parallel()
	d := newDocket(t)
	d.do(t, `INSERT INTO crm_deliveries (campaign_id, ordinal, learner_id, chunk, state) SELECT 5, o, o, 0, 'queued' FROM generate_series(0, 30000) o`)
	d.do(t, `INSERT INTO crm_clicks (at, id, link_id, campaign_id, ordinal, learner_id, kind)
		SELECT ?::timestamptz - o * interval '1 minute', o, 11, 5, o, 0, 'human' FROM generate_series(1, 30000) o`, noon)
	d.do(t, "ANALYZE crm_deliveries")
	d.do(t, "ANALYZE crm_clicks")
	d.keep(t, someHits(rand.New(rand.NewPCG(1, 1)), 2000, time.Minute)...) // of a campaign no statistics know
	err := d.inTx(t.Context(), func(tx *tx) error {
		j, err := newJudging(t.Context(), tx, testRules, pages)
		if err != nil {
			return err
		}
		if err := j.stretch(t.Context(), stretch{noon, noon.Add(2 * time.Minute)}); err != nil {
			return err
		}
		if j.pass.Hits != len(d.all) || j.pass.Changed < 1000 {
			t.Errorf("%+v of %d", j.pass, len(d.all))
		}
		var hits, deliveries int
		if err := tx.NewRaw(`SELECT sum(seq_tup_read + idx_tup_fetch) FILTER (WHERE relname LIKE 'crm\_clicks%'), sum(seq_tup_read + idx_tup_fetch) FILTER (WHERE relname = 'crm_deliveries')
			FROM pg_stat_xact_user_tables WHERE schemaname = current_schema()`).Scan(t.Context(), &hits, &deliveries); err != nil {
			return err
		}
		if n := len(d.all); hits > 4*n || deliveries > 2*n { // some ways of reading count twice
			t.Errorf("%d rows of hits and %d of deliveries were read for %d hits", hits, deliveries, n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
