package crm

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/dossier"
	"github.com/coursecrm/coursecrm/crm/erasure"
	"github.com/coursecrm/coursecrm/crm/followup"
	"github.com/coursecrm/coursecrm/crm/home"
	"github.com/coursecrm/coursecrm/crm/label"
	"github.com/coursecrm/coursecrm/crm/report"
	"github.com/coursecrm/coursecrm/crm/setting"
	"github.com/coursecrm/coursecrm/funnel"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/internal/jobs"
	"github.com/coursecrm/coursecrm/internal/projection"
	"github.com/coursecrm/coursecrm/internal/telemetry"
	"github.com/coursecrm/coursecrm/internal/web"
	"github.com/coursecrm/coursecrm/segment"
	"github.com/coursecrm/coursecrm/storage"
)

// CRM is a configured system. It is safe for concurrent use.
type CRM struct {
	pool      *sql.DB // ours to close; nil when it is the host's
	channels  channels
	links     links
	syncer    *projection.Syncer
	keeper    *segment.Keeper
	labels    *label.Keeper
	figures   *home.Keeper
	reports   *report.Keeper
	runner    *jobs.Runner
	inspector *jobs.Inspector
	templates *campaign.Templates
	receiver  *campaign.Receiver
	consents  *campaign.Consents
	web       *web.Web
	panel     http.Handler         // the pages, and the JSON API beside them
	telemetry *telemetry.Telemetry // nil: none
	measuring metric.Registration  // nil: none
}

// startTimeout bounds what New and Migrate wait for servers that do not answer.
const startTimeout = 15 * time.Second

// Migrate brings the database schema up to date. Call it when deploying, before New; it may run
// from any number of processes at once and changes nothing when there is nothing to do. Of the
// configuration only DB or DSN is read.
func Migrate(ctx context.Context, c Config) error {
	db, pool, err := openDB(c)
	if err != nil {
		return err
	}
	if pool != nil {
		defer pool.Close()
	}
	if err := db.Migrate(ctx); err != nil {
		return fmt.Errorf("crm: %w", err)
	}
	return nil
}

// openDB gives the database and, when it is ours to close, the pool.
func openDB(c Config) (*storage.DB, *sql.DB, error) {
	pool, own := c.DB, (*sql.DB)(nil)
	if pool == nil {
		opened, err := storage.Open(c.DSN)
		if err != nil {
			return nil, nil, fmt.Errorf("crm.Config.DSN: %w", err)
		}
		pool, own = opened, opened
	}
	db, err := storage.New(pool)
	if err != nil {
		if own != nil {
			own.Close()
		}
		return nil, nil, fmt.Errorf("crm.Config.DB: %w", err)
	}
	return db, own, nil
}

// New checks the configuration, the schema and that both servers answer, and starts nothing.
//
// Errors: every problem of the configuration at once, joined; ErrSchemaOutdated;
// ErrUnavailable.
func New(c Config) (*CRM, error) {
	c = c.withDefaults()
	errs := []error{c.validate()}
	out := &CRM{}
	var err error
	if out.channels, err = openChannels(c); err != nil {
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	db, pool, err := openDB(c)
	if err != nil {
		return nil, errors.Join(err, out.Close())
	}
	out.pool = pool
	if err := out.wire(c, db); err != nil {
		return nil, errors.Join(err, out.Close())
	}
	return out, nil
}

// wire connects the rooms of the house.
func (out *CRM) wire(c Config, db *storage.DB) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	replica, err := openReplica(c)
	if err != nil {
		return err
	}
	if err := out.measure(c, db, replica); err != nil {
		return err
	}
	secret, err := check(ctx, c, db)
	if err != nil {
		return fmt.Errorf("crm: %w", err)
	}
	loc, err := time.LoadLocation(c.TimeZone)
	if err != nil {
		return fmt.Errorf("crm.Config.TimeZone: %w", err)
	}
	owner := rand.Text() // names this process among the holders of leases
	site := setting.NewService(&storage.Settings{DB: db}, c.values(), time.Now)
	if _, _, err := site.Open(ctx); err != nil { // so that nothing begins by values that staff replaced
		return fmt.Errorf("crm: %w", err)
	}
	if out.links, err = openLinks(ctx, c, db, secret, site); err != nil {
		return fmt.Errorf("crm: %w", err)
	}
	catalog := segment.DefaultCatalog()
	if hostadapter.CapabilitiesOf(c.Host).Memberships == nil {
		catalog = catalog.Without(segment.NeedMemberships)
	}
	if hostadapter.CapabilitiesOf(c.Host).Activities == nil {
		catalog = catalog.Without(segment.NeedActivities)
	}
	projections, campaigns := &storage.Projection{DB: db, Currency: c.Currency, Location: loc}, &storage.Campaigns{DB: db, Currency: c.Currency}
	segments := segment.NewService(&storage.Segments{DB: db, Replica: replica}, catalog, segment.Site{Location: loc, Currency: c.Currency, Share: true}, time.Now)
	contacts := projection.Contacts{PlaceholderDomains: c.PlaceholderEmailDomains,
		UnverifiedEmail: !c.VerifiedEmailOnly, UnverifiedMobile: !c.VerifiedMobileOnly}
	out.syncer = &projection.Syncer{
		Host: c.Host, Store: projections, Leases: db, Owner: owner, Poll: c.PollInterval, RepairAt: repairAt(c.RepairHour, loc),
		Contacts: contacts, Log: c.Logger, Now: time.Now,
	}
	if out.telemetry != nil {
		out.syncer.Store = measuredStore{projections, out.telemetry}
	}
	out.keeper = &segment.Keeper{Service: segments, Leases: db, Owner: owner, Log: c.Logger}
	funnels := funnel.NewService(&storage.Funnels{DB: db, Currency: c.Currency, Location: loc}, segments, time.Now)
	tags := label.NewService(&storage.Labels{DB: db}, segments, time.Now)
	out.labels = &label.Keeper{Service: tags, Leases: db, Owner: owner, Log: c.Logger}
	first := home.NewService(&storage.Home{DB: db, Currency: c.Currency, Location: loc}, home.Site{Location: loc, Currency: c.Currency,
		Members: hostadapter.CapabilitiesOf(c.Host).Memberships != nil, SpendBounds: func() []int64 { return site.Current().SpendBounds }}, time.Now)
	out.figures = &home.Keeper{Service: first, Leases: db, Owner: owner, Log: c.Logger}
	books := &storage.Reports{DB: db, Currency: c.Currency, Location: loc}
	out.reports = &report.Keeper{Books: books, Leases: db, Owner: owner, Now: time.Now, Log: c.Logger}
	set := out.channels.settings(c, loc, secret, contacts.Clean)
	set.Site.Domains, set.Change = out.links.domains, followSettings(site)
	ways := out.channels.list()
	out.templates = campaign.NewTemplates(&storage.Templates{DB: db}, out.channels.approver(), time.Now, c.Logger)
	out.receiver = campaign.NewReceiver(campaigns, secret, time.Now)
	out.consents = campaign.NewConsents(campaigns, secret, contacts.Clean, time.Now)
	sender := campaign.NewSender(campaign.SenderConfig{Ledger: campaigns, Segments: segments, Channels: measured(ways, out.telemetry),
		Consent: hostadapter.CapabilitiesOf(c.Host).Consent, Codes: out.links.ring, Settings: set, Owner: owner, Now: time.Now, Log: c.Logger})
	out.runner = jobs.New(c.Redis, sender, c.Workers, c.Logger)
	out.web, err = web.New(web.Config{
		BasePath: c.BasePath, PublicBasePath: c.publicPath(), Settings: site, HostURL: c.HostURL, Location: loc,
		Staff: c.Host, Links: hostadapter.CapabilitiesOf(c.Host).Links, Segments: segments,
		Campaigns: campaign.NewService(campaigns, out.templates, segments, ways, out.links.service, set, time.Now),
		Templates: out.templates, Consents: out.consents, ShortLinks: out.links.service, FreeLinks: out.links.free, Statistics: out.links.stats,
		Funnels: funnels, Currency: c.Currency,
		Followups: followup.NewService(&storage.Followups{DB: db}, segments, funnels, time.Now),
		Dossiers:  dossier.NewService(&storage.Dossiers{DB: db}, dossier.Site{Location: loc, Currency: c.Currency}, time.Now),
		Labels:    tags,
		Home:      first,
		Reports:   report.NewService(books, loc, time.Now),
		Sync:      &projection.Desk{Syncer: out.syncer, Reading: projections},
		Proxies:   c.Links.Proxies, Audit: &storage.Audit{DB: db}, Record: &storage.Audit{DB: db},
		Erasures: erasure.NewService(&storage.Erasures{DB: db}, time.Now), Health: out.health(c, db),
		StaffList: staffList(c.Host), Contacts: contacts,
		Now: time.Now, Log: c.Logger, EmailFrom: c.Email.From,
		Senders: out.channels.senders(), Balance: out.channels.balance(), Callbacks: out.callbacks(c),
	})
	if err != nil {
		return fmt.Errorf("crm: %w", err)
	}
	if out.panel, err = withAPI(out.web); err != nil {
		return err
	}
	return out.measureLags(projections)
}

// check asks both servers and reads the installation's secret.
func check(ctx context.Context, c Config, db *storage.DB) ([]byte, error) {
	schema := db.CheckSchema(ctx)
	redis := jobs.Ping(c.Redis)
	if redis != nil {
		redis = fmt.Errorf("%w: %w", fault.ErrUnavailable, redis)
	}
	if err := errors.Join(schema, redis); err != nil {
		return nil, err
	}
	return db.Secret(ctx)
}

// repairAt says when a repair pass is due: at the hour of the day, once a day.
func repairAt(hour int, loc *time.Location) func(now, last time.Time) bool {
	if hour < 0 {
		return nil
	}
	return func(now, last time.Time) bool {
		now = now.In(loc)
		due := time.Date(now.Year(), now.Month(), now.Day(), hour, 0, 0, 0, loc)
		return !now.Before(due) && last.Before(due)
	}
}

// Admin serves the panel. Mount it at BasePath with a slash at the end, and do not strip the
// path. It asks the host's StaffAuthenticator on every request.
func (c *CRM) Admin() http.Handler { return c.telemetry.Handler(c.panel) }

// Public serves short links. Mount it at PublicURL's path with a slash at the end; never behind
// a login.
func (c *CRM) Public() http.Handler { return c.telemetry.Handler(c.web.Public()) }

// Notify takes changes that the host pushes; they are visible when it returns. Any order and any
// number of repeats end the same. An unsound event is listed among the problem rows and is no
// error. After an error (ErrUnavailable) the host may try again or leave it: the feeds bring the
// change too.
func (c *CRM) Notify(ctx context.Context, events ...hostadapter.Event) error {
	return c.syncer.Push(ctx, events)
}

// Role is a part of the background work.
type Role string

// Roles.
const (
	RoleSync    Role = "sync"    // reads the host's feeds and counts quick queries, tags and the first page; one process at a time does, the others stand by
	RoleWorkers Role = "workers" // plans and sends campaigns, and judges clicks
)

// Run does background work until ctx ends, sees what is in flight through, and returns nil.
// Without roles it does all. A process that only serves pages need not call it.
func (c *CRM) Run(ctx context.Context, roles ...Role) error {
	if len(roles) == 0 {
		roles = []Role{RoleSync, RoleWorkers}
	}
	var parts []func(context.Context) error
	for _, role := range roles {
		switch role {
		case RoleSync:
			parts = append(parts, c.syncer.Run, c.keeper.Run, c.labels.Run, c.figures.Run, c.reports.Run)
		case RoleWorkers:
			parts = append(parts, c.runner.Run, c.templates.Run, c.links.keeper.Run, c.links.record.Run)
		default:
			return fmt.Errorf("crm: no role %q", role)
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, len(parts))
	for _, run := range parts {
		go func() { ended <- run(ctx) }()
	}
	var errs []error
	for range parts {
		err := <-ended
		if err != nil {
			cancel() // one part that cannot run ends all, so that the host notices
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Close frees what New opened. Call it after Run has returned.
func (c *CRM) Close() error {
	var errs []error
	if c.measuring != nil {
		errs = append(errs, c.measuring.Unregister())
	}
	if c.links.record != nil {
		c.links.record.Close()
	}
	if c.inspector != nil {
		errs = append(errs, c.inspector.Close())
	}
	errs = append(errs, c.channels.close())
	if c.pool != nil {
		errs = append(errs, c.pool.Close())
	}
	return errors.Join(errs...)
}
