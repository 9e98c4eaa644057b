package storage

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/shortlink"
)

// Links implements shortlink.Store, shortlink.KeyStore and shortlink.Docket.
type Links struct{ *DB }

type linkRow struct {
	ID, CampaignID, First, Count int64
	Key                          int
	Kind, Target, Slug           string
	UTM                          json.RawMessage
	ExpiresAt                    bun.NullTime
	Archived                     bool
}

const linkColumns = "id, kind, campaign_id, target, utm, slug, key, first, count, expires_at, archived"

func (r linkRow) link() (shortlink.Link, error) {
	l := shortlink.Link{ID: shortlink.LinkID(r.ID), Kind: shortlink.LinkKind(r.Kind), Campaign: r.CampaignID, Target: r.Target, Slug: r.Slug,
		Key: r.Key, First: shortlink.Number(r.First), Count: r.Count, Expires: utc(r.ExpiresAt), Archived: r.Archived}
	if err := json.Unmarshal(r.UTM, &l.UTM); err != nil {
		return l, fmt.Errorf("link %d: %w", r.ID, err)
	}
	return l, nil
}

// linkWhere reads one link.
func linkWhere(ctx context.Context, db bun.IDB, where string, args ...any) (shortlink.Link, error) {
	var row linkRow
	if err := db.NewRaw("SELECT "+linkColumns+" FROM crm_links WHERE "+where, args...).Scan(ctx, &row); err != nil {
		return shortlink.Link{}, translate(err)
	}
	return row.link()
}

// Owner implements shortlink.Store: the link with the largest first number not above n, if its
// range reaches that far. Ranges do not overlap.
func (s *Links) Owner(ctx context.Context, key int, n shortlink.Number) (shortlink.Link, error) {
	link, err := linkWhere(ctx, s.bun, "first <= ? ORDER BY first DESC LIMIT 1", int64(n))
	if err != nil {
		return link, fmt.Errorf("owner of a code: %w", err)
	}
	if int64(n-link.First) >= link.Count || link.Key != key {
		return shortlink.Link{}, fmt.Errorf("owner of a code: %w", fault.ErrNotFound)
	}
	return link, nil
}

// Slug implements shortlink.Store.
func (s *Links) Slug(ctx context.Context, slug string) (shortlink.Link, error) {
	link, err := linkWhere(ctx, s.bun, "slug = ? AND slug <> ''", slug)
	if err != nil {
		return link, fmt.Errorf("owner of a name: %w", err)
	}
	return link, nil
}

// Loose implements shortlink.Store. Two callers at once may make two links; both lead there.
func (s *Links) Loose(ctx context.Context, target string, now time.Time) (shortlink.Link, error) {
	link, err := linkWhere(ctx, s.bun, "kind = 'test' AND target = ? ORDER BY id LIMIT 1", target)
	if err == nil || !errors.Is(err, fault.ErrNotFound) {
		return link, err
	}
	err = s.inTx(ctx, func(t *tx) (err error) {
		link, err = makeLink(ctx, t, shortlink.Link{Kind: shortlink.LinkTest, Target: target, Count: 1}, now)
		return err
	})
	return link, err
}

// makeLink makes a link that owns Count numbers under the newest key; it fills in ID, Key and First.
func makeLink(ctx context.Context, t *tx, l shortlink.Link, now time.Time) (shortlink.Link, error) {
	key, err := newestKey(ctx, t)
	if err != nil {
		return l, fmt.Errorf("make link: %w", err)
	}
	utm, err := json.Marshal(l.UTM)
	if err != nil {
		return l, fmt.Errorf("make link: %w", err)
	}
	var row linkRow
	err = t.NewRaw(`
		WITH range AS (UPDATE crm_link_numbers SET next = next + ? RETURNING next - ? AS first)
		INSERT INTO crm_links (kind, campaign_id, target, utm, slug, key, first, count, expires_at, created_at)
		SELECT ?, ?, ?, ?, ?, ?, first, ?, ?, ? FROM range RETURNING `+linkColumns,
		l.Count, l.Count, string(l.Kind), l.Campaign, l.Target, string(utm), l.Slug, key, l.Count, orNull(l.Expires), now).Scan(ctx, &row)
	if err != nil {
		return l, fmt.Errorf("make link: %w", err)
	}
	return row.link()
}

// Salt implements shortlink.Store.
func (s *Links) Salt(ctx context.Context, day time.Time) ([]byte, error) {
	fresh := make([]byte, 32)
	rand.Read(fresh) // never fails, says its documentation
	var salt []byte
	// The second part sees what somebody else made meanwhile only when asked again.
	for range 2 {
		err := s.bun.NewRaw(`
			WITH made AS (INSERT INTO crm_day_salts (day, salt) VALUES (?::date, ?) ON CONFLICT DO NOTHING RETURNING salt)
			SELECT salt FROM made UNION ALL SELECT salt FROM crm_day_salts WHERE day = ?::date LIMIT 1`,
			day.UTC().Format(time.DateOnly), fresh, day.UTC().Format(time.DateOnly)).Scan(ctx, &salt)
		if err == nil {
			return salt, nil
		}
		if err = translate(err); !errors.Is(err, fault.ErrNotFound) {
			return nil, fmt.Errorf("salt of the day: %w", err)
		}
	}
	return nil, fmt.Errorf("salt of the day: %w", fault.ErrUnavailable)
}
