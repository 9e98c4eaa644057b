package shortlink

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"
)

func TestSpoolIsCounted(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "clicks")
	s := NewSpool(dir)
	if waiting, aside, err := s.Count(); waiting != 0 || aside != 0 || err != nil {
		t.Errorf("without a directory: %d, %d, %v", waiting, aside, err)
	}
	for range 3 {
		if err := s.Save(Batch{Hits: []Hit{{At: time.Now()}}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "half"+unwritten), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if waiting, aside, err := s.Count(); waiting != 3 || aside != 0 || err != nil {
		t.Errorf("%d, %d, %v", waiting, aside, err)
	}
	if _, err := s.Replay(func(Batch) error { return fmt.Errorf("no: %w", fault.ErrInvalid) }); err == nil {
		t.Error("nobody is told what is put aside")
	}
	if waiting, aside, err := s.Count(); waiting != 0 || aside != 3 || err != nil {
		t.Errorf("put aside: %d, %d, %v", waiting, aside, err)
	}
}
