package storage

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// lockWait is how long clicks may have to wait because somebody wants to change the partitions and
// has to wait for others. Who reads clicks for longer is in nobody's way: it is tried again.
const (
	lockWait  = "300ms"
	lockTries = 5
	lockPause = 200 * time.Millisecond
)

// Months implements shortlink.Docket. It makes the partitions of hits for the months (UTC) of now
// and the next two, and for every month that has hits among the rest, which it moves there. With
// keep above 0 it drops those that ended more than keep months ago.
//
// Each partition is made or dropped in a transaction of its own, so it may be called by any number
// of processes at once and die at any time, and hits may be kept meanwhile: they wait for a few
// milliseconds, and longer only where many hits have to be moved.
//
// Errors: fault.ErrUnavailable when others read or wrote hits for so long that it gave up; what it
// has done stays.
func (d *DB) Months(ctx context.Context, now time.Time, keep int) error {
	this := monthOf(now)
	var errs []error
	oldest := time.Time{}
	if keep > 0 {
		oldest = this.AddDate(0, -keep, 0)
		errs = append(errs, d.dropMonths(ctx, oldest))
	}
	months := []time.Time{this, this.AddDate(0, 1, 0), this.AddDate(0, 2, 0)}
	var strays []time.Time
	if err := d.bun.NewRaw("SELECT DISTINCT date_trunc('month', at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS month FROM crm_clicks_rest WHERE at >= ? ORDER BY month", oldest).Scan(ctx, &strays); err != nil {
		errs = append(errs, fmt.Errorf("find hits of other months: %w", translate(err)))
	}
	for _, m := range append(months, strays...) {
		errs = append(errs, d.patiently(ctx, func(t *tx) error { return makeMonth(ctx, t, monthOf(m)) }))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("months of hits: %w", err)
	}
	return nil
}

// Forget implements shortlink.Docket: of the salts those of today and of two days before stay, for
// hits that waited on a disk.
func (d *DB) Forget(ctx context.Context, now time.Time) error {
	if _, err := d.bun.NewRaw("DELETE FROM crm_day_salts WHERE day < ?::date", now.UTC().AddDate(0, 0, -2).Format(time.DateOnly)).Exec(ctx); err != nil {
		return fmt.Errorf("forget salts: %w", translate(err))
	}
	return nil
}

func monthOf(t time.Time) time.Time {
	t = t.UTC()
	return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
}

// patiently runs fn in a transaction that waits for no lock longer than clicks may, a few times.
func (d *DB) patiently(ctx context.Context, fn func(t *tx) error) (err error) {
	for range lockTries {
		err = d.inTx(ctx, func(t *tx) error {
			if err := unhurried(ctx, t); err != nil {
				return err
			}
			if _, err := t.exec(ctx, "SELECT set_config('lock_timeout', ?, true)", lockWait); err != nil {
				return err
			}
			// Who judges or takes hits in reads and writes all partitions: neither waits for the other
			// half way.
			for _, key := range []int64{admitKey, clicksKey} {
				if _, err := t.exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended(current_schema(), ?))", key); err != nil {
					return err
				}
			}
			return fn(t)
		})
		if !errors.Is(err, fault.ErrUnavailable) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lockPause):
		}
	}
	return err
}

// makeMonth makes the partition of a month, unless it is there.
func makeMonth(ctx context.Context, t *tx, month time.Time) error {
	made, err := madeMonths(ctx, t)
	if err != nil || slices.ContainsFunc(made, month.Equal) {
		return err
	}
	// Whoever keeps or reads hits waits at the table itself, before it is decided which partitions are
	// asked. Of those who waited at the rest, a hit would find that it must not go there any more, and
	// a reader would miss those that were moved.
	if _, err := t.exec(ctx, "LOCK TABLE ONLY crm_clicks, ONLY crm_clicks_rest IN ACCESS EXCLUSIVE MODE"); err != nil {
		return fmt.Errorf("lock hits: %w", err)
	}
	name, next := partition(month), month.AddDate(0, 1, 0)
	// The indexes come with attaching it: at once they cost half of what they cost hit by hit.
	if _, err := t.exec(ctx, "CREATE TABLE "+name+" (LIKE crm_clicks INCLUDING ALL EXCLUDING INDEXES)"); err != nil {
		return fmt.Errorf("make %s: %w", name, err)
	}
	for _, statement := range []string{
		"INSERT INTO " + name + " SELECT * FROM crm_clicks_rest WHERE at >= ? AND at < ?",
		"DELETE FROM crm_clicks_rest WHERE at >= ? AND at < ?",
		"ALTER TABLE crm_clicks ATTACH PARTITION " + name + " FOR VALUES FROM (?) TO (?)",
	} {
		if _, err := t.exec(ctx, statement, month, next); err != nil {
			return fmt.Errorf("fill %s: %w", name, err)
		}
	}
	return nil
}

// dropMonths drops the partitions that ended by then, and the hits of that time among the rest.
func (d *DB) dropMonths(ctx context.Context, oldest time.Time) error {
	var made []time.Time
	err := d.inTx(ctx, func(t *tx) (err error) {
		made, err = madeMonths(ctx, t)
		return err
	})
	errs := []error{err}
	for _, m := range made {
		if m.Before(oldest) {
			errs = append(errs, d.patiently(ctx, func(t *tx) error {
				_, err := t.exec(ctx, "DROP TABLE IF EXISTS "+partition(m))
				return err
			}))
		}
	}
	errs = append(errs, d.patiently(ctx, func(t *tx) error {
		_, err := t.exec(ctx, "DELETE FROM crm_clicks_rest WHERE at < ?", oldest)
		return err
	}))
	return errors.Join(errs...)
}

// partition is the name of a month's partition.
func partition(month time.Time) string { return "crm_clicks_" + month.Format("2006_01") }

var partitionName = regexp.MustCompile(`^crm_clicks_(\d{4}_\d{2})$`)

// madeMonths lists the months that have a partition.
func madeMonths(ctx context.Context, t *tx) (out []time.Time, err error) {
	var names []string
	if err := t.NewRaw(`SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		WHERE i.inhparent = 'crm_clicks'::regclass ORDER BY c.relname`).Scan(ctx, &names); err != nil {
		return nil, fmt.Errorf("list partitions: %w", err)
	}
	for _, name := range names {
		if m := partitionName.FindStringSubmatch(name); m != nil {
			if month, err := time.Parse("2006_01", m[1]); err == nil {
				out = append(out, month)
			}
		}
	}
	return out, nil
}
