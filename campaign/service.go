package campaign

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
	"github.com/coursecrm/coursecrm/shortlink"
)

// Store keeps campaigns; storage.Campaigns implements it. Each method is one transaction.
type Store interface {
	// Insert launches a campaign and returns its id. When one with the same Key is there already,
	// that one's id comes back and nothing is changed.
	Insert(ctx context.Context, c Campaign) (ID, error)
	Find(ctx context.Context, id ID) (Campaign, error) // fault.ErrNotFound
	// List gives campaigns, the latest first, and the cursor of the next page.
	List(ctx context.Context, after string, limit int) ([]Listed, string, error)
	// DryRun breaks an audience down as planning would.
	DryRun(ctx context.Context, p segment.Predicate, ch h.Channel) (Sum, error)
	// Result adds up where a campaign stands.
	Result(ctx context.Context, id ID, window time.Duration) (Result, error)
	// Recipients gives deliveries in the given states (none: all), by ordinal.
	Recipients(ctx context.Context, id ID, states []DeliveryState, clicked bool, after string, limit int) ([]Recipient, string, error)
	// Sample gives up to limit people of an audience that would be sent to, for previews.
	Sample(ctx context.Context, p segment.Predicate, ch h.Channel, limit int) ([]Addressee, error)
}

// Addressee is a person with what a message to them needs.
type Addressee struct {
	Ordinal int64
	Person  segment.PersonID
	Tries   int       // this one included, from 1; 0 in previews
	Contact string    // empty: none any more
	Values  Values    // all but link, site and member_expires
	Until   time.Time // when the membership ends; zero: never, or no member
}

// fill adds the variables that depend on the site: its name, and a date in its time zone.
func fill(a Addressee, site string, loc *time.Location) {
	a.Values["site"] = site
	if !a.Until.IsZero() {
		a.Values["member_expires"] = a.Until.In(loc).Format(time.DateOnly)
	}
}

// Service plans campaigns and reports on them. It is safe for concurrent use.
type Service struct {
	store    Store
	segments *segment.Service
	channels map[h.Channel]Channel
	site     string
	now      func() time.Time
}

// NewService makes a service. site is the school's name as {{ site }} shows it; channels are
// those that can be used.
func NewService(store Store, segments *segment.Service, channels []Channel, site string, now func() time.Time) *Service {
	s := &Service{store: store, segments: segments, channels: map[h.Channel]Channel{}, site: site, now: now}
	for _, c := range channels {
		s.channels[c.Name()] = c
	}
	return s
}

// Input is what staff fill in to launch a campaign.
type Input struct {
	Key        string // idempotency key made by the form; the same key launches once
	Name       string
	Channel    h.Channel
	Rule       segment.Rule
	Subject    string
	Body       string
	LinkTarget string
	By         h.Staff
}

// draft is an input that has been checked.
type draft struct {
	Input
	subject, body *Template
}

// Launch checks the input and launches the campaign: from here on it is sent without anybody
// pressing a button again. Launching the same Key again returns the first campaign's id.
//
// Errors: fault.Fields for bad input.
func (s *Service) Launch(ctx context.Context, in Input) (ID, error) {
	d, problems := s.check(ctx, in)
	if in.Key == "" || len(in.Key) > 100 {
		problems.Add("key", "problem.missing")
	}
	if err := problems.Err(); err != nil {
		return 0, err
	}
	sum, err := s.dryRun(ctx, d)
	if err != nil {
		return 0, err
	}
	if sum.Sendable == 0 {
		problems.Add("audience", "problem.nobody")
		return 0, problems.Err()
	}
	id, err := s.store.Insert(ctx, Campaign{
		Key: in.Key, Name: d.Name, Channel: d.Channel, Rule: d.Rule, Subject: d.Subject, Body: d.Body,
		LinkTarget: d.LinkTarget, State: Planning, ByID: d.By.ID, ByName: d.By.Name, LaunchedAt: s.now(),
	})
	if err != nil {
		return 0, fmt.Errorf("launch campaign: %w", err)
	}
	return id, nil
}

// Check looks at the input as Launch does and changes nothing.
//
// Errors: fault.Fields.
func (s *Service) Check(ctx context.Context, in Input) error {
	_, problems := s.check(ctx, in)
	return problems.Err()
}

func (s *Service) check(ctx context.Context, in Input) (draft, fault.Fields) {
	problems := fault.Fields{}
	in.Name, in.Subject, in.LinkTarget = strings.TrimSpace(in.Name), strings.TrimSpace(in.Subject), strings.TrimSpace(in.LinkTarget)
	d := draft{Input: in}
	if in.Name == "" {
		problems.Add("name", "problem.missing")
	} else if utf8.RuneCountInString(in.Name) > 100 {
		problems.Add("name", "problem.long", 100)
	}
	if _, ok := s.channels[in.Channel]; !ok {
		problems.Add("channel", "problem.channel")
	}
	d.subject = part(problems, "subject", in.Subject, MaxSubject)
	d.body = part(problems, "body", in.Body, MaxBody)
	if strings.ContainsAny(in.Subject, "\r\n") {
		problems.Add("subject", "problem.line_break")
	}
	if _, err := s.segments.Compile(ctx, in.Rule); errors.Is(err, fault.ErrInvalid) {
		problems.Add("audience", "problem.rule")
	}
	uses := d.body != nil && d.body.Uses("link") || d.subject != nil && d.subject.Uses("link")
	switch {
	case in.LinkTarget == "" && uses:
		problems.Add("link_target", "problem.link_missing")
	case in.LinkTarget != "" && shortlink.CheckTarget(in.LinkTarget) != nil:
		problems.Add("link_target", "problem.url")
	case in.LinkTarget != "" && !uses && d.body != nil:
		problems.Add("body", "problem.link_unused")
	}
	return d, problems
}

// part compiles a template and files what is wrong with it.
func part(problems fault.Fields, field, text string, limit int) *Template {
	if strings.TrimSpace(text) == "" {
		problems.Add(field, "problem.missing")
		return nil
	}
	t, err := ParseTemplate(text, limit)
	var te *TemplateError
	switch {
	case err == nil:
		return t
	case errors.Is(err, ErrTemplateTooLong):
		problems.Add(field, "problem.long", limit)
	case errors.Is(err, ErrTemplateVariable) && errors.As(err, &te):
		problems.Add(field, "problem.variable", te.Word)
	case errors.Is(err, ErrTemplateTag) && errors.As(err, &te):
		problems.Add(field, "problem.tag", te.Word)
	default:
		problems.Add(field, "problem.template")
	}
	return nil
}

// DryRun breaks the audience of an input down without sending anything.
func (s *Service) DryRun(ctx context.Context, r segment.Rule, ch h.Channel) (Sum, error) {
	return s.dryRun(ctx, draft{Input: Input{Rule: r, Channel: ch}})
}

func (s *Service) dryRun(ctx context.Context, d draft) (Sum, error) {
	p, err := s.segments.Compile(ctx, d.Rule)
	if err != nil {
		return Sum{}, err
	}
	sum, err := s.store.DryRun(ctx, p, d.Channel)
	if err != nil {
		return Sum{}, fmt.Errorf("dry run: %w", err)
	}
	return sum, nil
}

// Preview is a message as one of its recipients will see it.
type Preview struct {
	Name    string // of the recipient
	Of, At  int    // the recipient's place among the sample, from 0
	Subject string
	Text    string
	HTML    string
}

// sampleSize is how many people a preview steps through.
const sampleSize = 10

// Preview renders the input for the at-th person of a sample of its audience. Fields that do not
// compile yet stay empty. The zero Preview means that the audience is empty.
func (s *Service) Preview(ctx context.Context, in Input, at int) (Preview, error) {
	p, err := s.segments.Compile(ctx, in.Rule)
	if err != nil {
		return Preview{}, err
	}
	people, err := s.store.Sample(ctx, p, in.Channel, sampleSize)
	if err != nil {
		return Preview{}, fmt.Errorf("sample audience: %w", err)
	}
	if len(people) == 0 {
		return Preview{}, nil
	}
	at = min(max(at, 0), len(people)-1)
	d, _ := s.check(ctx, in)
	person := people[at]
	out := Preview{At: at, Of: len(people), Name: person.Values["real_name"]}
	if out.Name == "" {
		out.Name = person.Values["nickname"]
	}
	fill(person, s.site, s.segments.Location())
	person.Values["link"] = "https://…/xxxxxxxx"
	if d.subject != nil {
		out.Subject, _ = d.subject.Render(person.Values)
		out.Subject = OneLine(out.Subject)
	}
	if d.body != nil {
		out.Text, _ = d.body.Render(person.Values)
		out.HTML = HTML(out.Text)
	}
	return out, nil
}

// Find gives a campaign.
//
// Errors: fault.ErrNotFound.
func (s *Service) Find(ctx context.Context, id ID) (Campaign, error) { return s.store.Find(ctx, id) }

// List gives campaigns, the latest first.
func (s *Service) List(ctx context.Context, after string, limit int) ([]Listed, string, error) {
	return s.store.List(ctx, after, limit)
}

// Result adds up where a campaign stands.
func (s *Service) Result(ctx context.Context, id ID) (Result, error) {
	return s.store.Result(ctx, id, AttributionWindow)
}

// Filter narrows a list of recipients.
type Filter string

// Filters.
const (
	FilterAll      Filter = ""
	FilterAccepted Filter = "accepted"
	FilterClicked  Filter = "clicked"
	FilterFailed   Filter = "failed"
	FilterUnknown  Filter = "unknown"
	FilterExcluded Filter = "excluded"
	FilterWaiting  Filter = "waiting"
)

// Filters lists the filters in order.
func Filters() []Filter {
	return []Filter{FilterAll, FilterAccepted, FilterClicked, FilterFailed, FilterUnknown, FilterExcluded, FilterWaiting}
}

// Recipients gives a page of a campaign's recipients. An unknown filter is fault.ErrInvalid.
func (s *Service) Recipients(ctx context.Context, id ID, f Filter, after string, limit int) ([]Recipient, string, error) {
	states := map[Filter][]DeliveryState{
		FilterAll: {}, FilterAccepted: {Accepted, Delivered}, FilterClicked: {}, FilterFailed: {Failed},
		FilterUnknown: {Unknown}, FilterExcluded: {Excluded}, FilterWaiting: {Queued, InFlight},
	}
	want, ok := states[f]
	if !ok {
		return nil, "", fmt.Errorf("%w: filter of recipients", fault.ErrInvalid)
	}
	return s.store.Recipients(ctx, id, want, f == FilterClicked, after, limit)
}
