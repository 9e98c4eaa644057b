package demo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/hibiken/asynq"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/coursecrm/coursecrm/crm"
	"github.com/coursecrm/coursecrm/examples/academy/school"
	"github.com/coursecrm/coursecrm/hostadapter"
)

// mountPath is where the CRM lives on the school's site, goPath where its short links do.
const (
	mountPath = "/admin/crm"
	goPath    = "/go"
)

// siteName is the school's name, and what stands in front of its text messages.
const siteName = "启明网校"

// crmConns bounds the CRM's pool.
const crmConns = 24

// panel is the mounted CRM, as the rest of the demonstration sees it.
type panel struct {
	admin, public http.Handler
	notify        func(ctx context.Context, events ...hostadapter.Event) error
	run           func(ctx context.Context) error
	close         func() error
}

// Notify implements adapter.Notifier.
func (p panel) Notify(ctx context.Context, events ...hostadapter.Event) error {
	return p.notify(ctx, events...)
}

// crmInput is what the school gives the CRM.
type crmInput struct {
	db        *sql.DB
	redisAddr string
	host      hostadapter.HostAdapter
	siteURL   string // http://127.0.0.1:8080
	mailAddr  string
	sms       crm.SMS
	spool     string // where clicks wait while the database is away
	tune      func(*crm.Config)
	logger    *slog.Logger
}

// openCRM is all that a school does to have the CRM, but for its adapter.
func openCRM(ctx context.Context, in crmInput) (panel, error) {
	cfg := crm.Config{
		DB:                      in.db,
		Redis:                   asynq.RedisClientOpt{Addr: in.redisAddr},
		Host:                    in.host,
		BasePath:                mountPath,
		PublicURL:               in.siteURL + goPath,
		SiteName:                siteName,
		TimeZone:                "Asia/Shanghai",
		Currency:                "CNY",
		HostURL:                 "/admin/",
		PlaceholderEmailDomains: []string{school.PlaceholderDomain},
		Email:                   crm.Email{Addr: in.mailAddr, From: siteName + " <hello@mail.example.com>", TLS: crm.TLSNone},
		SMS:                     in.sms,
		Links:                   crm.Links{SpoolDir: in.spool},
		Logger:                  in.logger,
	}
	in.tune(&cfg)
	if err := crm.Migrate(ctx, cfg); err != nil {
		return panel{}, fmt.Errorf("migrate the CRM: %w", err)
	}
	c, err := crm.New(cfg)
	if err != nil {
		return panel{}, fmt.Errorf("make the CRM: %w", err)
	}
	return panel{
		admin: c.Admin(), public: c.Public(), notify: c.Notify, close: c.Close,
		run: func(ctx context.Context) error { return c.Run(ctx) },
	}, nil
}

// openCRMDatabase opens the CRM's pool: its tables are in schema public, and its statements are not
// prepared, which is what it recommends.
func openCRMDatabase(databaseURL string) (*sql.DB, error) {
	cfg, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		return nil, errors.New("the database address cannot be read") // the parser's error would show it
	}
	cfg.RuntimeParams["search_path"] = "public"
	cfg.DefaultQueryExecMode = pgx.QueryExecModeExec
	db := stdlib.OpenDB(*cfg)
	db.SetMaxOpenConns(crmConns)
	db.SetMaxIdleConns(crmConns)
	return db, nil
}
