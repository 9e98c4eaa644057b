package api

import (
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/setting"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/fault"
)

func (a *API) settingOperations() []operation {
	return under("Settings",
		get("get-settings", "/settings", "What staff may change about the site, and what the configuration says.", a.settingsGet).needs(settings),
		put("save-settings", "/settings", settings, "Replaces the settings; 409 when somebody else saved meanwhile.", a.settingsSave).
			more("They hold in every process within seconds. Each change is written to the record with the value before and after."),
		get("list-settings-channels", "/settings/channels", "What each channel is set up with.", a.settingChannels).needs(settings),
		get("list-channel-tests", "/settings/channels/tests", "The last tests of channels, the latest first.", a.channelTests).needs(settings),
		post("test-channel", "/settings/channels/tests", settings, "Sends a fixed message over a channel, to see whether it works.", a.channelTest).
			more("409 for a channel over which only approved templates go out."),
		post("ask-sms-balance", "/settings/channels/balance", settings, "Asks the SMS supplier how many parts are left.", a.channelBalance).
			more("Every call is written to the record."),
		get("list-settings-staff", "/settings/staff", "Who may do what, as the host says.", a.settingStaff).needs(settings),
		get("list-audit", "/settings/audit", "The record of who did what, the latest first.", a.auditList).needs(settings),
		get("list-audit-staff", "/settings/audit/staff", "Who did something, by their ids.", a.auditStaff).needs(settings),
		a.auditExport(),
	)
}

// SettingsBody are the settings that staff may change.
type SettingsBody struct {
	SiteName     string  `json:"site_name" doc:"The school's name, on pages and in messages."`
	SiteAddress  string  `json:"site_address" doc:"The school's postal address, in the footer of mails; empty: none."`
	QuietSMS     string  `json:"quiet_sms" doc:"Hours of the site's day in which nothing is handed over: 21:00-08:00; empty: none."`
	QuietEmail   string  `json:"quiet_email"`
	QuietMessage string  `json:"quiet_message"`
	CapDays      int     `json:"cap_days" doc:"Of a new campaign: leave out who was contacted within so many days; 0: nobody."`
	LateAfter    int64   `json:"late_after" minimum:"0" maximum:"150000000" doc:"By how many minutes a scheduled campaign may begin late without being asked; 0: any."`
	LargeSend    int64   `json:"large_send" doc:"How many people may be sent to without campaign_send_large; 0: any number."`
	SpendBounds  []int64 `json:"spend_bounds" maxItems:"100" doc:"Three sums that part people by what they paid, ascending."`
	KeepMonths   int     `json:"keep_months" doc:"For how many whole months clicks are kept; 0: for ever."`
}

func settingsOf(v setting.Values) SettingsBody {
	quiet := func(k setting.Key) string { text, _ := v.Of(k).(string); return text }
	return SettingsBody{v.SiteName, v.SiteAddress, quiet(setting.QuietSMS), quiet(setting.QuietEmail), quiet(setting.QuietMessage),
		v.CapDays, int64(v.LateAfter / time.Minute), v.LargeSend, filled(v.SpendBounds), v.KeepMonths}
}

// values reads what was sent, and what of it makes no sense.
func (b SettingsBody) values() (setting.Values, fault.Fields) {
	problems := fault.Fields{}
	v := setting.Values{SiteName: strings.TrimSpace(b.SiteName), SiteAddress: strings.TrimSpace(b.SiteAddress), Quiet: map[hostadapter.Channel]campaign.QuietHours{},
		CapDays: b.CapDays, LateAfter: time.Duration(b.LateAfter) * time.Minute, LargeSend: b.LargeSend, SpendBounds: b.SpendBounds, KeepMonths: b.KeepMonths}
	for k, text := range map[setting.Key]string{setting.QuietSMS: b.QuietSMS, setting.QuietEmail: b.QuietEmail, setting.QuietMessage: b.QuietMessage} {
		hours, ok := quietOf(text)
		if !ok {
			problems.Add(string(k), "problem.clock")
		}
		v.Quiet[setting.Channels()[k]] = hours
	}
	return v, problems
}

// quietOf reads "21:00-08:00"; empty: none.
func quietOf(text string) (campaign.QuietHours, bool) {
	if text = strings.TrimSpace(text); text == "" {
		return campaign.QuietHours{}, true
	}
	from, until, _ := strings.Cut(text, "-")
	begin, err1 := time.Parse("15:04", from)
	end, err2 := time.Parse("15:04", until)
	ofDay := func(t time.Time) time.Duration {
		return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
	}
	return campaign.QuietHours{Start: ofDay(begin), End: ofDay(end)}, err1 == nil && err2 == nil
}

// settingsView are the settings as they hold.
type settingsView struct {
	Version    int64        `json:"version" doc:"Give it back when saving; 0: nothing was saved yet."`
	Values     SettingsBody `json:"values"`
	Configured SettingsBody `json:"configured" doc:"What the configuration says; a value like it follows it."`
	Fixed      fixedView    `json:"fixed"`
	By         *who         `json:"by,omitempty" doc:"Who saved last; absent: nobody."`
	At         time.Time    `json:"at,omitzero"`
}

// fixedView is what only the configuration says.
type fixedView struct {
	TimeZone           string   `json:"time_zone"`
	Currency           string   `json:"currency"`
	PublicURL          string   `json:"public_url" doc:"Where short links hang."`
	PlaceholderDomains []string `json:"placeholder_domains" doc:"Domains of addresses that the host made up."`
	UnverifiedMobile   bool     `json:"unverified_mobile" doc:"Numbers that were never verified may be used."`
	UnverifiedEmail    bool     `json:"unverified_email"`
	AttributionDays    int      `json:"attribution_days" doc:"For so long an order counts for a campaign."`
}

func (a *API) settingsView(v setting.Values, stored setting.Stored) settingsView {
	out := settingsView{Version: stored.Version, Values: settingsOf(v), Configured: settingsOf(a.Settings.Base()), At: stored.At,
		Fixed: fixedView{a.Location.String(), a.Currency, a.PublicURL, filled(a.Contacts.PlaceholderDomains), a.Contacts.UnverifiedMobile, a.Contacts.UnverifiedEmail,
			int(campaign.AttributionWindow / (24 * time.Hour))}}
	if stored.ByID != "" {
		out.By = &who{stored.ByID, stored.ByName}
	}
	return out
}

func (a *API) settingsGet(c *call, _ *nothing) (settingsView, error) {
	v, stored, err := a.Settings.Open(c)
	if err != nil {
		return settingsView{}, err
	}
	return a.settingsView(v, stored), nil
}

type settingsInput struct {
	Body struct {
		SettingsBody
		Version int64 `json:"version" minimum:"0" doc:"The version that the change is on top of."`
		Forget  bool  `json:"forget,omitempty" doc:"Confirms that clicks are kept for a shorter time: older ones are deleted."`
	}
}

// settingsSave makes what was sent hold, and records what it was before.
func (a *API) settingsSave(c *call, in *settingsInput) (settingsView, error) {
	was, stored, err := a.Settings.Open(c)
	if err != nil {
		return settingsView{}, err
	}
	v, problems := in.Body.values()
	if problems.Err() == nil {
		if err := a.Settings.Check(v); err != nil {
			return settingsView{}, err
		}
	}
	if setting.Forgets(was, v) && !in.Body.Forget {
		problems.Add(string(setting.KeepMonths), "problem.forget")
	}
	changes := setting.Differences(was, v)
	switch {
	case problems.Err() != nil:
		return settingsView{}, problems
	case in.Body.Version != stored.Version:
		return settingsView{}, fault.ErrConflict
	case len(changes) == 0:
		return a.settingsView(was, stored), nil
	}
	if err := c.record(audit.SettingsChanged, "settings", setting.Detail(changes)); err != nil {
		return settingsView{}, err
	}
	if err := a.Settings.Save(c, v, in.Body.Version, c.staff); err != nil {
		return settingsView{}, err
	}
	return a.settingsGet(c, &nothing{})
}
