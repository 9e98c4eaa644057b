package storage

import (
	"context"
	"time"
)

// Acquire takes or renews a lease for ttl, by the database's clock. False: another owner has it.
func (d *DB) Acquire(ctx context.Context, name, owner string, ttl time.Duration) (bool, error) {
	res, err := d.bun.NewRaw(`
		INSERT INTO crm_leases AS l (name, owner, until)
		VALUES (?, ?, now() + ? * interval '1 millisecond')
		ON CONFLICT (name) DO UPDATE SET owner = EXCLUDED.owner, until = EXCLUDED.until
		WHERE l.owner = EXCLUDED.owner OR l.until < now()`,
		name, owner, ttl.Milliseconds()).Exec(ctx)
	if err != nil {
		return false, translate(err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// Release gives a lease back. Not holding it is no error.
func (d *DB) Release(ctx context.Context, name, owner string) error {
	_, err := d.bun.NewRaw("DELETE FROM crm_leases WHERE name = ? AND owner = ?", name, owner).Exec(ctx)
	return translate(err)
}
