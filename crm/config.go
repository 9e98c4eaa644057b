package crm

import (
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"path"
	"strings"
	"time"
	_ "time/tzdata" // so that TimeZone can be trusted to load on machines without zone files

	"github.com/go-playground/validator/v10"
	"github.com/hibiken/asynq"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/campaign/email"
	"github.com/coursecrm/coursecrm/campaign/sms"
	"github.com/coursecrm/coursecrm/crm/setting"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/shortlink"
)

// Config is everything the CRM is told. The first five fields are required.
type Config struct {
	// DB is a pool of pgx connections (github.com/jackc/pgx/v5/stdlib). Its search_path picks the
	// schema; all tables are named crm_…. The pool stays the host's: Close leaves it open.
	// Open it with default_query_exec_mode=exec: that is twice as fast under bun.
	DB *sql.DB
	// DSN is a PostgreSQL address, instead of DB: the CRM opens a pool of its own and closes it.
	DSN string
	// ReadDB is a pool, of the same kind as DB, all of whose connections lead to the same streaming
	// replica of that database: how far behind it is, is asked once for all. Counting, listing and
	// exporting audiences then happen there while it is at most ReadDBLag behind, and at DB while it
	// is further behind or away. It stays the host's too. Nil: none.
	ReadDB *sql.DB
	// ReadDBLag is how old the answers of ReadDB may be: for so long a page may not show what was
	// just changed. Zero: 5 s.
	ReadDBLag time.Duration `validate:"min=0"`
	// Redis is where the queue lives. What is lost there is derived again from PostgreSQL.
	Redis asynq.RedisConnOpt
	// Host is the platform's adapter.
	Host hostadapter.HostAdapter
	// BasePath is the path under which Admin is mounted: "/", "/crm", "/admin/crm".
	BasePath string `validate:"required,startswith=/"`
	// PublicURL is the address under which Public is mounted, as learners see it in messages:
	// "https://learn.example/go". Short ones save SMS characters.
	PublicURL string `validate:"required,http_url"`

	// SiteName is the school's name, on pages and in messages. Default: "Course CRM".
	SiteName string `validate:"max=100"`
	// HostURL is the way back to the host's own panel. Empty: no such link.
	HostURL string
	// TimeZone is the IANA zone in which days and months are counted. Default: Asia/Shanghai.
	TimeZone string `validate:"omitempty,timezone"`
	// Currency is the ISO 4217 code of the sums; orders in another currency count, but their
	// money is not added up. Default: CNY.
	Currency string `validate:"omitempty,iso4217"`
	// Email configures the e-mail channel. The zero value: no e-mail.
	Email Email
	// SMS configures a gateway over HTTP. The zero value: the host's own (hostadapter.SMSGateway)
	// where it offers one, else no SMS.
	SMS SMS
	// QuietHours hold messages back, by channel and in TimeZone. Nil: SMS from 21:00 to 8:00. An
	// empty map: none.
	QuietHours map[hostadapter.Channel]QuietHours
	// CapDays is how many days a new campaign leaves people alone who were contacted; staff may
	// change it for each campaign. Zero: 7. Negative: none.
	CapDays int `validate:"max=365"`
	// LateAfter is how late a scheduled campaign may begin, after a downtime, without staff being
	// asked. Zero: 30 minutes. Negative: never ask.
	LateAfter time.Duration
	// LargeSend is how many people a member of staff without campaign_send_large may send to at
	// most. Zero: no limit.
	LargeSend int64 `validate:"min=0"`
	// SpendBounds part people by what they paid, on the page of figures: three sums in minor units
	// of Currency, ascending. Nil: 100, 500 and 2000 units.
	//
	// Staff with the settings permission may change in the panel: SiteName, SiteAddress, QuietHours,
	// CapDays, LateAfter, LargeSend, SpendBounds and Links.KeepMonths. What they choose holds
	// instead of what stands here.
	SpendBounds []int64
	// SiteAddress is the school's postal address, in the footer of mails. Empty: none.
	SiteAddress string `validate:"max=200"`
	// Links says where short links may lead and how their clicks are kept. The zero value will do.
	Links Links
	// PlaceholderEmailDomains are the domains of addresses the host makes up for people who
	// signed up by phone; they count as no address.
	PlaceholderEmailDomains []string
	// VerifiedEmailOnly and VerifiedMobileOnly forbid contacts that were typed but never proved.
	VerifiedEmailOnly, VerifiedMobileOnly bool
	// PollInterval is the pause between two looks for changes at the host. Default: 3 s.
	PollInterval time.Duration `validate:"min=0"`
	// RepairHour is the hour of the day, in TimeZone, at which the full repair pass begins once a
	// day. Zero: 3. Negative: only when staff ask for it.
	RepairHour int `validate:"max=23"`
	// Workers is how many chunks of campaigns this process sends at once. Default: 4.
	Workers int `validate:"min=0,max=200"`
	// Meter and Tracer take metrics and traces by the API of OpenTelemetry; docs/observability.md
	// lists them. Nil: none.
	Meter  metric.MeterProvider
	Tracer trace.TracerProvider
	// Logger takes the logs: ids and figures, never a name, a contact or a message. Default:
	// slog.Default().
	Logger *slog.Logger
}

// Email configures e-mail over SMTP.
type Email struct {
	Addr     string // host:port; empty: no e-mail
	From     string // "School <hello@mail.example>"
	Username string // empty: no authentication
	Password string
	TLS      TLS
	DKIM     DKIM    // the zero value: messages are not signed by us
	Rate     float64 // messages a second at most, over all processes; 0: no limit
	// BounceSecret signs reports of bounces and complaints to <PublicURL>/callbacks/email: in the
	// form of package campaign/email, with the headers of a callback of package campaign/sms. 16
	// bytes or more; empty: none are taken.
	BounceSecret []byte
}

// Links configures short links.
type Links struct {
	// Domains are those that links may lead to, with all below them: "learn.example". Empty: any.
	Domains []string
	// SpoolDir is a directory on a local disk, of this process's user, where clicks wait while the
	// database is away; processes of one machine may share it. Default: "coursecrm" among the
	// user's caches, or among temporary files where the user has none.
	SpoolDir string
	// Proxies are the networks of reverse proxies, whose X-Forwarded-For tells where a visitor
	// comes from: whoever follows a link, and staff in the record. Nil: private and loopback ones.
	Proxies []netip.Prefix
	// Programs are parts of user agents, besides those that are known, that belong to programs and
	// not to people. Clicks that are kept are judged again when the list changes.
	Programs []string
	// KeepMonths is for how many whole months clicks are kept; with them goes what campaigns of
	// that time show of them. Zero: for ever.
	KeepMonths int `validate:"min=0"`
}

// DKIM signs mail, RFC 6376.
type DKIM = email.DKIM

// SMS configures text messages over a gateway that speaks the protocol of package campaign/sms.
// Its callbacks come to <PublicURL>/callbacks/sms.
type SMS = sms.HTTPConfig

// QuietHours are the hours of a day in which a channel hands nothing over.
type QuietHours = campaign.QuietHours

// TLS says how a connection to a mail server is secured; the zero value is STARTTLS, required.
type TLS = email.TLS

// Ways to secure a connection.
const (
	StartTLS    = email.StartTLS    // upgrade after connecting or give up; usual on port 587
	ImplicitTLS = email.ImplicitTLS // TLS from the first byte; usual on port 465
	OptionalTLS = email.OptionalTLS // upgrade where the server offers it
	TLSNone     = email.TLSNone     // never: for a server on the same machine
)

// withDefaults gives a copy with defaults filled in.
func (c Config) withDefaults() Config {
	if c.SiteName == "" {
		c.SiteName = "Course CRM"
	}
	if c.TimeZone == "" {
		c.TimeZone = "Asia/Shanghai"
	}
	if c.Currency == "" {
		c.Currency = "CNY"
	}
	if c.ReadDBLag == 0 {
		c.ReadDBLag = 5 * time.Second
	}
	if c.PollInterval == 0 {
		c.PollInterval = 3 * time.Second
	}
	if c.RepairHour == 0 {
		c.RepairHour = 3
	}
	if c.QuietHours == nil {
		c.QuietHours = map[hostadapter.Channel]QuietHours{hostadapter.ChannelSMS: {Start: 21 * time.Hour, End: 8 * time.Hour}}
	}
	if c.CapDays == 0 {
		c.CapDays = 7
	}
	if c.LateAfter == 0 {
		c.LateAfter = 30 * time.Minute
	}
	if c.SpendBounds == nil {
		c.SpendBounds = usualBounds(c.Currency)
	}
	c.CapDays, c.LateAfter = max(c.CapDays, 0), max(c.LateAfter, 0)
	if c.Workers == 0 {
		c.Workers = 4
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	domains := make([]string, len(c.PlaceholderEmailDomains))
	for i, d := range c.PlaceholderEmailDomains {
		domains[i] = strings.ToLower(strings.TrimSpace(d))
	}
	c.PlaceholderEmailDomains = domains
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	return c
}

// meanings puts a validator's tag into words.
var meanings = map[string]string{
	"required": "is required", "startswith": `must begin with "/"`, "http_url": "must be an http or https address",
	"timezone": "is not an IANA time zone", "iso4217": "is not an ISO 4217 code", "min": "is too small", "max": "is too large",
}

// minSecret is how many bytes a secret has at least, as package campaign/sms wants it of its own.
const minSecret = 16

// validate reports every problem at once.
func (c Config) validate() error {
	var errs []error
	field := func(name, format string, args ...any) {
		errs = append(errs, fmt.Errorf("crm.Config."+name+": "+format, args...))
	}
	switch {
	case c.DB == nil && c.DSN == "":
		field("DB", "give DB or DSN")
	case c.DB != nil && c.DSN != "":
		field("DSN", "give DB or DSN, not both")
	}
	if c.Redis == nil {
		field("Redis", "is required")
	}
	if c.Host == nil {
		field("Host", "is required")
	}
	var wrong validator.ValidationErrors
	if err := validator.New(validator.WithRequiredStructEnabled()).Struct(c); errors.As(err, &wrong) {
		for _, w := range wrong {
			field(w.Field(), "%s", meanings[w.Tag()])
		}
	}
	if clean := path.Clean(c.BasePath); c.BasePath != "" && strings.TrimRight(c.BasePath, "/") != strings.TrimRight(clean, "/") ||
		strings.ContainsAny(c.BasePath, "?#{}% \x00") {
		field("BasePath", "must be a plain path such as /admin/crm")
	}
	if u, err := url.Parse(c.PublicURL); err == nil && (u.RawQuery != "" || u.Fragment != "" || u.User != nil) {
		field("PublicURL", "must have no query, fragment or login")
	}
	if _, err := shortlink.ParseDomains(c.Links.Domains); err != nil {
		field("Links.Domains", "%w", err)
	}
	if _, err := shortlink.NewAgents(c.Links.Programs); err != nil {
		field("Links.Programs", "%w", err)
	}
	if n := len(c.Email.BounceSecret); n > 0 && n < minSecret {
		field("Email.BounceSecret", "%d bytes are needed", minSecret)
	}
	var values fault.Fields
	if errors.As(c.values().Check(), &values) && values[string(setting.SpendBounds)].Key != "" {
		field("SpendBounds", "must be %d sums above zero, ascending", setting.SpendBands)
	}
	for ch, q := range c.QuietHours {
		if err := q.Check(); err != nil {
			field("QuietHours", "%s: %w", ch, err)
		}
	}
	return errors.Join(errs...)
}

// publicPath is the path under which Public is mounted.
func (c Config) publicPath() string {
	u, err := url.Parse(c.PublicURL)
	if err != nil || u.Path == "" {
		return "/"
	}
	return u.Path
}
