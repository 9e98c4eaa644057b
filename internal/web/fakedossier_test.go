package web

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/dossier"
	"github.com/coursecrm/coursecrm/funnel"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

type dossierStore world

// dossierSize is how many rows the tabs announce.
var dossierSize = dossier.Size{Orders: 1234, Places: 3, Deliveries: 61, Followups: 1}

func (s *dossierStore) Head(_ context.Context, id segment.PersonID, _ dossier.Terms) (dossier.Dossier, error) {
	if int(id) < 1 || int(id) > len(s.people) {
		return dossier.Dossier{}, fault.ErrNotFound
	}
	d := dossier.Dossier{Person: s.people[id-1], Marketable: true, EmailUsable: true, MobileUsable: id != 8, FirstPaidAt: s.now.AddDate(-1, 0, 0),
		Consent: h.Consent{h.ChannelEmail: h.ConsentDenied}, RefundCount: 1, RefundTotal: 29900, OpenCount: 1, OpenTotal: 128000, Size: dossierSize,
		Lately: dossier.Lately{Sent: 6, Clicks: 3, Orders: 1}, Recent: s.deliveries(), Places: s.places()}
	if id == 8 {
		d.Places, d.Recent, d.Lately, d.OpenCount, d.RefundCount = nil, nil, dossier.Lately{}, 0, 0
	}
	if s.hostNo {
		d.HostConsent = h.Consent{h.ChannelEmail: h.ConsentDenied}
	}
	if s.dead && d.MobileUsable {
		d.MobileUsable, d.MobileDead = false, true
	}
	return d, s.fail
}

func (s *dossierStore) places() []dossier.Place {
	return []dossier.Place{
		{ID: 1, Offering: 12, Title: "Python 数据分析实战班", Type: h.TargetCourse, Status: h.EnrollmentActive, Join: h.JoinPurchase, JoinedAt: s.now.AddDate(0, -2, 0), LastLearnAt: s.now.AddDate(0, 0, -5), Done: 21, Units: 32,
			ViaClassroom: "数据班", Standing: dossier.Standing{Stage: funnel.Enrolled, Since: s.now, Level: funnel.High, ByID: "7", By: "<b>陈立</b>", SetAt: s.now}},
		{ID: 2, Offering: 13, Title: "高等数学公开课", Type: h.TargetClassroom, Status: h.EnrollmentExpired, JoinedAt: s.now.AddDate(-1, 0, 0), ExpiresAt: s.now.AddDate(0, -1, 0), Standing: dossier.Standing{Stage: funnel.Potential, Level: funnel.Low}},
		{ID: 3, Title: "<script>alert(1)</script>", Type: h.TargetCourse, Status: h.EnrollmentExited, Exit: h.ExitSelf, JoinedAt: s.now.AddDate(-2, 0, 0)},
	}
}

func (s *dossierStore) deliveries() []dossier.Delivery {
	return []dossier.Delivery{{Campaign: 12, Name: "双 11 返场体验课转正价", Channel: h.ChannelEmail, State: campaign.Accepted, At: s.now.Add(-34 * time.Minute), ClickedAt: s.now.Add(-20 * time.Minute), Orders: 2, Revenue: 159800}}
}

// Timeline gives one event of each sort in two pages, the second from the year before.
func (s *dossierStore) Timeline(_ context.Context, id segment.PersonID, f dossier.Filter, after string, _ int, _ dossier.Terms) (dossier.Page[dossier.Event], error) {
	p := dossier.Page[dossier.Event]{Size: dossierSize}
	if id == 8 {
		return p, s.fail
	}
	at := s.now
	if after != "" {
		at = at.AddDate(-1, 0, 0)
	} else {
		p.Next = "more"
	}
	bought := dossier.Event{Titles: []string{"Python 数据分析实战班", "<i>讲义</i>"}, Order: "C2026", Amount: 79900, Currency: "CNY"}
	course := dossier.Event{Offering: 12, Type: h.TargetCourse, Titles: []string{"高等数学公开课"}}
	for i, w := range dossier.Whats() {
		e := dossier.Event{}
		switch w {
		case dossier.Ordered, dossier.Paid, dossier.RefundAsked, dossier.RefundEnded, dossier.Closed:
			e = bought
			e.Refund, e.Text = h.RefundRefused, "<b>太难</b>"
			if w == dossier.Paid {
				e.Campaign, e.Name = 12, "双 11 返场体验课转正价"
			}
		case dossier.Active, dossier.Joined, dossier.Completed, dossier.Expired, dossier.Left, dossier.Noted, dossier.Levelled:
			e = course
			e.Activity, e.Join, e.Exit, e.Method, e.Level, e.Text, e.By = h.ActivityView, h.JoinFree, h.ExitSelf, "phone", funnel.High, "<i>问能不能分期</i>", "陈立"
			e.EditedAt, e.NextAt = at, at.Add(time.Hour)
		case dossier.Sent, dossier.Clicked:
			e.Campaign, e.Channel, e.State = 12, h.ChannelSMS, campaign.Delivered
		case dossier.Consented:
			e.Channel, e.Consent, e.Source, e.By, e.Campaign = h.ChannelEmail, h.ConsentDenied, campaign.FromStaff, "7", 12
		case dossier.Labelled:
			e.Label, e.Added, e.By, e.Many = "价格敏感", true, "陈立", true
		case dossier.Registered:
		}
		e.What, e.At, e.ID, e.Count = w, at.AddDate(0, 0, -i/3).Add(-time.Duration(i)*time.Minute), 1, 1
		if w == dossier.Active {
			e.Count = 3
		}
		if f.Keeps(w) {
			p.Rows = append(p.Rows, e)
		}
	}
	return p, s.fail
}

func (s *dossierStore) Orders(_ context.Context, id segment.PersonID, after string, _ int, _ dossier.Terms) (dossier.Page[dossier.Order], error) {
	p := dossier.Page[dossier.Order]{Size: dossierSize}
	if id == 8 {
		return p, s.fail
	}
	if after == "" {
		p.Next = "3"
	}
	for i, st := range []h.OrderStatus{h.OrderFulfilled, h.OrderPending, h.OrderRefunded} {
		o := dossier.Order{ID: int64(i), SN: fmt.Sprintf("C2026090211%d%s", i, after), Items: []dossier.Item{{Title: "Python 数据分析实战班", Quantity: 1}, {Title: "产品经理入门", Quantity: 2}}[:i%2+1],
			Status: st, Currency: "CNY", Payable: 79900, CreatedAt: s.now.AddDate(0, -i, 0), Coupon: "开学"}
		if st.Paid() {
			o.Paid, o.PaidOn = 79900, o.CreatedAt
		}
		switch st {
		case h.OrderFulfilled:
			o.Credit = dossier.Credit{Campaign: 12, Name: "双 11 返场体验课转正价", Channel: h.ChannelEmail}
		case h.OrderRefunded:
			o.Refunded, o.Refund = 79900, dossier.Refund{Status: h.RefundDone, Cash: 79900, Reason: "<b>太难</b>", At: s.now}
		default:
			o.ClosesAt = s.now.Add(time.Hour)
		}
		p.Rows = append(p.Rows, o)
	}
	return p, s.fail
}

func (s *dossierStore) Places(_ context.Context, id segment.PersonID, _ string, _ int, _ dossier.Terms) (dossier.Page[dossier.Place], []dossier.Place, error) {
	p := dossier.Page[dossier.Place]{Size: dossierSize}
	if id == 8 {
		return p, nil, s.fail
	}
	p.Rows = s.places()
	return p, []dossier.Place{{Offering: 14, Title: "产品经理入门", Type: h.TargetCourse, Standing: dossier.Standing{Stage: funnel.Pending, Since: s.now, Level: funnel.Medium}}}, s.fail
}

func (s *dossierStore) Deliveries(_ context.Context, id segment.PersonID, _ string, _ int, _ dossier.Terms) (dossier.Page[dossier.Delivery], error) {
	p := dossier.Page[dossier.Delivery]{Size: dossierSize}
	if id != 8 {
		p.Rows = append(s.deliveries(), dossier.Delivery{Campaign: 11, Channel: h.ChannelSMS, Direct: true, State: campaign.Failed, Reason: campaign.ReasonRejected, At: s.now})
	}
	return p, s.fail
}

func (s *dossierStore) Details(_ context.Context, id segment.PersonID) (dossier.Details, error) {
	d := dossier.Details{HostID: h.LearnerID(strconv.Itoa(8999 + int(id))), Size: dossierSize, UpdatedAt: s.now}
	if id == 8 {
		return d, s.fail
	}
	d.Birthday, d.Roles, d.Device, d.Locale, d.MobileVerified = time.Date(1998, 7, 3, 0, 0, 0, 0, time.UTC), []h.Role{h.RoleStudent, "monitor"}, h.DeviceIOS, "zh-CN", true
	d.Inviter = dossier.Inviter{HostID: "9001", ID: 2, Name: "陈子昂"}
	d.Custom = []dossier.Custom{{Key: "school", Value: h.CustomValue{Text: "<b>实验中学</b>"}}, {Key: "age", Value: h.CustomValue{Kind: h.CustomNumber, Number: 28}},
		{Key: "exam", Value: h.CustomValue{Kind: h.CustomDate, Date: s.now}}, {Key: "vip", Value: h.CustomValue{Kind: h.CustomBool, Bool: true}}}
	return d, s.fail
}

// personPrefixes adds the words of the pages about one person.
func personPrefixes(out map[string][]string) {
	out["person.tab"] = personTabs()
	out["event.kind"] = words(dossier.Filters())
	out["event.refund"] = []string{string(h.RefundRequested), string(h.RefundDone), string(h.RefundRefused), string(h.RefundCancelled)}
	out["activity"] = append(out["activity"], words(activityTypes())...)
}
