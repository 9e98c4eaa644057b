package web

import (
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/dossier"
	"github.com/coursecrm/coursecrm/crm/followup"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// timelineDay are the events of a day of the site's zone.
type timelineDay struct {
	Name   string
	Events []eventView
}

// eventView is an event in the timeline.
type eventView struct {
	dossier.Event
	Icon, Tint string
	Clock      string // the time of day
	Say        string // what kind of activity it was
	// Pages of the offering, the campaign and the follow-up; empty: there is none.
	OfferingURL, CampaignURL, NoteURL string
}

// fillTimeline reads events of a kind, which is empty for all.
func (w *Web) fillTimeline(q *request, p *personPanel, id segment.PersonID, kind, after string, limit int) (string, error) {
	filter := dossier.Filter(kind)
	if kind == "" {
		filter = dossier.All
	}
	list, err := w.Dossiers.Timeline(q.ctx(), id, filter, after, limit)
	if err != nil {
		return "", err
	}
	for _, f := range dossier.Filters() {
		word := string(f)
		if f == dossier.All {
			word = ""
		}
		p.Kinds = append(p.Kinds, choiceLink{string(f), w.paths.PersonTab(id, tabTimeline, word, ""), f == filter})
	}
	l := w.locale(q)
	for _, e := range list.Rows {
		name := l.dayName(e.At)
		if n := len(p.Days); n == 0 || p.Days[n-1].Name != name {
			p.Days = append(p.Days, timelineDay{Name: name})
		}
		day := &p.Days[len(p.Days)-1]
		day.Events = append(day.Events, w.eventView(l, e))
	}
	p.count(list.Size)
	return list.Next, nil
}

func (w *Web) eventView(l *locale, e dossier.Event) eventView {
	v := eventView{Event: e, Clock: e.At.In(l.loc).Format(clockLayout), OfferingURL: w.offeringURL(e.Type, e.Offering)}
	v.Icon, v.Tint = look(e)
	if e.Campaign != 0 {
		v.CampaignURL = w.paths.Campaign(e.Campaign, campaign.FilterAll, "")
	}
	switch e.What {
	case dossier.Active:
		v.Say = string(e.Activity)
		if slices.Contains(activityTypes(), e.Activity) {
			v.Say = l.TK("activity", e.Activity)
		}
	case dossier.Noted:
		v.NoteURL = w.paths.Followup(followup.ID(e.ID), "")
	}
	return v
}

// activityTypes lists the activities that have a word of ours; a host may tell others.
func activityTypes() []hostadapter.ActivityType {
	return []hostadapter.ActivityType{hostadapter.ActivityView, hostadapter.ActivityTrial, hostadapter.ActivityFavorite, hostadapter.ActivityQuestion,
		hostadapter.ActivityCoupon, hostadapter.ActivityLearn, hostadapter.ActivityLogin}
}

// look gives the icon of an event and the tint of its disc.
func look(e dossier.Event) (icon, tint string) {
	switch e.What {
	case dossier.Ordered, dossier.Paid, dossier.RefundAsked, dossier.RefundEnded, dossier.Closed:
		return "shopping-cart", "crm-tl-buy"
	case dossier.Sent, dossier.Consented:
		return channelIcon(e.Channel), "crm-tl-mkt"
	case dossier.Clicked:
		return "click", "crm-tl-mkt"
	case dossier.Noted, dossier.Levelled:
		return "note", "crm-tl-note"
	case dossier.Labelled:
		return "tag", "crm-tl-note"
	case dossier.Registered:
		return "user-plus", ""
	case dossier.Active:
		if e.Activity == hostadapter.ActivityLogin {
			return "login", ""
		}
	case dossier.Joined, dossier.Completed, dossier.Expired, dossier.Left:
	}
	return "book-2", ""
}

func channelIcon(ch hostadapter.Channel) string {
	switch ch {
	case hostadapter.ChannelSMS:
		return "device-mobile"
	case hostadapter.ChannelEmail:
		return "mail"
	case hostadapter.ChannelMessage:
	}
	return "message-circle"
}

// dayName heads the events of a day: 今天，11 月 20 日; 11 月 18 日 周三; with the year of another one.
func (l *locale) dayName(t time.Time) string {
	t = t.In(l.loc)
	now := l.now().In(l.loc)
	layout := "1 月 2 日"
	if l.lang == en {
		layout = "2 January"
	}
	if t.Year() != now.Year() {
		layout = "2006 年 1 月 2 日"
		if l.lang == en {
			layout = "2 January 2006"
		}
	}
	date := t.Format(layout)
	switch day(now).Sub(day(t)) / (24 * time.Hour) {
	case 0:
		return l.T("event.today", date)
	case 1:
		return l.T("event.yesterday", date)
	}
	return l.T("event.day", date, l.TK("weekday", int(t.Weekday())))
}
