package api

import (
	"fmt"
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/dossier"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

func (a *API) peopleOperations() []operation {
	return under("People",
		get("get-person", "/people/{id}", "The head of a person's dossier, with contacts masked.", a.personGet),
		a.wholeDossier(),
		get("get-person-details", "/people/{id}/details", "The fields of a person that the head does not show.", a.personDetails),
		get("list-person-timeline", "/people/{id}/timeline", "What happened with a person, the latest first.", a.personTimeline),
		get("list-person-orders", "/people/{id}/orders", "A person's orders, the latest first.", a.personOrders),
		get("list-person-places", "/people/{id}/places", "A person's courses and classrooms, the latest first.", a.personPlaces),
		get("list-person-deliveries", "/people/{id}/deliveries", "What campaigns sent a person, the latest first.", a.personDeliveries),
		get("list-person-consents", "/people/{id}/consents", "What a person said about being written to, the latest first.", a.personConsents),
		post("set-person-consent", "/people/{id}/consents", send, "Enters what a person told staff.", a.personConsent),
		post("show-person-contact", "/people/{id}/contact", contact, "A person's whole contacts.", a.personContact).more("Every call is written to the record."),
		post("explain-person", "/people/{id}/explain", view, "Whether a person meets a rule, and which condition decides it.", a.personExplain).more("It changes nothing; the rule comes in the body because it may name somebody."),
		post("start-person-message", "/people/{id}/messages", send, "Begins a message to one person, as a draft.", a.personMessage),
		post("erase-person", "/people/{id}/erase", settings, "Wipes all that is personal of somebody, for good.", a.personErase).
			more("Counts, orders and deliveries stay; the host's row does not bring anything back. Every call is written to the record."),
	)
}

// dossierView is the head of a dossier.
type dossierView struct {
	Person       personView     `json:"person"`
	Marketable   bool           `json:"marketable" doc:"False: teacher, staff, robot."`
	Channels     []reachView    `json:"channels"`
	MemberUntil  time.Time      `json:"member_until,omitzero"`
	FirstPaidAt  time.Time      `json:"first_paid_at,omitzero"`
	RefundCount  int            `json:"refund_count"`
	RefundTotal  int64          `json:"refund_total"`
	OpenCount    int            `json:"open_count" doc:"Orders that are not paid yet."`
	OpenTotal    int64          `json:"open_total"`
	Size         sizeView       `json:"size"`
	Lately       latelyView     `json:"lately"`
	RecentPlaces []placeView    `json:"recent_places"`
	RecentSent   []deliveryView `json:"recent_deliveries"`
	Erased       *erasedView    `json:"erased,omitempty" doc:"Their personal data was wiped."`
}

// reachView says whether a message could go out on a channel.
type reachView struct {
	Channel hostadapter.Channel      `json:"channel"`
	Reach   string                   `json:"reach" enum:"ok,no_mobile,no_email,denied,suppressed,inactive,staff"`
	Consent hostadapter.ConsentState `json:"consent,omitempty" doc:"What counts of the host's word and ours; absent: nothing is known."`
}

// sizeView is how many rows the lists of a dossier have.
type sizeView struct {
	Orders     int64 `json:"orders"`
	Places     int64 `json:"places"`
	Deliveries int64 `json:"deliveries"`
	Followups  int64 `json:"followups"`
}

// latelyView is what marketing did with a person within 90 days.
type latelyView struct {
	Sent   int64 `json:"sent"`
	Clicks int64 `json:"clicks"`
	Orders int64 `json:"orders"`
}

func (a *API) personGet(c *call, in *ByID[segment.PersonID]) (dossierView, error) {
	d, err := a.Dossiers.Head(c, in.ID)
	if err != nil {
		return dossierView{}, err
	}
	erased, err := a.Erasures.Find(c, d.ID)
	if err != nil {
		return dossierView{}, err
	}
	v := dossierView{Erased: erasedOf(erased), Person: personOf(d.Person), Marketable: d.Marketable, MemberUntil: d.MemberUntil, FirstPaidAt: d.FirstPaidAt,
		RefundCount: d.RefundCount, RefundTotal: d.RefundTotal, OpenCount: d.OpenCount, OpenTotal: d.OpenTotal, Size: sizeView(d.Size), Lately: latelyView(d.Lately),
		RecentPlaces: each(d.Places, placeOf), RecentSent: each(d.Recent, deliveryOf)}
	for _, r := range desk.ReachOf(d) {
		v.Channels = append(v.Channels, reachView{r.Channel, r.Word, d.Consent[r.Channel]})
	}
	return v, nil
}

// wholeContact is what one can write to.
type wholeContact struct {
	Mobile string `json:"mobile,omitempty"`
	Email  string `json:"email,omitempty"`
}

// personContact gives the whole contacts and leaves a record of it.
func (a *API) personContact(c *call, in *ByID[segment.PersonID]) (wholeContact, error) {
	d, err := a.Dossiers.Head(c, in.ID)
	if err != nil {
		return wholeContact{}, err
	}
	if err := c.record(audit.ContactShown, object("person", d.ID), nil); err != nil {
		return wholeContact{}, err
	}
	return wholeContact{d.Mobile, d.Email}, nil
}

// consentView is an entry of a person's record.
type consentView struct {
	Channel  hostadapter.Channel      `json:"channel"`
	State    hostadapter.ConsentState `json:"state"`
	Source   campaign.ConsentSource   `json:"source"`
	Campaign campaign.ID              `json:"campaign,omitempty"`
	By       string                   `json:"by,omitempty" doc:"The id of the member of staff; absent: the person."`
	At       time.Time                `json:"at"`
}

func (a *API) personConsents(c *call, in *ByID[segment.PersonID]) (all[consentView], error) {
	list, err := a.Consents.Record(c, in.ID)
	return allOf(list, func(x campaign.ConsentChange) consentView {
		return consentView{x.Channel, x.State, x.Source, x.Campaign, x.ByID, x.At}
	}), err
}

type consentInput struct {
	ByID[segment.PersonID]
	Body struct {
		Channel hostadapter.Channel      `json:"channel"`
		State   hostadapter.ConsentState `json:"state"`
	}
}

func (a *API) personConsent(c *call, in *consentInput) (nothing, error) {
	d, err := a.Dossiers.Head(c, in.ID)
	if err != nil {
		return nothing{}, err
	}
	if err := c.record(audit.ConsentEntered, object("person", d.ID), map[string]any{"channel": in.Body.Channel, "state": in.Body.State}); err != nil {
		return nothing{}, err
	}
	return nothing{}, a.Consents.Set(c, d.ID, in.Body.Channel, in.Body.State, c.staff)
}

type explainInput struct {
	ByID[segment.PersonID]
	Body struct {
		People whom `json:"people"`
	}
}

// explanation says of a part of a rule whether it holds.
type explanation struct {
	Path  string        `json:"path" doc:"Empty for the whole rule."`
	Rule  segment.Rule  `json:"rule"`
	Holds bool          `json:"holds"`
	Near  bool          `json:"near" doc:"One of the fewest conditions that would have to turn."`
	Found *foundView    `json:"found,omitempty" doc:"Of a condition."`
	Parts []explanation `json:"parts,omitempty"`
}

// foundView is what a person has of a field; what is set follows from the field's type.
type foundView struct {
	Missing bool      `json:"missing"`
	At      time.Time `json:"at,omitzero"`
	Number  int64     `json:"number,omitempty"`
	By      int64     `json:"by,omitempty" doc:"Number is to be divided by it."`
	Real    float64   `json:"real,omitempty"`
	Flag    bool      `json:"flag,omitempty"`
	Words   []string  `json:"words,omitempty"`
	IDs     []int64   `json:"ids,omitempty"`
}

func (a *API) personExplain(c *call, in *explainInput) (explanation, error) {
	rule, err := c.peopleOf(in.Body.People)
	if err != nil {
		return explanation{}, err
	}
	e, err := a.Segments.Explain(c, rule, in.ID)
	return explanationOf(e), err
}

func explanationOf(e segment.Explanation) explanation {
	v := explanation{Path: e.Path, Rule: e.Rule, Holds: e.Holds, Near: e.Near, Parts: each(e.Parts, explanationOf)}
	if word, _ := e.Rule.Members(); word == "" {
		v.Found = &foundView{e.Value.Missing, e.Value.At, e.Value.Number, e.Value.By, e.Value.Real, e.Value.Flag, e.Value.Words, e.Value.IDs}
	}
	return v
}

type messageInput struct {
	ByID[segment.PersonID]
	Body struct {
		Channel hostadapter.Channel `json:"channel"`
	}
}

// personMessage begins a message where a campaign could reach the person too.
func (a *API) personMessage(c *call, in *messageInput) (draftView, error) {
	d, err := a.Dossiers.Head(c, in.ID)
	if err != nil {
		return draftView{}, err
	}
	ch := in.Body.Channel
	usable := slices.Contains(a.Campaigns.Channels(), ch)
	if !usable || !slices.Contains(desk.ReachOf(d), desk.Reach{Channel: ch, Word: desk.Reachable}) {
		return draftView{}, fault.Fields{"channel": {Key: "problem.channel"}}
	}
	draft, err := a.Campaigns.NewDirect(c, ch, d.ID, c.staff)
	if err != nil {
		return draftView{}, fmt.Errorf("begin message: %w", err)
	}
	return a.draftGet(c, &DraftKey{draft.Key})
}

// customView is a field of the host's own.
type customView struct {
	Key   string `json:"key"`
	Value any    `json:"value" doc:"A text, a number, true or false, or a date."`
}

func customOf(x dossier.Custom) customView {
	v := customView{Key: x.Key, Value: x.Value.Text}
	switch x.Value.Kind {
	case hostadapter.CustomNumber:
		v.Value = x.Value.Number
	case hostadapter.CustomDate:
		v.Value = x.Value.Date
	case hostadapter.CustomBool:
		v.Value = x.Value.Bool
	case hostadapter.CustomText:
	}
	return v
}
