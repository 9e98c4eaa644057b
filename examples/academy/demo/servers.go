package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/coursecrm/coursecrm/crm"
	"github.com/coursecrm/coursecrm/examples/academy/school"
	"github.com/coursecrm/coursecrm/examples/academy/seed"
	"github.com/coursecrm/coursecrm/internal/devstack"
)

// schema holds the school's tables; the CRM's are in schema public of the same database.
const schema = "academy"

// startServers starts PostgreSQL and Redis unless the environment names them, and tells whether
// the database is our own.
func (a *Academy) startServers(ctx context.Context, o Options) (own bool, err error) {
	stack, err := devstack.FromEnv(ctx, devstack.Options{Dir: o.DataDir, Durable: true, Logger: o.Logger})
	if err != nil {
		return false, fmt.Errorf("start the servers: %w", err)
	}
	a.onClose(stack.Close)
	a.DatabaseURL, a.RedisAddr = stack.DatabaseURL, stack.RedisAddr
	return os.Getenv("DATABASE_URL") == "", nil
}

// connect opens the two pools: the school's and the CRM's.
func (a *Academy) connect(ctx context.Context) error {
	db, err := school.Open(ctx, a.DatabaseURL, schema)
	if err != nil {
		return err
	}
	a.onClose(db.Close)
	a.School = school.New(db, nil)
	a.crmDB, err = openCRMDatabase(a.DatabaseURL)
	if err != nil {
		return err
	}
	a.onClose(a.crmDB.Close)
	return nil
}

// openSchool makes the school's tables and, the first time, its data.
func (a *Academy) openSchool(ctx context.Context, o Options, own bool) error {
	if o.Reset {
		if err := reset(ctx, a.DatabaseURL, own); err != nil {
			return err
		}
	}
	if err := a.connect(ctx); err != nil {
		return err
	}
	db := a.School.DB()
	if err := school.CreateTables(ctx, db); err != nil {
		return err
	}
	filled, err := seed.Filled(ctx, db)
	if err == nil && !filled {
		err = seed.Fill(ctx, db, seed.Options{Learners: o.Learners, Seed: o.Seed, Progress: o.Progress})
	}
	if err == nil {
		a.About, err = seed.About(ctx, db)
	}
	return err
}

// reset throws the school's, the SMS gateway's and the CRM's data away. A database that is not ours may hold more than
// that, so it is left alone.
func reset(ctx context.Context, databaseURL string, own bool) error {
	if !own {
		return errors.New("reset: DATABASE_URL names a database that may hold other data; empty it yourself")
	}
	db, err := openCRMDatabase(databaseURL)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "DROP SCHEMA IF EXISTS "+schema+" CASCADE; DROP SCHEMA IF EXISTS "+gatewaySchema+" CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public"); err != nil {
		return fmt.Errorf("reset: %w", err)
	}
	return nil
}

// addresses tell a worker in another process where everything is.
type addresses struct {
	DatabaseURL, RedisAddr, MailAddr, SiteURL string
	SMS                                       crm.SMS
}

const addressFile = "running.json"

// leaveAddresses writes the addresses for workers, and takes them away at the end.
func (a *Academy) leaveAddresses(dir string) error {
	text, err := json.Marshal(addresses{a.DatabaseURL, a.RedisAddr, a.MailAddr, a.URL, a.sms})
	if err != nil {
		return err
	}
	name := filepath.Join(dir, addressFile)
	if err := os.WriteFile(name, text, 0o600); err != nil {
		return fmt.Errorf("leave the addresses for workers: %w", err)
	}
	a.onClose(func() error { return ignore(os.Remove(name), fs.ErrNotExist) })
	return nil
}

// findAddresses reads what leaveAddresses wrote.
func (a *Academy) findAddresses(o Options) error {
	text, err := os.ReadFile(filepath.Join(o.DataDir, addressFile))
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("no site runs on this data; start one with role web first")
	}
	if err != nil {
		return fmt.Errorf("find the site: %w", err)
	}
	var at addresses
	if err := json.Unmarshal(text, &at); err != nil {
		return fmt.Errorf("find the site: %w", err)
	}
	a.DatabaseURL, a.RedisAddr, a.MailAddr, a.URL, a.sms = at.DatabaseURL, at.RedisAddr, at.MailAddr, at.SiteURL, at.SMS
	return nil
}
