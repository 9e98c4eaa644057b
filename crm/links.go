package crm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/coursecrm/coursecrm/crm/setting"
	"github.com/coursecrm/coursecrm/shortlink"
	"github.com/coursecrm/coursecrm/storage"
)

// links is what follows short links and judges who did.
type links struct {
	store   *storage.Links
	ring    *shortlink.Ring
	domains shortlink.Domains
	service *shortlink.Service
	spool   *shortlink.Spool
	record  *shortlink.Recorder
	free    *shortlink.Free
	stats   *shortlink.Statistics
	keeper  *shortlink.Keeper
}

func openLinks(ctx context.Context, c Config, db *storage.DB, secret []byte, site *setting.Service) (links, error) {
	out := links{store: &storage.Links{DB: db}}
	var err error
	if out.ring, err = shortlink.NewRing(ctx, out.store, time.Now); err != nil {
		return out, fmt.Errorf("keys of short links: %w", err)
	}
	if out.domains, err = shortlink.ParseDomains(c.Links.Domains); err != nil {
		return out, err
	}
	agents, err := shortlink.NewAgents(c.Links.Programs)
	if err != nil {
		return out, err
	}
	out.spool = shortlink.NewSpool(c.spoolDir(secret))
	out.record = shortlink.NewRecorder(out.store, out.spool, time.Now, c.Logger)
	out.service = shortlink.NewService(out.store, out.ring, agents, out.record,
		shortlink.Settings{Domains: out.domains, Proxies: c.Links.Proxies}, time.Now)
	out.free = shortlink.NewFree(out.store, out.ring, out.domains, time.Now)
	out.stats = shortlink.NewStatistics(out.store)
	out.keeper = &shortlink.Keeper{Docket: out.store, Rules: shortlink.RulesOf(agents), KeepNow: keepMonths(site), Now: time.Now, Log: c.Logger}
	return out, nil
}

// RotateLinkKey makes a new key, under which links that are made from now on have their codes; do so
// when strangers may have read the database. Codes that are out lead where they did. It gives the
// number of the new key; there are sixteen in an installation's life.
//
// Errors: ErrConflict when all are used, or somebody else does the same just now; ErrUnavailable.
func (c *CRM) RotateLinkKey(ctx context.Context) (int, error) {
	version, err := c.links.store.Rotate(ctx, time.Now())
	if err != nil {
		return 0, err
	}
	_, err = c.links.ring.Encode(ctx, version, 0) // this process learns it now, the others when they meet it
	return version, err
}

// spoolDir is a directory of this installation's own: what waits in it must not end in another's
// database.
func (c Config) spoolDir(secret []byte) string {
	dir := c.Links.SpoolDir
	if dir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			base = os.TempDir()
		}
		dir = filepath.Join(base, "coursecrm")
	}
	name := sha256.Sum256(append([]byte("spool\x00"), secret...))
	return filepath.Join(dir, "clicks-"+hex.EncodeToString(name[:8]))
}
