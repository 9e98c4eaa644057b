package web

import (
	"net/http"
	"strings"

	"github.com/coursecrm/coursecrm/hostadapter"
)

// Frame is what every page shows around its content.
type Frame struct {
	Lang, Theme string
	Title       string
	Site        string
	HostURL     string
	Nav         []navItem
	QueryMenu   queryMenu
	Fresh       freshness
	Staff       string // the name; empty: nobody is logged in
	Back        string // this page, for the forms that come back to it
	Search      string // what the search box holds
	Contacts    bool   // staff may look for a phone number or an address
}

type navItem struct {
	Key, URL, Icon string
	Current        bool
	Badge          string // a number beside it; empty: none
}

// Initial is the first character of the name, for the round badge.
func (f Frame) Initial() string {
	for _, r := range f.Staff {
		return strings.ToUpper(string(r))
	}
	return ""
}

// OtherLang is the language that the switch offers.
func (f Frame) OtherLang() string {
	if f.Lang == en {
		return zhCN
	}
	return en
}

// frame makes the surroundings of a page. It reads the state of the sync; a page is shown also
// when that cannot be read.
func (w *Web) frame(q *request, titleKey, nav string) Frame {
	f := w.menuFrame(q, titleKey, nav)
	state, err := w.Sync.State(q.ctx())
	if err != nil {
		w.Log.WarnContext(q.ctx(), "web: sync state", "request", q.id, "err", err)
	}
	f.Fresh = freshnessOf(state, err, w.Now())
	return f
}

// menuFrame is a frame without the state of the sync, which some pages read anyway.
func (w *Web) menuFrame(q *request, titleKey, nav string) Frame {
	f := w.plainFrame(q, w.locale(q).T(titleKey), nav)
	f.QueryMenu = w.queryMenu(q)
	for i := range f.Nav {
		if f.Nav[i].Key == "followups" {
			f.Nav[i].Badge = w.followupBadge(q)
		}
	}
	return f
}

// plainFrame is a frame that asks nobody, for error pages.
func (w *Web) plainFrame(q *request, title, nav string) Frame {
	f := Frame{Lang: q.lang, Theme: q.theme, Title: title, Site: w.Settings.Site(), HostURL: w.HostURL, Staff: q.staff.Name}
	if f.Staff == "" {
		f.Staff = q.staff.ID
	}
	f.Contacts = q.may(hostadapter.PermContactView)
	f.Back = w.paths.Home()
	if q.r.Method == http.MethodGet {
		f.Back = q.r.URL.RequestURI()
	}
	f.Nav = []navItem{
		{Key: "home", URL: w.paths.Home(), Icon: "home"},
		{Key: "audience", URL: w.paths.Audience(nil), Icon: "users"},
		{Key: "courses", URL: w.paths.OfferingList(hostadapter.TargetCourse, nil), Icon: "book-2"},
		{Key: "classrooms", URL: w.paths.OfferingList(hostadapter.TargetClassroom, nil), Icon: "school"},
		{Key: "campaigns", URL: w.paths.Campaigns(""), Icon: "send"},
		{Key: "reports", URL: w.paths.Report(reportCampaigns, nil), Icon: "columns-3"},
		{Key: "followups", URL: w.paths.Followups("", "", ""), Icon: "list-check"},
		{Key: "labels", URL: w.paths.Labels(), Icon: "tag"},
		{Key: "links", URL: w.paths.ShortLinks("", "", ""), Icon: "link"},
		{Key: "templates", URL: w.paths.Templates(""), Icon: "template"},
		{Key: "suppressions", URL: w.paths.Suppressions("", ""), Icon: "shield-check"},
		{Key: "sync", URL: w.paths.Sync(), Icon: "refresh"},
	}
	if q.may(hostadapter.PermSettings) {
		f.Nav = append(f.Nav, navItem{Key: "settings", URL: w.paths.Settings("general"), Icon: "settings"})
	}
	for i := range f.Nav {
		f.Nav[i].Current = f.Nav[i].Key == nav
	}
	return f
}
