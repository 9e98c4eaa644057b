package storage

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/internal/pgtest"
	"github.com/coursecrm/coursecrm/shortlink"
)

// TestNewRulesJudgeEveryHitAgain, and lose none.
func TestNewRulesJudgeEveryHitAgain(t *testing.T) {
	t.Parallel()
	d := newDocket(t)
	d.keep(t, someHits(rand.New(rand.NewPCG(3, 3)), 1000, 100*time.Hour)...)
	d.judgeAll(t, testRules)
	d.keep(t, visitAt(200*time.Hour, 11, 1)) // listed still
	facts := d.text(t, "SELECT md5(string_agg((at, id, link_id, campaign_id, ordinal, head, ahead, agent, network, visitor)::text, ' ' ORDER BY at, id)) FROM crm_clicks")

	strict := testRules
	strict.Version = "2"
	strict.Agent = func(text string) shortlink.Agent {
		return shortlink.Agent{Text: text, Program: text == "person", OS: shortlink.OSiOS}
	}
	n, err := d.Recall(t.Context(), strict)
	if err != nil || n != int64(len(d.all)) {
		t.Fatalf("%d of %d hits are listed, %v", n, len(d.all), err)
	}
	if got := d.text(t, "SELECT string_agg(concat_ws(' ', id, text, program, os), ', ' ORDER BY id) FROM crm_agents"); got != "7 person t ios, 8 program f ios" {
		t.Errorf("agents: %s", got)
	}
	if n, err := d.Recall(t.Context(), strict); err != nil || n != 0 {
		t.Errorf("by the same rules again: %d hits, %v", n, err)
	}
	if p := d.judgeAll(t, strict); p.Hits != len(d.all) || p.Changed == 0 {
		t.Errorf("%+v of %d hits", p, len(d.all))
	}
	for i := range d.all {
		d.all[i].Program = d.all[i].Agent == 7
	}
	d.check(t, shortlink.Judge)
	if got := d.text(t, "SELECT md5(string_agg((at, id, link_id, campaign_id, ordinal, head, ahead, agent, network, visitor)::text, ' ' ORDER BY at, id)) FROM crm_clicks"); got != facts {
		t.Error("what was seen of the hits changed")
	}
}

func (d *docket) text(t testing.TB, query string) (out string) {
	t.Helper()
	if err := d.bun.NewRaw(query).Scan(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestAgentsThatOthersReadAreReadAgain: a process with older rules may still write down agents after
// the newer ones came.
func TestAgentsThatOthersReadAreReadAgain(t *testing.T) {
	t.Parallel()
	d := newDocket(t)
	d.keep(t, visitAt(time.Minute, 11, 1))
	d.judgeAll(t, testRules)
	d.do(t, "UPDATE crm_agents SET os = 'linux'")
	if n, err := d.Recall(t.Context(), testRules); err != nil || n != 0 {
		t.Errorf("for a system's name %d hits are judged again, %v", n, err)
	}
	d.do(t, "UPDATE crm_agents SET program = true")
	if n, err := d.Recall(t.Context(), testRules); err != nil || n != 1 {
		t.Errorf("for what was a program's %d hits are judged again, %v", n, err)
	}
	if got := d.text(t, "SELECT string_agg(concat_ws(' ', text, program, os), ', ' ORDER BY id) FROM crm_agents"); got != "person f android, program t android" {
		t.Errorf("agents: %s", got)
	}
}

// TestRecallInPieces: no span holds more than a judge takes at once, and together they hold all.
func TestRecallInPieces(t *testing.T) {
	t.Parallel()
	d := newDocket(t)
	d.do(t, `INSERT INTO crm_clicks (at, id, link_id, campaign_id, ordinal, learner_id, kind)
		SELECT ?::timestamptz + (o / 2) * interval '1 minute', o, 11, 1, 1, 0, 'human' FROM generate_series(1, 25000) o`, noon)
	r := testRules
	r.Version = "2"
	if n, err := d.Recall(t.Context(), r); err != nil || n != 25_000 {
		t.Fatal(n, err)
	}
	if got := d.text(t, `SELECT string_agg(concat_ws(' ', s.hits, (SELECT count(*) >= s.hits FROM crm_clicks WHERE at BETWEEN s.from_at AND s.to_at)), ', ' ORDER BY s.from_at) FROM crm_click_spans s`); got != "10000 t, 10000 t, 5000 t" {
		t.Errorf("spans: %s", got)
	}
	if p, err := d.Judge(t.Context(), r, 12_000); err != nil || !p.More || p.Hits < 5000 || p.Hits > 6000 {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestRecallIsAllOrNothing: one that dies has changed nothing, and the next does it all.
func TestRecallIsAllOrNothing(t *testing.T) {
	t.Parallel()
	d := newDocket(t)
	d.keep(t, someHits(rand.New(rand.NewPCG(4, 4)), 100, time.Hour)...)
	d.judgeAll(t, testRules)
	ctx, cancel := context.WithCancel(t.Context())
	dying := testRules
	dying.Version = "2"
	dying.Agent = func(text string) shortlink.Agent {
		cancel()
		return shortlink.Agent{Text: text, OS: "none"}
	}
	if n, err := d.Recall(ctx, dying); err == nil || n != 0 {
		t.Errorf("%d hits, %v", n, err)
	}
	if d.spans(t) != 0 || d.text(t, "SELECT version FROM crm_click_rules") != "1" || strings.Contains(d.text(t, "SELECT string_agg(os, ' ') FROM crm_agents"), "none") {
		t.Error("something is left of it")
	}
	dying.Agent = testRules.Agent
	if n, err := d.Recall(t.Context(), dying); err != nil || n != int64(len(d.all)) {
		t.Errorf("the next: %d hits, %v", n, err)
	}
}

// TestRecallWaitsForAJudge, so that none writes verdicts by rules that are not in force any more.
func TestRecallWaitsForAJudge(t *testing.T) {
	t.Parallel()
	d := newDocket(t)
	d.keep(t, visitAt(time.Minute, 11, 1))
	other, err := New(pgtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	r, newer := testRules, testRules
	newer.Version = "2"
	r.Judge = func(seen []shortlink.Seen) []shortlink.Verdict {
		go func() {
			_, err := (&Links{DB: other}).Recall(context.WithoutCancel(t.Context()), newer)
			done <- err
		}()
		for d.text(t, "SELECT count(*)::text FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' AND NOT l.granted AND a.application_name = current_setting('application_name')") != "1" {
			if t.Context().Err() != nil {
				break
			}
		}
		return shortlink.Judge(seen)
	}
	if p, err := d.Judge(t.Context(), r, 10); err != nil || p.Hits != 1 {
		t.Errorf("%+v, %v", p, err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if d.spans(t) != 1 || d.text(t, "SELECT version FROM crm_click_rules") != "2" {
		t.Error("the hit is not listed for the newer rules")
	}
}
