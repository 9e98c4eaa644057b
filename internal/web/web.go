// Package web serves the CRM's pages: the admin panel behind the host's login, and the short
// links in front of it. Handlers read input, call one service and render a typed page; all
// addresses come from one paths value, all text from the message files.
package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/dossier"
	"github.com/coursecrm/coursecrm/crm/erasure"
	"github.com/coursecrm/coursecrm/crm/followup"
	"github.com/coursecrm/coursecrm/crm/health"
	"github.com/coursecrm/coursecrm/crm/home"
	"github.com/coursecrm/coursecrm/crm/label"
	"github.com/coursecrm/coursecrm/crm/report"
	"github.com/coursecrm/coursecrm/crm/setting"
	"github.com/coursecrm/coursecrm/funnel"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/projection"
	"github.com/coursecrm/coursecrm/segment"
	"github.com/coursecrm/coursecrm/shortlink"
)

// Config is what the pages need. Everything is required but where it says otherwise.
type Config struct {
	BasePath       string           // where Admin is mounted: "/", "/crm", "/a/b/crm"
	PublicBasePath string           // where Public is mounted, in the same form
	Settings       *setting.Service // the site's name and what else staff may change
	HostURL        string           // the way back to the host's own panel; empty: no such link
	Location       *time.Location
	Currency       string // ISO 4217, of all sums

	Staff      hostadapter.StaffAuthenticator
	Links      hostadapter.LinkSource // nil: no links to pages of the host
	Segments   *segment.Service
	Campaigns  *campaign.Service
	Templates  *campaign.Templates
	Consents   *campaign.Consents
	ShortLinks *shortlink.Service
	FreeLinks  *shortlink.Free
	Statistics *shortlink.Statistics
	Funnels    *funnel.Service
	Dossiers   *dossier.Service
	Followups  *followup.Service
	Labels     *label.Service
	Home       *home.Service
	Reports    *report.Service
	Sync       *projection.Desk

	// Proxies are whose word about a visitor's address counts, for the record. Nil: private and
	// loopback networks.
	Proxies   shortlink.Proxies
	Audit     audit.Log
	Record    audit.Reader
	Erasures  *erasure.Service
	Health    *health.Service
	Now       func() time.Time
	Log       *slog.Logger
	EmailFrom string // the sender's address as recipients see it
	// Senders lists the staff in whose name private messages may be sent; nil: there are none.
	Senders func(ctx context.Context) ([]hostadapter.Staff, error)
	// Balance is how many SMS parts are left; negative: not known. nil: nobody can say.
	Balance func(ctx context.Context) (int64, error)
	// StaffList lists the host's staff with their permissions; nil: the host does not tell.
	StaffList func(ctx context.Context) ([]hostadapter.Staff, error)
	Contacts  projection.Contacts // which contacts may be used, to be shown
	// Callbacks take what providers report, by the name in their address. They answer
	// fault.ErrForbidden for what is forged and fault.ErrInvalid for what makes no sense.
	Callbacks map[string]func(ctx context.Context, h http.Header, body []byte) error
}

// Web is the set of handlers. It is safe for concurrent use.
type Web struct {
	Config
	paths  paths
	assets *assets
	sealer desk.Sealer
	pages  *pages
	admin  http.Handler
	public http.Handler

	directory directory
	balance   desk.Balance
}

// New checks the configuration, parses every template and reads every message file, so that a
// broken page is found at start-up. It starts nothing.
func New(c Config) (*Web, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	w := &Web{Config: c}
	var err error
	if w.sealer, err = desk.NewSealer(c.Campaigns.Settings().Secret); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	if w.assets, err = newAssets(); err != nil {
		return nil, fmt.Errorf("web: static files: %w", err)
	}
	if w.paths, err = newPaths(c.BasePath, c.PublicBasePath, w.assets); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	if w.pages, err = newPages(w.paths, c); err != nil {
		return nil, fmt.Errorf("web: templates: %w", err)
	}
	w.admin, w.public = w.adminHandler(), w.publicHandler()
	return w, nil
}

// Admin serves the panel under BasePath. Mount it there without stripping the path.
func (w *Web) Admin() http.Handler { return w.admin }

// Public serves short links under PublicBasePath. It must never be behind a login.
func (w *Web) Public() http.Handler { return w.public }

func (c Config) check() error {
	var missing []error
	for name, absent := range map[string]bool{
		"Settings": c.Settings == nil, "Location": c.Location == nil, "Currency": c.Currency == "",
		"Staff": c.Staff == nil, "Segments": c.Segments == nil, "Campaigns": c.Campaigns == nil,
		"Templates": c.Templates == nil, "Consents": c.Consents == nil,
		"ShortLinks": c.ShortLinks == nil, "FreeLinks": c.FreeLinks == nil, "Statistics": c.Statistics == nil,
		"Funnels": c.Funnels == nil, "Dossiers": c.Dossiers == nil, "Followups": c.Followups == nil, "Labels": c.Labels == nil, "Home": c.Home == nil, "Reports": c.Reports == nil,
		"Sync": c.Sync == nil, "Audit": c.Audit == nil, "Record": c.Record == nil, "Erasures": c.Erasures == nil, "Health": c.Health == nil, "Now": c.Now == nil, "Log": c.Log == nil,
	} {
		if absent {
			missing = append(missing, fmt.Errorf("web: Config.%s is missing", name))
		}
	}
	return errors.Join(missing...)
}
