package campaign

import (
	"context"
	"errors"
	"fmt"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// Store keeps campaigns; storage.Campaigns implements it. Each method is one transaction.
type Store interface {
	// Insert launches a campaign, drops the draft of its Key and returns its id. When one with the
	// same Key is there already, that one's id comes back and nothing is changed.
	Insert(ctx context.Context, c Campaign) (ID, error)
	Find(ctx context.Context, id ID) (Campaign, error) // fault.ErrNotFound
	// Launched gives the id of the campaign with a key. fault.ErrNotFound
	Launched(ctx context.Context, key string) (ID, error)
	// List gives campaigns, the latest first, and the cursor of the next page.
	List(ctx context.Context, v ListView, after string, limit int) ([]Listed, string, error)
	// Move changes a campaign's state if it is one of from, and tells whether it was.
	Move(ctx context.Context, id ID, m Move, now time.Time) (bool, error)
	// Result adds up where a campaign stands.
	Result(ctx context.Context, id ID, window time.Duration) (Result, error)
	// Recipients gives deliveries of a kind, by ordinal.
	Recipients(ctx context.Context, id ID, v RecipientView, after string, limit int) ([]Recipient, string, error)
	// Groups adds up what those sent to and those held back did within the window.
	Groups(ctx context.Context, id ID, window time.Duration, now time.Time) (sent, control Group, err error)
}

// Sifter breaks audiences down; storage.Campaigns implements it.
type Sifter interface {
	// DryRun breaks an audience down as planning would.
	DryRun(ctx context.Context, v Sieve, now time.Time) (Sum, error)
	// Sample gives up to limit people for previews, quickly: those who would be sent to, but for a
	// shared contact and the cap, which are not looked at.
	Sample(ctx context.Context, v Sieve, now time.Time, limit int) ([]Addressee, error)
	// Sifted gives the people with one reason not to be sent to; the empty one means those to be
	// sent to.
	Sifted(ctx context.Context, v Sieve, now time.Time, e Exclusion, after string, limit int) ([]Recipient, string, error)
	// Longest gives the longest value of each personal variable among those to be sent to.
	Longest(ctx context.Context, v Sieve, now time.Time) (Values, error)
}

// Sieve says which people an audience holds and why some of them are not sent to.
type Sieve struct {
	People   segment.Predicate
	Channel  h.Channel
	Unticked []segment.PersonID
	CapDays  int      // 0: no cap
	Needs    []string // personal variables that must have a value
	About    []int64  // offerings that the rule is about, our ids: of several open orders, one for these is meant
	Control  int      // percent
	Key      string   // of the campaign, from which the control group is drawn
	Campaign ID       // whose own deliveries are no contact; 0: not launched
}

// ListView narrows the list of campaigns; the zero value is all batch sends.
type ListView struct {
	Direct  bool      // only messages to one person
	Channel h.Channel // empty: all
}

// Addressee is a person with what a message to them needs.
type Addressee struct {
	Ordinal int64
	Person  segment.PersonID
	HostID  h.LearnerID
	Tries   int       // this one included, from 1; 0 in previews
	Contact string    // empty: none any more
	Values  Values    // all but link, site and member_expires
	Until   time.Time // when the membership ends; zero: never, or no member
	Late    Exclusion // why not to be sent to after all; empty: to be sent
}

// fill adds the variable that depends on the site: a date in its time zone.
func fill(a Addressee, loc *time.Location) {
	if !a.Until.IsZero() {
		a.Values["member_expires"] = a.Until.In(loc).Format(time.DateOnly)
	}
}

// Settings are the site's.
type Settings struct {
	Site      Site
	Location  *time.Location
	PublicURL string // where short codes hang, without a slash at the end
	CapDays   int    // of a new campaign
	// LateAfter is how late a scheduled campaign may begin without being asked; 0: any time.
	LateAfter time.Duration
	Quiet     map[h.Channel]QuietHours
	// Price is of one SMS part, in thousandths of a minor unit; 0: not known.
	Price int64
	// Secret is the installation's; control groups and unsubscribe links are drawn from it.
	Secret []byte
	// Clean brings a contact into the form in which learners' are kept, and gives "" for one that
	// is none.
	Clean func(ch h.Channel, contact string) string
	// Change brings what staff may change while the process runs up to date: the site's name and
	// address, CapDays, LateAfter and Quiet. It is asked often and must be quick. nil: nothing
	// changes.
	Change func(*Settings)
}

// current are the settings as they hold now.
func (s Settings) current() Settings {
	if s.Change != nil {
		s.Change(&s)
	}
	return s
}

// Service plans campaigns and reports on them. It is safe for concurrent use.
type Service struct {
	store     Store
	sifter    Sifter
	drafts    Drafts
	tests     Tests
	clicks    ClickStore
	templates *Templates
	segments  *segment.Service
	channels  map[h.Channel]Channel
	set       Settings
	links     TestLinks
	now       func() time.Time
}

// Stores is all that a Service keeps; storage.Campaigns implements it.
type Stores interface {
	Store
	Sifter
	Drafts
	Tests
	ClickStore
}

// NewService makes a service. channels are those that can be used.
func NewService(stores Stores, templates *Templates, segments *segment.Service, channels []Channel, links TestLinks, set Settings, now func() time.Time) *Service {
	s := &Service{store: stores, sifter: stores, drafts: stores, tests: stores, clicks: stores, templates: templates, segments: segments,
		channels: map[h.Channel]Channel{}, links: links, set: set, now: now}
	for _, c := range channels {
		s.channels[c.Name()] = c
	}
	return s
}

// Channels lists the channels that can be used, in the order of the screens.
func (s *Service) Channels() []h.Channel {
	var out []h.Channel
	for _, ch := range []h.Channel{h.ChannelSMS, h.ChannelEmail, h.ChannelMessage} {
		if _, ok := s.channels[ch]; ok {
			out = append(out, ch)
		}
	}
	return out
}

// Settings gives the site's settings as they hold now.
func (s *Service) Settings() Settings { return s.set.current() }

// Launch checks a draft and launches it: from here on it is sent without anybody pressing a
// button again. Launching the same Key again returns the first campaign's id.
//
// Errors: fault.Fields for bad input.
func (s *Service) Launch(ctx context.Context, d Draft, by h.Staff) (ID, error) {
	if id, err := s.store.Launched(ctx, d.Key); err == nil || !errors.Is(err, fault.ErrNotFound) {
		return id, err
	}
	c, problems, err := s.check(ctx, d)
	if err != nil {
		return 0, err
	}
	if d.Key == "" || len(d.Key) > 100 {
		problems.Add("key", "problem.missing")
	}
	if err := problems.Err(); err != nil {
		return 0, err
	}
	sum, err := s.sift(ctx, c)
	if err != nil {
		return 0, err
	}
	if sum.Sendable == 0 {
		problems.Add("audience", "problem.nobody")
		return 0, problems.Err()
	}
	id, err := s.store.Insert(ctx, s.campaign(c, sum, by))
	if err != nil {
		return 0, fmt.Errorf("launch campaign: %w", err)
	}
	return id, nil
}

func (s *Service) campaign(c checked, promised Sum, by h.Staff) Campaign {
	v := c.sieve()
	out := Campaign{Key: c.Key, Name: c.Name, Channel: c.Channel, Rule: c.Rule, Unticked: c.Unticked, Content: c.Content, Fill: c.Fill,
		Template: c.Template, CapDays: v.CapDays, Control: v.Control, Direct: c.Direct, Tracked: len(c.letter.Targets()) > 0,
		Promised: promised, State: Planning, ByID: by.ID, ByName: by.Name, LaunchedAt: s.now(), SendAt: c.SendAt}
	if c.Channel == h.ChannelSMS {
		out.Price = s.set.Price
	}
	if c.SendAt.After(out.LaunchedAt) {
		out.State = Scheduled
	}
	return out
}

// Launched gives the campaign that a draft became.
//
// Errors: fault.ErrNotFound.
func (s *Service) Launched(ctx context.Context, key string) (ID, error) {
	return s.store.Launched(ctx, key)
}

// DryRun breaks the audience of a draft down without sending anything. A text that does not
// compile yet asks for no variables.
func (s *Service) DryRun(ctx context.Context, d Draft) (Sum, error) {
	c, _, err := s.check(ctx, d)
	if err != nil {
		return Sum{}, err
	}
	return s.sift(ctx, c)
}

func (s *Service) sift(ctx context.Context, c checked) (Sum, error) {
	sum, err := s.sifter.DryRun(ctx, c.sieve(), s.now())
	if err != nil {
		return Sum{}, fmt.Errorf("dry run: %w", err)
	}
	return sum, nil
}

// Sifted gives a page of the people of a draft's audience with one reason not to be sent to.
//
// Errors: fault.ErrInvalid for a reason that is none.
func (s *Service) Sifted(ctx context.Context, d Draft, e Exclusion, after string, limit int) ([]Recipient, string, error) {
	if e != "" && !e.known() {
		return nil, "", fmt.Errorf("%w: reason", fault.ErrInvalid)
	}
	c, _, err := s.check(ctx, d)
	if err != nil {
		return nil, "", err
	}
	return s.sifter.Sifted(ctx, c.sieve(), s.now(), e, after, limit)
}

// Find gives a campaign.
//
// Errors: fault.ErrNotFound.
func (s *Service) Find(ctx context.Context, id ID) (Campaign, error) { return s.store.Find(ctx, id) }

// List gives campaigns, the latest first.
func (s *Service) List(ctx context.Context, v ListView, after string, limit int) ([]Listed, string, error) {
	return s.store.List(ctx, v, after, limit)
}

// Result adds up where a campaign stands.
func (s *Service) Result(ctx context.Context, id ID) (Result, error) {
	return s.store.Result(ctx, id, AttributionWindow)
}

// Lift compares those sent to with the control group. fault.ErrNotFound: it has none, or its
// audience is not frozen yet.
func (s *Service) Lift(ctx context.Context, id ID) (Lift, error) {
	c, err := s.store.Find(ctx, id)
	if err != nil {
		return Lift{}, err
	}
	if c.Control == 0 || c.PlannedAt.IsZero() {
		return Lift{}, fmt.Errorf("control group of campaign %d: %w", id, fault.ErrNotFound)
	}
	sent, control, err := s.store.Groups(ctx, id, AttributionWindow, s.now())
	if err != nil {
		return Lift{}, fmt.Errorf("control group of campaign %d: %w", id, err)
	}
	return Compare(sent, control), nil
}
