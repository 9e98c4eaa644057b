package shortlink

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// Spool keeps batches of hits as files of one directory while the database is away.
//
// A file appears whole, by renaming, and is never changed. Handing a batch in twice does no harm,
// so any number of processes may share the directory and need no lock; a process that is killed
// leaves nothing but what the next hands in. It is safe for concurrent use.
type Spool struct{ dir string }

// NewSpool keeps batches in a directory, which is made with the first of them.
func NewSpool(dir string) *Spool { return &Spool{dir: dir} }

const (
	spooled   = ".hits"
	refused   = ".refused" // what the database would never take, for a person to look at
	unwritten = ".part"
)

// Save keeps a batch durably.
func (s *Spool) Save(b Batch) error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	name := filepath.Join(s.dir, rand.Text())
	if err := writeSynced(name+unwritten, b.Encode()); err != nil {
		return fmt.Errorf("spool: %w", errors.Join(err, os.Remove(name+unwritten)))
	}
	if err := os.Rename(name+unwritten, name+spooled); err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	return s.sync()
}

func writeSynced(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// sync makes the names of the directory durable.
func (s *Spool) sync() error {
	d, err := os.Open(s.dir)
	if err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

// Empty reports whether nothing waits in the spool.
func (s *Spool) Empty() bool {
	names, err := s.waiting()
	return err == nil && len(names) == 0
}

// Count tells how many batches wait in the spool, and how many were put aside for a person to look
// at.
func (s *Spool) Count() (waiting, aside int, err error) {
	entries, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, 0, nil
	}
	for _, e := range entries {
		switch filepath.Ext(e.Name()) {
		case spooled:
			waiting++
		case refused:
			aside++
		}
	}
	if err != nil {
		err = fmt.Errorf("spool: %w", err)
	}
	return waiting, aside, err
}

func (s *Spool) waiting() ([]string, error) {
	entries, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var out []string
	for _, e := range entries {
		switch name := filepath.Join(s.dir, e.Name()); filepath.Ext(name) {
		case spooled:
			out = append(out, name)
		case unwritten:
			sweep(e, name)
		}
	}
	return out, err
}

// sweep removes what a process that was killed had not written to the end: nobody was sent on for it.
func sweep(e fs.DirEntry, name string) {
	if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > time.Hour {
		_ = os.Remove(name) // another process may be faster
	}
}

// Replay hands every batch in and removes what was taken; it tells how many hits. What cannot be
// read, and what take refuses for good (fault.ErrInvalid), is put aside under another name, so
// that it holds up nothing.
//
// Errors: take's first, after which the rest stays where it is; those of files that stay.
func (s *Spool) Replay(take func(Batch) error) (hits int, err error) {
	names, err := s.waiting()
	if err != nil {
		return 0, fmt.Errorf("spool: %w", err)
	}
	var troubles []error
	for _, name := range names {
		b, err := readBatch(name)
		if err == nil {
			if err = take(b); err != nil && !errors.Is(err, fault.ErrInvalid) {
				return hits, errors.Join(append(troubles, err)...)
			}
		}
		switch {
		case err == nil:
			hits += len(b.Hits)
			err = os.Remove(name)
		case errors.Is(err, fault.ErrInvalid):
			err = errors.Join(fmt.Errorf("spool: %s is put aside: %w", filepath.Base(name), err), os.Rename(name, strings.TrimSuffix(name, spooled)+refused))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // another process may be faster
			troubles = append(troubles, err) // one that cannot be read holds up no other
		}
	}
	return hits, errors.Join(troubles...)
}

func readBatch(name string) (b Batch, err error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return b, err
	}
	return DecodeBatch(data)
}
