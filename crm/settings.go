package crm

import (
	"context"
	"math"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/health"
	"github.com/coursecrm/coursecrm/crm/setting"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/jobs"
	"github.com/coursecrm/coursecrm/storage"
)

// values are what the configuration says of all that staff may change in the panel.
func (c Config) values() setting.Values {
	return setting.Values{SiteName: c.SiteName, SiteAddress: c.SiteAddress, Quiet: c.QuietHours, CapDays: c.CapDays, LateAfter: c.LateAfter,
		LargeSend: c.LargeSend, SpendBounds: c.SpendBounds, KeepMonths: c.Links.KeepMonths}
}

// usualBounds part spenders at 100, 500 and 2000 units of the currency.
func usualBounds(currency string) []int64 {
	unit := int64(math.Pow10(campaign.MinorDigits(currency)))
	return []int64{100 * unit, 500 * unit, 2000 * unit}
}

// followSettings has campaigns obey what staff choose while they run.
func followSettings(site *setting.Service) func(*campaign.Settings) {
	return func(s *campaign.Settings) {
		v := site.Current()
		s.Site.Name, s.Site.Address, s.CapDays, s.LateAfter, s.Quiet = v.SiteName, v.SiteAddress, v.CapDays, v.LateAfter, v.Quiet
	}
}

// keepMonths asks for how long clicks are kept. What was known before is not enough: they would be
// gone.
func keepMonths(site *setting.Service) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		v, _, err := site.Open(ctx)
		return v.KeepMonths, err
	}
}

// health looks at both servers, the workers and what waits.
func (out *CRM) health(c Config, db *storage.DB) *health.Service {
	out.inspector = jobs.NewInspector(c.Redis)
	return health.NewService(&storage.Health{DB: db}, out.inspector, out.links.spool, time.Now)
}

// staffList lists the host's staff; nil: it does not tell.
func staffList(host hostadapter.HostAdapter) func(context.Context) ([]hostadapter.Staff, error) {
	if d := hostadapter.CapabilitiesOf(host).Directory; d != nil {
		return d.StaffMembers
	}
	return nil
}
