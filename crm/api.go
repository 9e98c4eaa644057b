package crm

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/coursecrm/coursecrm/internal/api"
	"github.com/coursecrm/coursecrm/internal/web"
)

// withAPI puts the JSON API beside the panel, with the same services.
func withAPI(w *web.Web) (http.Handler, error) {
	a, err := api.New(api.Config{
		BasePath: w.BasePath, PublicURL: w.Campaigns.Settings().PublicURL, Location: w.Location, Currency: w.Currency, Settings: w.Settings,
		Staff: w.Staff, Segments: w.Segments, Campaigns: w.Campaigns, Templates: w.Templates, Consents: w.Consents, FreeLinks: w.FreeLinks,
		Statistics: w.Statistics, Funnels: w.Funnels, Dossiers: w.Dossiers, Followups: w.Followups, Labels: w.Labels, Home: w.Home, Reports: w.Reports, Sync: w.Sync,
		Proxies: w.Proxies, Audit: w.Audit, Record: w.Record, Erasures: w.Erasures, Health: w.Health, Now: w.Now, Log: w.Log, EmailFrom: w.EmailFrom, Contacts: w.Contacts,
		Senders: w.Senders, Balance: w.Balance, StaffList: w.StaffList, Say: w.Say,
	})
	if err != nil {
		return nil, fmt.Errorf("crm: %w", err)
	}
	panel, below := w.Admin(), a.Base()+api.Prefix+"/"
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, below) {
			a.Handler().ServeHTTP(rw, r)
			return
		}
		panel.ServeHTTP(rw, r)
	}), nil
}
