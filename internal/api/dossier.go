package api

import (
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/dossier"
	"github.com/coursecrm/coursecrm/funnel"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// PagesOfPerson asks for a page of something of a person.
type PagesOfPerson struct {
	ByID[segment.PersonID]
	Paging
}

// detailsView are the fields of a person that the head does not show.
type detailsView struct {
	Birthday       string             `json:"birthday,omitempty" format:"date"`
	MobileVerified bool               `json:"mobile_verified"`
	EmailVerified  bool               `json:"email_verified"`
	Device         hostadapter.Device `json:"device,omitempty"`
	Locale         string             `json:"locale,omitempty" doc:"BCP 47."`
	Roles          []hostadapter.Role `json:"roles"`
	Inviter        *inviterView       `json:"inviter,omitempty"`
	MemberFrom     time.Time          `json:"member_from,omitzero"`
	UpdatedAt      time.Time          `json:"updated_at,omitzero" doc:"When the host last changed the account."`
	Custom         []customView       `json:"custom" doc:"The host's own fields."`
}

// inviterView is who brought a person.
type inviterView struct {
	HostID hostadapter.LearnerID `json:"host_id"`
	ID     segment.PersonID      `json:"id,omitempty" doc:"Absent: nobody whom we know."`
	Name   string                `json:"name,omitempty"`
}

func (a *API) personDetails(c *call, in *ByID[segment.PersonID]) (detailsView, error) {
	d, err := a.Dossiers.Details(c, in.ID)
	v := detailsView{MobileVerified: d.MobileVerified, EmailVerified: d.EmailVerified, Device: d.Device, Locale: d.Locale, Roles: filled(d.Roles), MemberFrom: d.LevelFrom,
		UpdatedAt: d.UpdatedAt, Custom: each(d.Custom, customOf)}
	if !d.Birthday.IsZero() {
		v.Birthday = d.Birthday.Format(time.DateOnly)
	}
	if d.Inviter.HostID != "" {
		v.Inviter = &inviterView{d.Inviter.HostID, d.Inviter.ID, d.Inviter.Name}
	}
	return v, err
}

// eventView is something that happened with a person. Fields that say nothing about it are absent.
type eventView struct {
	What     dossier.What             `json:"what"`
	At       time.Time                `json:"at"`
	ID       int64                    `json:"id,omitempty" doc:"Of the row that it is made of; of a message the campaign's."`
	Count    int                      `json:"count" doc:"How many activities of a sort there were on that day."`
	Activity hostadapter.ActivityType `json:"activity,omitempty"`
	Offering funnel.OfferingID        `json:"offering,omitempty"`
	Type     hostadapter.TargetType   `json:"type,omitempty"`
	Titles   []string                 `json:"titles,omitempty"`
	Order    string                   `json:"order,omitempty" doc:"Its number."`
	Amount   int64                    `json:"amount,omitempty" doc:"Minor units of currency."`
	Currency string                   `json:"currency,omitempty"`
	Refund   hostadapter.RefundStatus `json:"refund,omitempty"`
	Join     hostadapter.JoinReason   `json:"join,omitempty"`
	Exit     hostadapter.ExitReason   `json:"exit,omitempty"`
	Campaign campaign.ID              `json:"campaign,omitempty"`
	Name     string                   `json:"name,omitempty" doc:"The campaign's."`
	Channel  hostadapter.Channel      `json:"channel,omitempty"`
	State    campaign.DeliveryState   `json:"state,omitempty"`
	Reason   campaign.Reason          `json:"reason,omitempty"`
	Consent  hostadapter.ConsentState `json:"consent,omitempty"`
	Source   campaign.ConsentSource   `json:"source,omitempty"`
	By       string                   `json:"by,omitempty"`
	Method   string                   `json:"method,omitempty"`
	Text     string                   `json:"text,omitempty"`
	Level    funnel.Level             `json:"level,omitempty"`
	Before   funnel.Level             `json:"before,omitempty"`
	Label    string                   `json:"label,omitempty"`
	Added    bool                     `json:"added,omitempty" doc:"The tag was given; else taken."`
	Undone   bool                     `json:"undone,omitempty"`
	Many     bool                     `json:"many,omitempty" doc:"Together with other people."`
	EditedAt time.Time                `json:"edited_at,omitzero"`
	NextAt   time.Time                `json:"next_at,omitzero"`
}

type timelineInput struct {
	PagesOfPerson
	Kind dossier.Filter `query:"kind" default:"all"`
}

func (a *API) personTimeline(c *call, in *timelineInput) (page[eventView], error) {
	list, err := a.Dossiers.Timeline(c, in.ID, in.Kind, in.After, in.Limit)
	return pageOf(list.Rows, list.Next, func(e dossier.Event) eventView {
		return eventView{e.What, e.At, e.ID, e.Count, e.Activity, e.Offering, e.Type, e.Titles, e.Order, e.Amount, e.Currency, e.Refund, e.Join, e.Exit,
			e.Campaign, e.Name, e.Channel, e.State, e.Reason, e.Consent, e.Source, e.By, e.Method, e.Text, e.Level, e.Before, e.Label, e.Added, e.Undone, e.Many,
			e.EditedAt, e.NextAt}
	}), err
}

// orderView is an order of a person.
type orderView struct {
	ID        int64                   `json:"id"`
	SN        string                  `json:"sn"`
	Items     []itemView              `json:"items"`
	Status    hostadapter.OrderStatus `json:"status"`
	Currency  string                  `json:"currency"`
	Payable   int64                   `json:"payable"`
	Paid      int64                   `json:"paid"`
	Refunded  int64                   `json:"refunded"`
	Coupon    string                  `json:"coupon,omitempty"`
	CreatedAt time.Time               `json:"created_at"`
	PaidAt    time.Time               `json:"paid_at,omitzero"`
	ClosesAt  time.Time               `json:"closes_at,omitzero" doc:"When an open order closes by itself."`
	Refund    *refundView             `json:"refund,omitempty"`
	Credit    *creditView             `json:"credit,omitempty" doc:"The campaign that it counts for."`
}

type itemView struct {
	Title    string `json:"title"`
	Quantity int    `json:"quantity"`
	Amount   int64  `json:"amount"`
}

type refundView struct {
	Status hostadapter.RefundStatus `json:"status"`
	Cash   int64                    `json:"cash"`
	Reason string                   `json:"reason,omitempty"`
	At     time.Time                `json:"at,omitzero"`
}

type creditView struct {
	Campaign campaign.ID         `json:"campaign"`
	Name     string              `json:"name,omitempty" doc:"Absent: a message to one person."`
	Channel  hostadapter.Channel `json:"channel"`
}

func orderOf(o dossier.Order) orderView {
	v := orderView{ID: o.ID, SN: o.SN, Items: each(o.Items, func(i dossier.Item) itemView { return itemView(i) }), Status: o.Status, Currency: o.Currency, Payable: o.Payable,
		Paid: o.Paid, Refunded: o.Refunded, Coupon: o.Coupon, CreatedAt: o.CreatedAt, PaidAt: o.PaidOn, ClosesAt: o.ClosesAt}
	if o.Refund.Status != "" {
		v.Refund = &refundView{o.Refund.Status, o.Refund.Cash, o.Refund.Reason, o.Refund.At}
	}
	if o.Credit.Campaign != 0 {
		v.Credit = &creditView{o.Credit.Campaign, o.Credit.Name, o.Credit.Channel}
	}
	return v
}

func (a *API) personOrders(c *call, in *PagesOfPerson) (page[orderView], error) {
	list, err := a.Dossiers.Orders(c, in.ID, in.After, in.Limit)
	return pageOf(list.Rows, list.Next, orderOf), err
}

// placeView is a person's place in a course or classroom.
type placeView struct {
	ID           int64                        `json:"id,omitempty" doc:"Of the enrollment; absent: there is none."`
	Offering     funnel.OfferingID            `json:"offering"`
	Title        string                       `json:"title"`
	Type         hostadapter.TargetType       `json:"type"`
	Status       hostadapter.EnrollmentStatus `json:"status,omitempty"`
	ViaClassroom string                       `json:"via_classroom,omitempty"`
	Join         hostadapter.JoinReason       `json:"join,omitempty"`
	Exit         hostadapter.ExitReason       `json:"exit,omitempty"`
	JoinedAt     time.Time                    `json:"joined_at,omitzero"`
	ExpiresAt    time.Time                    `json:"expires_at,omitzero" doc:"Absent: never."`
	LastLearnAt  time.Time                    `json:"last_learn_at,omitzero"`
	CompletedAt  time.Time                    `json:"completed_at,omitzero"`
	ExitedAt     time.Time                    `json:"exited_at,omitzero"`
	Done         int                          `json:"done" doc:"Required units done."`
	Units        int                          `json:"units" doc:"Required units; 0: not known."`
	Stage        funnel.Stage                 `json:"stage,omitempty"`
	Since        time.Time                    `json:"since,omitzero"`
	Level        funnel.Level                 `json:"level,omitempty"`
	LevelBy      *who                         `json:"level_by,omitempty" doc:"Absent: the level follows the score."`
}

func placeOf(p dossier.Place) placeView {
	v := placeView{ID: p.ID, Offering: p.Offering, Title: p.Title, Type: p.Type, Status: p.Status, ViaClassroom: p.ViaClassroom, Join: p.Join, Exit: p.Exit, JoinedAt: p.JoinedAt,
		ExpiresAt: p.ExpiresAt, LastLearnAt: p.LastLearnAt, CompletedAt: p.CompletedAt, ExitedAt: p.ExitedAt, Done: p.Done, Units: p.Units,
		Stage: p.Standing.Stage, Since: p.Standing.Since, Level: p.Standing.Level}
	if p.Standing.ByID != "" {
		v.LevelBy = &who{p.Standing.ByID, p.Standing.By}
	}
	return v
}

// placesView is a page of places.
type placesView struct {
	Items  []placeView `json:"items"`
	Others []placeView `json:"others" doc:"With the first page: offerings that the person stands with in a stage, without a place."`
	Next   string      `json:"next,omitempty"`
}

func (a *API) personPlaces(c *call, in *PagesOfPerson) (placesView, error) {
	list, others, err := a.Dossiers.Places(c, in.ID, in.After, in.Limit)
	return placesView{each(list.Rows, placeOf), each(others, placeOf), list.Next}, err
}

// deliveryView is a campaign that a person received or was to receive.
type deliveryView struct {
	Campaign  campaign.ID            `json:"campaign"`
	Name      string                 `json:"name,omitempty" doc:"Absent: a message to one person."`
	Channel   hostadapter.Channel    `json:"channel"`
	Direct    bool                   `json:"direct"`
	State     campaign.DeliveryState `json:"state"`
	Reason    campaign.Reason        `json:"reason,omitempty"`
	At        time.Time              `json:"at"`
	ClickedAt time.Time              `json:"clicked_at,omitzero"`
	Orders    int                    `json:"orders" doc:"That count for it."`
	Revenue   int64                  `json:"revenue"`
}

func deliveryOf(d dossier.Delivery) deliveryView {
	return deliveryView{d.Campaign, d.Name, d.Channel, d.Direct, d.State, d.Reason, d.At, d.ClickedAt, d.Orders, d.Revenue}
}

func (a *API) personDeliveries(c *call, in *PagesOfPerson) (page[deliveryView], error) {
	list, err := a.Dossiers.Deliveries(c, in.ID, in.After, in.Limit)
	return pageOf(list.Rows, list.Next, deliveryOf), err
}
