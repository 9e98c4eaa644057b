package storage

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/shortlink"
)

// Keys implements shortlink.KeyStore: every version of the key of codes, the first being made when
// it is asked for. Any number of processes may ask at once and get the same.
//
// The secrets are rows of their own, not derived from the installation's secret: that one can be
// changed, and codes in people's phones go on leading where they did.
func (s *Links) Keys(ctx context.Context) ([]shortlink.Key, error) {
	keys, err := linkKeys(ctx, s.bun)
	if err == nil && len(keys) == 0 {
		// Who comes second waits here for the first to commit, and keeps that one's.
		_, err = s.bun.NewRaw("INSERT INTO crm_link_keys (version, secret, created_at) VALUES (0, ?, now()) ON CONFLICT DO NOTHING",
			newLinkSecret()).Exec(ctx)
		if err == nil {
			keys, err = linkKeys(ctx, s.bun)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("keys of codes: %w", translate(err))
	}
	return keys, nil
}

// Rotate adds a version of the key, for links that are made from now on, and gives its number. The
// earlier ones stay, and so do their links' codes.
//
// Errors: fault.ErrConflict when all versions are used, or somebody else is rotating.
func (s *Links) Rotate(ctx context.Context, now time.Time) (int, error) {
	if _, err := s.Keys(ctx); err != nil { // the first is not a rotation
		return 0, err
	}
	var version int
	err := s.bun.NewRaw(`
		INSERT INTO crm_link_keys (version, secret, created_at)
		SELECT max(version) + 1, ?, ? FROM crm_link_keys HAVING max(version) + 1 < ? RETURNING version`,
		newLinkSecret(), now, shortlink.KeyVersions).Scan(ctx, &version)
	err = translate(err)
	if errors.Is(err, fault.ErrNotFound) {
		err = fmt.Errorf("all %d versions are used: %w", shortlink.KeyVersions, fault.ErrConflict)
	}
	if err != nil {
		return 0, fmt.Errorf("rotate key of codes: %w", err)
	}
	return version, nil
}

// newestKey gives the version for a link that is made in t: that of the last rotation which had
// committed by now. Before anybody has asked for a key it is 0 already.
func newestKey(ctx context.Context, t *tx) (int, error) {
	var version int
	if err := t.NewRaw("SELECT coalesce(max(version), 0) FROM crm_link_keys").Scan(ctx, &version); err != nil {
		return 0, fmt.Errorf("newest key of codes: %w", err)
	}
	return version, nil
}

func linkKeys(ctx context.Context, db bun.IDB) ([]shortlink.Key, error) {
	var rows []struct {
		Version int
		Secret  []byte
	}
	err := db.NewRaw("SELECT version, secret FROM crm_link_keys ORDER BY version").Scan(ctx, &rows)
	keys := make([]shortlink.Key, len(rows))
	for i, r := range rows {
		keys[i] = shortlink.Key(r)
	}
	return keys, err
}

func newLinkSecret() []byte {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails: it ends the process rather than give no randomness
	return secret
}
