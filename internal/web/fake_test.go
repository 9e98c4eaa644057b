package web

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/dossier"
	"github.com/coursecrm/coursecrm/crm/erasure"
	"github.com/coursecrm/coursecrm/crm/home"
	"github.com/coursecrm/coursecrm/crm/setting"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/projection"
	"github.com/coursecrm/coursecrm/segment"
	"github.com/coursecrm/coursecrm/shortlink"
)

// world is a school that lives in memory: every store the services need, with fixed figures.
type world struct {
	now   time.Time
	staff h.Staff
	fail  error // what every store answers with, when set
	slow  slowness
	who   error // what the staff lookup answers with
	torn  error // what an export ends with after its last person
	mute  error // what the record of deeds answers with

	state     projection.State
	rows      []projection.ProblemRow
	totals    home.Totals
	uncounted bool // what was sent was never counted
	people    []segment.Person
	counts    segment.Counts
	campaigns []campaign.Campaign
	result    campaign.Result
	groups    [2]campaign.Group // sent to, and held back
	sum       campaign.Sum
	launched  []campaign.Campaign
	moves     []campaign.Move
	sieves    []campaign.Sieve // what dry runs were asked
	drafts    map[string]campaign.Draft
	tests     []campaign.Test
	templates []campaign.SavedTemplate
	links     []shortlink.FreeLink
	forms     map[string]shortlink.LinkID // that made links
	sent      []campaign.Message          // what the providers were given
	away      bool                        // the providers cannot be reached
	approval  bool                        // SMS have to be approved
	channels  []h.Channel                 // that can be used
	stored    map[string]segment.Rule
	queries   []segment.Saved
	audited   []audit.Entry
	counted   []segment.Predicate
	located   []segment.IDEntry // whom somebody looked for
	repairs   int
	record    record
	followups folder
	labels    drawer
	funnels   pipeline
	ledger    ledger
	chosen    setting.Stored // by staff, of the settings
	erased    map[segment.PersonID]erasure.Erasure
	ward      ward
	lines     []audit.Line
	asked     audit.Query // of the record, last
	hostNo    bool        // the host says that nobody wants e-mails
	dead      bool        // all numbers are suppressed
	rival     func()      // does something right before a campaign is moved
}

// slowness is what does not come in time.
type slowness int

const (
	slowCount slowness = iota + 1 // counts
	slowList                      // counts and lists
)

func newWorld() *world {
	now := time.Date(2026, 11, 20, 20, 5, 0, 0, time.FixedZone("CST", 8*3600))
	w := &world{now: now, stored: map[string]segment.Rule{}, approval: true, channels: []h.Channel{h.ChannelSMS, h.ChannelEmail, h.ChannelMessage},
		staff: h.Staff{ID: "7", Name: "周敏", Permissions: h.AllPermissions(), Scope: h.ScopeAll}}
	for i, f := range projection.Feeds() {
		w.state.Live = append(w.state.Live, projection.FeedState{Feed: f, Walk: projection.Live, Rows: int64(10_000 * (i + 1)), Total: int64(10_000 * (i + 1)),
			StartedAt: now.Add(-time.Hour), CaughtUpAt: now.Add(-50 * time.Minute), LastOKAt: now.Add(-12 * time.Second)})
	}
	w.state.Facts.CaughtUpAt = now.Add(-40 * time.Minute)
	w.state.Repair = []projection.FeedState{{Feed: projection.Learners, Walk: projection.Repair, Rows: 58632, Total: 58632, StartedAt: now, CaughtUpAt: now.Add(-10 * time.Hour), Mended: 3, Vanished: 1}}
	w.state.Problems = 2
	w.rows = []projection.ProblemRow{
		{Feed: projection.Orders, HostID: "o-17", Reason: "currency: no_currency", Tries: 3, FirstAt: now.Add(-48 * time.Hour), LastAt: now.Add(-time.Hour)},
		{Feed: projection.Enrollments, HostID: "<script>alert(1)</script>", Reason: projection.ReasonUnknownLearner, Tries: 1, FirstAt: now, LastAt: now},
	}
	names := []string{"许知夏", "陈子昂", "王思齐", "Grace 刘", "赵一鸣", "欧阳若兰", "何佳宁", "周天宇", "<script>alert(1)</script>", "孙悦"}
	for i := range 45 {
		p := segment.Person{ID: segment.PersonID(i + 1), HostID: h.LearnerID(strconv.Itoa(9000 + i)), Nickname: fmt.Sprintf("user_%02d", i), RealName: names[i%len(names)],
			Mobile: fmt.Sprintf("1380013%04d", 5621+i), Email: fmt.Sprintf("secret%02d@example.com", i), Status: h.LearnerActive,
			RegisteredAt: now.AddDate(-1, 0, -i), LastLoginAt: now.Add(-time.Duration(i*i) * time.Hour), PaidCount: i % 4, PaidTotal: int64(i%4) * 79900, Tags: []string{"编程入门", "数据分析"}[:i%3%2+1]}
		if i%3 == 0 {
			p.MemberLevel = "体验会员"
			p.Contacted = segment.Contact{At: now.AddDate(0, 0, -i-1), Channel: h.ChannelEmail, Clicked: i == 0}
		}
		p.Gender, p.Province, p.City, p.RegisterSource = h.GenderFemale, "浙江", "杭州", "公众号"
		p.Gender, p.Province, p.City, p.RegisterSource = h.GenderFemale, "浙江", "杭州", "公众号"
		if i == 7 {
			p.Mobile, p.Email, p.LastLoginAt = "", "", time.Time{}
		}
		w.people = append(w.people, p)
	}
	w.counts = segment.Counts{Matched: 45, All: 58632, Email: 40, SMS: 44, Message: 45, Took: 86 * time.Millisecond}
	w.queries = []segment.Saved{
		{ID: 1, Preset: "login30", Shared: true, Pinned: true, Count: 22576, CountedAt: now.Add(-time.Minute), Rule: segment.Group("all", segment.Condition("last_login", segment.OpInLast, 30, segment.Day))},
		{ID: 2, Name: "高价值待挽留", OwnerID: "7", OwnerName: "周敏", Count: 618, CountedAt: now.Add(-time.Hour), Rule: segment.Group("all", segment.Condition("paid_total", segment.OpGe, 200000, ""), segment.Condition("query", segment.OpNotIn, []int{1}, ""))},
		{ID: 3, Name: "别人的查询", OwnerID: "somebody-else", Rule: segment.Everyone()},
	}
	w.campaigns = []campaign.Campaign{
		{ID: 12, Key: "k", Name: "双 11 返场体验课转正价", Channel: h.ChannelEmail, Rule: segment.Everyone(), Tracked: true, CapDays: 7,
			Content: campaign.Content{Subject: "{{ 用户名 }}，你试听的课还能再省 300 元", Blocks: []campaign.Block{{Kind: campaign.BlockText, Text: "{{ 链接 }}"}}},
			Fill:    campaign.Fill{Link: "https://www.example.com/course/318"}, State: campaign.Done, ByName: "周敏", LaunchedAt: now.Add(-35 * time.Minute), PlannedAt: now.Add(-35 * time.Minute), DoneAt: now.Add(-30 * time.Minute)},
		{ID: 11, Key: "l", Name: "考研数学公开课邀请", Channel: h.ChannelEmail, Rule: segment.Group("all", segment.Condition("learner", segment.OpIn, []int64{1, 2, 3}, "")), Content: campaign.Content{Subject: "公开课", Blocks: []campaign.Block{{Kind: campaign.BlockText, Text: "来"}}}, State: campaign.Sending, ByName: "周敏", LaunchedAt: now.Add(-205 * time.Second), PlannedAt: now.Add(-205 * time.Second)},
	}
	w.campaigns = append(w.campaigns, otherCampaigns(now)...)
	w.groups, w.record = liftGroups(), newRecord(now)
	w.followups = newFolder(now)
	w.labels = newDrawer(now)
	w.funnels = newPipeline()
	w.ward, w.lines = newWard(now), newLines(now)
	w.ledger = newLedger(now)
	w.templates = newLetters(now)
	w.links, w.forms = newPosters(now), map[string]shortlink.LinkID{}
	w.drafts = newDrafts(now, campaign.Draft{Rule: segment.Everyone(), ByID: "7", SavedAt: now.Add(-time.Minute)})
	w.sum = campaign.Sum{Matched: 45, Sendable: 40, Excluded: map[campaign.Exclusion]int64{campaign.NoContact: 3, campaign.NoConsent: 2}}
	w.result = campaign.Result{Sum: campaign.Sum{Matched: 8214, Sendable: 6626, Excluded: map[campaign.Exclusion]int64{campaign.NotActive: 100, campaign.NotLearner: 12, campaign.NoContact: 1200, campaign.SameContact: 76, campaign.NoConsent: 200}},
		ByState:  map[campaign.DeliveryState]int64{campaign.Accepted: 6390, campaign.Failed: 225, campaign.Unknown: 11, campaign.Excluded: 1588},
		ByReason: map[campaign.Reason]int64{campaign.ReasonRejected: 200, campaign.ReasonGaveUp: 25, campaign.ReasonCrash: 11}, Hits: 678, Clickers: 506, Orders: 45, Buyers: 43, Revenue: 3435700}
	w.totals = home.Totals{Accounts: 58632, People: 58120, NewPeople: 1204, Payers: 20727, Revenue: 1234567800, Campaigns: 1286, Deliveries: 412908, RateKnown: true, ClickRate: 0.0837, RateCampaign: 12, Attributed: 28642000, AttributedBefore: 29897700,
		CampaignsMonth: 120, CampaignsBefore: 72, DeliveriesMonth: 10960, DeliveriesBefore: 10000, MeanKnown: true, MeanRate: 0.0707,
		Running: []campaign.Listed{{Campaign: w.campaigns[1], Sendable: 1985, Accepted: 1231, Settled: 1231}}}
	return w
}

func (w *world) config() Config {
	loc := shanghai()
	now := func() time.Time { return w.now }
	log := w.log()
	return Config{
		BasePath: "/crm", PublicBasePath: "/go", Settings: w.newSettings(), HostURL: "/admin", Location: loc, Currency: "CNY",
		Staff: w, Links: w, Segments: w.newSegments(), Campaigns: w.newCampaigns(), Templates: w.newTemplates(), Consents: w.newConsents(),
		ShortLinks: shortlink.NewService((*linkStore)(w), testRing(), &shortlink.Agents{}, (*linkStore)(w), shortlink.Settings{}, now), Dossiers: dossier.NewService((*dossierStore)(w), dossier.Site{Location: loc, Currency: "CNY"}, now),
		Followups: w.newFollowups(),
		FreeLinks: shortlink.NewFree((*freeStore)(w), freeCodes{}, shortlink.Domains{"example.com", "school.example"}, now), Statistics: shortlink.NewStatistics((*statStore)(w)),
		Labels: w.newLabels(), Funnels: w.newFunnels(), Reports: w.newReports(),
		Home: home.NewService((*homeStore)(w), home.Site{Location: loc, Currency: "CNY", Members: true}, now), Sync: &projection.Desk{Syncer: &projection.Syncer{Store: (*syncStore)(w).store(), Host: host{}, Now: now, Log: log}, Reading: (*syncStore)(w)},
		Now: now, Log: log, Audit: (*auditLog)(w), Record: (*auditLog)(w), Erasures: erasure.NewService((*eraser)(w), now), Health: w.newHealth(),
		StaffList: w.staffList, Contacts: projection.Contacts{PlaceholderDomains: []string{"edusoho.net"}, UnverifiedEmail: true}, EmailFrom: "hello@mail.example.com",
		Senders: func(context.Context) ([]h.Staff, error) {
			return []h.Staff{{ID: "7", Name: "周敏"}, {ID: "8", Name: "<b>李老师</b>"}}, w.fail
		},
		Balance: func(context.Context) (int64, error) { return 38420, w.fail },
	}
}

func shanghai() *time.Location {
	loc, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		panic(err) // the standard library's own data
	}
	return loc
}

func (w *world) log() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func (w *world) newSegments() *segment.Service {
	return segment.NewService((*segmentStore)(w), segment.DefaultCatalog(), segment.Site{Location: shanghai(), Currency: "CNY"}, func() time.Time { return w.now })
}

// testRing holds one key.
func testRing() *shortlink.Ring {
	ring, err := shortlink.NewRing(context.Background(), testKeys{}, time.Now)
	if err != nil {
		panic(err)
	}
	return ring
}

type testKeys struct{}

func (testKeys) Keys(context.Context) ([]shortlink.Key, error) {
	return []shortlink.Key{{Secret: []byte("test")}}, nil
}

// testCode is the code of a number.
func testCode(n shortlink.Number) string {
	code, err := testRing().Encode(context.Background(), 0, n)
	if err != nil {
		panic(err)
	}
	return code
}

type host struct{ h.HostAdapter }

// Staff answers as hostadapter.StaffAuthenticator.
func (w *world) Staff(*http.Request) (h.Staff, error) { return w.staff, w.who }

func (w *world) LearnerURL(id h.LearnerID) string { return "/school/users/" + string(id) }
func (w *world) OfferingURL(h.Target) string      { return "" }

type auditLog world

// Write implements audit.Log.
func (a *auditLog) Write(_ context.Context, e audit.Entry) error {
	if a.mute != nil {
		return a.mute
	}
	a.audited = append(a.audited, e)
	return a.fail
}

type syncStore world

type projectionStore struct {
	projection.Store
	s *syncStore
}

func (s *syncStore) store() projection.Store { return projectionStore{s: s} }

func (p projectionStore) State(context.Context) (projection.State, error) { return p.s.state, p.s.fail }
func (p projectionStore) BeginRepair(context.Context, []projection.Feed, time.Time) error {
	p.s.repairs++
	return p.s.fail
}

func (s *syncStore) ProblemRows(_ context.Context, after string, _ int) ([]projection.ProblemRow, string, error) {
	if after != "" {
		return s.rows[1:], "", s.fail
	}
	return s.rows[:1], "2", s.fail
}
