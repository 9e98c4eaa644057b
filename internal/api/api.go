// Package api serves the CRM as JSON under <BasePath>/api/v1: the reads and the actions of the
// panel, by the same services and with the same permissions, masking and record. Tables are served
// as files too, and QR codes as pictures; for a page for print there is its data, whole, in one
// answer. Clicks are told as figures, as the panel tells them, never one by one.
//
// An operation is a line of its group's table: id, method, path, permission, one sentence, and a
// function from a typed input to a typed answer. The OpenAPI document is made from these types, so
// that it cannot say anything else than what is served. To add a group, write its table in a file
// of its own and name it in operations.
package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

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
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/internal/projection"
	"github.com/coursecrm/coursecrm/segment"
	"github.com/coursecrm/coursecrm/shortlink"
)

// Prefix is where the API hangs below BasePath.
const Prefix = "/api/v1"

// Config is what the API needs. Everything is required but where it says otherwise.
type Config struct {
	BasePath  string // where the panel is mounted, in the form that crm.Config has it
	PublicURL string // where short codes hang, without a slash at the end
	Location  *time.Location
	Currency  string // ISO 4217, of all sums
	Settings  *setting.Service

	Staff      hostadapter.StaffAuthenticator
	Segments   *segment.Service
	Campaigns  *campaign.Service
	Templates  *campaign.Templates
	Consents   *campaign.Consents
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
	EmailFrom string              // the sender's address as recipients see it
	Contacts  projection.Contacts // which contacts may be used, to be shown
	// Senders lists the staff whom the host tells of: who may own a follow-up, and in whose name
	// private messages may be sent. nil: the host tells of nobody.
	Senders func(ctx context.Context) ([]hostadapter.Staff, error)
	// Balance is how many SMS parts are left; negative: not known. nil: nobody can say.
	Balance func(ctx context.Context) (int64, error)
	// StaffList lists the host's staff with their permissions; nil: the host does not tell.
	StaffList func(ctx context.Context) ([]hostadapter.Staff, error)
	// Say gives a message in the reader's language, as the pages do; see internal/web/messages.
	Say func(r *http.Request, p fault.Problem) string
}

// API is the set of operations. It is safe for concurrent use.
type API struct {
	Config
	base     string // BasePath without a slash at the end
	sealer   desk.Sealer
	balance  desk.Balance
	document *huma.OpenAPI
	handler  http.Handler
}

// New checks the configuration and makes the document. It starts nothing.
func New(c Config) (*API, error) {
	if c.Campaigns == nil || c.Say == nil || c.Staff == nil || c.Audit == nil || c.Now == nil || c.Log == nil {
		return nil, errors.New("api: Config is not complete")
	}
	a := &API{Config: c, base: strings.TrimRight("/"+strings.Trim(c.BasePath, "/"), "/")}
	var err error
	if a.sealer, err = desk.NewSealer(c.Campaigns.Settings().Secret); err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	if a.handler, err = a.mount(); err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	return a, nil
}

// Handler serves the API. Mount it at BasePath + Prefix with a slash at the end, without stripping
// the path. It asks the host's StaffAuthenticator on every request.
func (a *API) Handler() http.Handler { return a.handler }

// Base is BasePath without a slash at the end.
func (a *API) Base() string { return a.base }

// operations lists what is served, group by group.
func (a *API) operations() []operation {
	groups := [][]operation{a.homeOperations(), a.reportOperations(), a.searchOperations(), a.audienceOperations(), a.queryOperations(), a.peopleOperations(),
		a.followupOperations(), a.labelOperations(), a.offeringOperations(), a.draftOperations(), a.campaignOperations(), a.templateOperations(),
		a.suppressionOperations(), a.linkOperations(), a.syncOperations(), a.settingOperations(), a.healthOperations()}
	var out []operation
	for _, g := range groups {
		out = append(out, g...)
	}
	return out
}

// mount registers every operation, which makes the document, and what is beside them.
func (a *API) mount() (http.Handler, error) {
	mux := http.NewServeMux()
	prefix := a.base + Prefix
	config := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{Title: "Course CRM", Version: "1", Description: "The reads and the actions of the panel. " +
				"Authentication is the host's own. Times are RFC 3339 in UTC, sums are minor units of the site's currency, shares are 0 to 1. " +
				"Lists come in pages: pass next as after. Errors are application/problem+json. " +
				"The field x-permission says what an operation needs besides the permission view."},
			Servers:    []*huma.Server{{URL: prefix}},
			Components: &huma.Components{Schemas: registry()},
		},
		Formats:       map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		DefaultFormat: "application/json",
		Transformers:  []huma.Transformer{tidyProblem},
	}
	served := huma.NewAPI(config, humago.NewAdapter(mux, prefix))
	for _, op := range a.operations() {
		op.register(a, served, op)
	}
	a.document = served.OpenAPI()
	tidyDocument(a.document)

	papers, err := a.papers(a.document)
	if err != nil {
		return nil, err
	}
	for place, paper := range papers {
		mux.Handle("GET "+prefix+place, a.page(paper.serve))
	}
	rest := prefix + "/"
	mux.Handle(rest, a.page(func(w http.ResponseWriter, r *http.Request) error { return nowhere(mux, w, r, rest) }))
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.begin(w, r, func(c *call) { c.fail(w, desk.ErrCrossOrigin) })
	}))
	return guard.Handler(mux), nil
}

// nowhere answers for a path that is none, or not with this method.
func nowhere(mux *http.ServeMux, w http.ResponseWriter, r *http.Request, rest string) error {
	var allow []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := mux.Handler(other); pattern != rest {
			allow = append(allow, method)
		}
	}
	if len(allow) == 0 {
		return errNothing
	}
	w.Header().Set("Allow", strings.Join(allow, ", "))
	return desk.ErrMethod
}
