package shortlink

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// Batch is hits that are kept together, with the programs that they name, each once.
type Batch struct {
	Hits   []Hit   `json:"hits"`
	Agents []Agent `json:"agents,omitempty"`
}

// add puts a hit into the batch.
func (b *Batch) add(h Hit, a Agent) {
	b.Hits = append(b.Hits, h)
	if a.ID != 0 && !slices.ContainsFunc(b.Agents, func(known Agent) bool { return known.ID == a.ID }) {
		b.Agents = append(b.Agents, a)
	}
}

// Encode gives the form in which batches wait, in the database and on disk.
func (b Batch) Encode() ([]byte, error) {
	data, err := json.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("encode hits: %w", err)
	}
	return data, nil
}

// DecodeBatch reads what Encode wrote.
//
// Errors: fault.ErrInvalid.
func DecodeBatch(data []byte) (b Batch, err error) {
	if err := json.Unmarshal(data, &b); err != nil {
		return Batch{}, fmt.Errorf("decode hits: %w: %w", fault.ErrInvalid, err)
	}
	return b, nil
}
