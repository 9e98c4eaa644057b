package storage

import "sync"

// idCache remembers our ids of learners while the first sync reads activities: there are ten for
// every learner, and finding an id in a table of wide rows costs as much as writing the event. An
// id never changes, so what is remembered cannot go stale. The zero value is ready to use.
type idCache struct {
	mu  sync.Mutex
	ids map[string]int64 // by the host's id
}

// maxCached bounds the memory to some 100 MB; whoever does not fit is looked up each time.
const maxCached = 1_000_000

// lookUp puts the known ones of ids into out and returns the others.
func (p *idCache) lookUp(ids []string, out map[string]int64) (unknown []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, host := range ids {
		if id, ok := p.ids[host]; ok {
			out[host] = id
		} else {
			unknown = append(unknown, host)
		}
	}
	return unknown
}

// remember keeps ids.
func (p *idCache) remember(found map[string]int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ids == nil {
		p.ids = map[string]int64{}
	}
	for host, id := range found {
		if len(p.ids) >= maxCached {
			return
		}
		p.ids[host] = id
	}
}

// forget frees the memory; the first sync is over.
func (p *idCache) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ids = nil
}
