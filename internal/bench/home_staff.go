package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/coursecrm/coursecrm/crm/home"
)

const (
	staff = 200
	// readingTime is how long somebody looks at a page before they ask for another, on average.
	readingTime = 5 * time.Second
)

// working is for how long staff work: shorter where only the program is tried out.
func (b *bench) working() time.Duration {
	if b.scale <= 0.1 {
		return 15 * time.Second
	}
	return time.Minute
}

// mixedPage is a page that staff ask for, and how often among others.
type mixedPage struct {
	often  int
	target string // a part of the page, as htmx asks for it
	path   func(r *rand.Rand) string
}

// mixedPages are what a morning's work consists of.
func (b *bench) mixedPages(offering, campaign int64) []mixedPage {
	at := func(path string) func(*rand.Rand) string { return func(*rand.Rand) string { return path } }
	people := b.n(1_000_000)
	return []mixedPage{
		{4, "", at("/")}, {3, "home-live", at("/")}, {1, "home-usage", at("/?by=month")},
		{2, "", func(r *rand.Rand) string { return fmt.Sprintf("/audience?query=%d", 1+r.IntN(3)) }},
		{2, "", at("/campaigns")}, {1, "", at(fmt.Sprintf("/campaigns/%d", campaign))},
		{1, "", at("/courses")}, {1, "", at(fmt.Sprintf("/courses/%d", offering))},
		{4, "", func(r *rand.Rand) string { return fmt.Sprintf("/people/%d", 1+r.IntN(people)) }},
		{2, "", at("/followups")}, {1, "", at("/queries")}, {1, "", at("/labels")}, {1, "", at("/sync")},
	}
}

// staffAtWork lets many ask for mixed pages at once, while the figures are kept.
func (b *bench) staffAtWork(ctx context.Context, c *school, handler http.Handler, keeper *home.Keeper) error {
	var offering, campaign int64
	if err := c.conn.QueryRow(ctx, `SELECT (SELECT offering_id FROM crm_pairs JOIN crm_offerings o ON o.id = offering_id WHERE o.type = 'course' GROUP BY 1 ORDER BY count(*), 1
			OFFSET (SELECT count(DISTINCT offering_id) / 3 FROM crm_pairs) LIMIT 1),
		(SELECT id FROM crm_campaigns WHERE key = 'small500')`).Scan(&offering, &campaign); err != nil {
		return err
	}
	var deck []mixedPage
	for _, p := range b.mixedPages(offering, campaign) {
		for range p.often {
			deck = append(deck, p)
		}
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	keeping, stop := context.WithCancel(ctx)
	defer stop()
	var all sync.WaitGroup
	all.Go(func() { _ = keeper.Run(keeping) }) // it always gives nil
	visits := &visits{byPage: map[string][]time.Duration{}}
	transport := &http.Transport{MaxIdleConnsPerHost: staff}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	working, enough := context.WithTimeout(ctx, b.working())
	defer enough()
	var team sync.WaitGroup
	for id := range staff {
		team.Go(func() {
			r := rand.New(rand.NewPCG(uint64(id), 1)) //nolint:gosec // no secret
			for {
				pause := time.NewTimer(time.Duration((0.4 + 1.2*r.Float64()) * float64(readingTime)))
				select {
				case <-working.Done():
					pause.Stop()
					return
				case <-pause.C:
				}
				visits.add(visit(ctx, client, server.URL+"/crm", deck[r.IntN(len(deck))], r, id))
			}
		})
	}
	team.Wait()
	stop()
	all.Wait()
	return visits.report(b)
}

// visit asks for a page.
func visit(ctx context.Context, client *http.Client, base string, p mixedPage, r *rand.Rand, id int) (page string, took time.Duration, err error) {
	page = p.path(r)
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, base+page, nil)
	if err != nil {
		return page, 0, err
	}
	q.Header.Set("X-Staff", fmt.Sprint(id))
	if p.target != "" {
		q.Header.Set("HX-Request", "true")
		q.Header.Set("HX-Target", p.target)
		page += " #" + p.target
	}
	began := time.Now()
	a, err := client.Do(q)
	if err != nil {
		return page, 0, err
	}
	defer a.Body.Close()
	if _, err := io.Copy(io.Discard, a.Body); err != nil {
		return page, 0, err
	}
	if a.StatusCode >= 300 {
		return page, 0, fmt.Errorf("%s answers %s", page, a.Status)
	}
	return page, time.Since(began), nil
}

// visits are what staff waited for.
type visits struct {
	mu     sync.Mutex
	all    []time.Duration
	byPage map[string][]time.Duration
	errs   []error
}

func (v *visits) add(page string, took time.Duration, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err != nil {
		v.errs = append(v.errs, err)
		return
	}
	v.all = append(v.all, took)
	v.byPage[page] = append(v.byPage[page], took)
}

func (v *visits) report(b *bench) error {
	if len(v.all) == 0 {
		return fmt.Errorf("nobody saw a page: %w", v.errs[0])
	}
	b.fact("200 staff, a page each 5 s: pages", float64(len(v.all))/b.working().Seconds(), "/s")
	b.fact("… median", median(v.all)*1000, "ms")
	b.below("… p95", quantile(v.all, 0.95)*1000, "ms", staffPageMost)
	b.below("… errors", float64(len(v.errs)), "", 0)
	for page, took := range v.byPage {
		if len(took) > 20 {
			b.fact("… … "+page, quantile(took, 0.95)*1000, "ms")
		}
	}
	if len(v.errs) > 0 {
		fmt.Println("bench: the first of them:", v.errs[0])
	}
	return nil
}
