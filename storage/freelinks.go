package storage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/shortlink"
)

// freeRow is a link made by staff; Links implements shortlink.FreeStore.
type freeRow struct {
	linkRow
	Title, ByID, ByName  string
	CreatedAt, UpdatedAt time.Time
	Followed             bool
}

const (
	freeColumns  = linkColumns + ", title, by_id, by_name, created_at, updated_at"
	freeFollowed = ", EXISTS (SELECT FROM crm_clicks k WHERE k.campaign_id = 0 AND k.link_id = l.id) AS followed"
	freeWhere    = " FROM crm_links l WHERE kind = 'free' AND "
)

func (r freeRow) free() (shortlink.FreeLink, error) {
	link, err := r.link()
	return shortlink.FreeLink{Link: link, Title: r.Title, ByID: r.ByID, ByName: r.ByName, CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC()}, err
}

// InsertFree implements shortlink.FreeStore.
func (s *Links) InsertFree(ctx context.Context, form string, l shortlink.FreeLink) (shortlink.FreeLink, bool, error) {
	err := s.inTx(ctx, func(t *tx) error {
		link, err := makeLink(ctx, t, l.Link, l.CreatedAt)
		if err != nil {
			return err
		}
		l.Link = link
		_, err = t.exec(ctx, "UPDATE crm_links SET title = ?, by_id = ?, by_name = ?, updated_at = ?, form = ? WHERE id = ?",
			l.Title, l.ByID, l.ByName, l.UpdatedAt, form, int64(l.ID))
		return err
	})
	if err == nil {
		return l, true, nil
	}
	if !errors.Is(err, fault.ErrConflict) {
		return shortlink.FreeLink{}, false, fmt.Errorf("insert free link: %w", err)
	}
	// The name or the form is there already; a form sent twice has both.
	first, _, findErr := findFree(ctx, s.bun, "form = ?", form)
	if errors.Is(findErr, fault.ErrNotFound) {
		findErr = err
	}
	if findErr != nil {
		return shortlink.FreeLink{}, false, fmt.Errorf("insert free link: %w", findErr)
	}
	return first, false, nil
}

// UpdateFree implements shortlink.FreeStore.
func (s *Links) UpdateFree(ctx context.Context, l shortlink.FreeLink, now time.Time) (shortlink.FreeLink, error) {
	utm, err := json.Marshal(l.UTM)
	if err != nil {
		return l, fmt.Errorf("update free link %d: %w", l.ID, err)
	}
	var row freeRow
	err = s.inTx(ctx, func(t *tx) error {
		was, followed, err := findFree(ctx, t, "id = ? FOR UPDATE", int64(l.ID))
		switch {
		case err != nil:
			return err
		case !was.UpdatedAt.Equal(l.UpdatedAt):
			return shortlink.ErrChanged
		case followed && was.Slug != "" && was.Slug != l.Slug:
			return shortlink.ErrNamed
		}
		return t.NewRaw("UPDATE crm_links SET title = ?, target = ?, slug = ?, utm = ?, expires_at = ?, "+nextVersion+" WHERE id = ? RETURNING "+freeColumns,
			l.Title, l.Target, l.Slug, string(utm), orNull(l.Expires), now, int64(l.ID)).Scan(ctx, &row)
	})
	if err != nil {
		return shortlink.FreeLink{}, fmt.Errorf("update free link %d: %w", l.ID, err)
	}
	return row.free()
}

// nextVersion moves updated_at on also when the clock has not.
const nextVersion = "updated_at = greatest(?::timestamptz, updated_at + interval '1 microsecond')"

// ArchiveFree implements shortlink.FreeStore.
func (s *Links) ArchiveFree(ctx context.Context, id shortlink.LinkID, archived bool, now time.Time) error {
	return s.inTx(ctx, func(t *tx) error {
		n, err := t.exec(ctx, "UPDATE crm_links SET archived = ?, "+nextVersion+" WHERE id = ? AND kind = 'free'", archived, now, int64(id))
		if err == nil && n == 0 {
			err = fault.ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("archive free link %d: %w", id, translate(err))
		}
		return nil
	})
}

// FindFree implements shortlink.FreeStore.
func (s *Links) FindFree(ctx context.Context, id shortlink.LinkID) (shortlink.FreeLink, bool, error) {
	l, followed, err := findFree(ctx, s.bun, "id = ?", int64(id))
	if err != nil {
		return l, false, fmt.Errorf("find free link %d: %w", id, err)
	}
	return l, followed, nil
}

func findFree(ctx context.Context, db bun.IDB, where string, args ...any) (shortlink.FreeLink, bool, error) {
	var row freeRow
	if err := db.NewRaw("SELECT "+freeColumns+freeFollowed+freeWhere+where, args...).Scan(ctx, &row); err != nil {
		return shortlink.FreeLink{}, false, translate(err)
	}
	l, err := row.free()
	return l, row.Followed, err
}

// freeStates are the conditions of the states; those with a place take the time.
var freeStates = map[shortlink.FreeState]string{
	"":                     "?::timestamptz IS NOT NULL",
	shortlink.FreeCurrent:  "NOT archived AND coalesce(expires_at > ?, true)",
	shortlink.FreeOver:     "NOT archived AND expires_at <= ?",
	shortlink.FreeArchived: "archived AND ?::timestamptz IS NOT NULL",
}

// ListFree implements shortlink.FreeStore.
func (s *Links) ListFree(ctx context.Context, v shortlink.FreeView, now time.Time, after string, limit int) ([]shortlink.FreeLink, string, error) {
	state, ok := freeStates[v.State]
	if !ok {
		return nil, "", fmt.Errorf("%w: state of free links", fault.ErrInvalid)
	}
	where, args := state, []any{now}
	if after != "" {
		var key idKey
		if err := decodeCursor(after, &key); err != nil {
			return nil, "", err
		}
		where, args = where+" AND id < ?", append(args, key.ID)
	}
	if v.Search != "" {
		pattern := "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(v.Search) + "%"
		where, args = where+" AND (title ILIKE ? OR slug ILIKE ? OR target ILIKE ?)", append(args, pattern, pattern, pattern)
	}
	var rows []freeRow
	err := s.reading(ctx, func(tx bun.Tx) error {
		return tx.NewRaw("SELECT "+freeColumns+freeWhere+where+" ORDER BY id DESC LIMIT ?", append(args, limit+1)...).Scan(ctx, &rows)
	})
	if err != nil {
		return nil, "", fmt.Errorf("list free links: %w", translate(err))
	}
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		next = encodeCursor(idKey{rows[limit-1].ID})
	}
	out := make([]shortlink.FreeLink, len(rows))
	for i, r := range rows {
		if out[i], err = r.free(); err != nil {
			return nil, "", err
		}
	}
	return out, next, nil
}
