package shortlink

import "slices"

// Batch is hits that are kept together, with the programs that they name, each once.
type Batch struct {
	Hits   []Hit
	Agents []Agent
}

// add puts a hit into the batch.
func (b *Batch) add(h Hit, a Agent) {
	b.Hits = append(b.Hits, h)
	if a.ID != 0 && !slices.ContainsFunc(b.Agents, func(known Agent) bool { return known.ID == a.ID }) {
		b.Agents = append(b.Agents, a)
	}
}
