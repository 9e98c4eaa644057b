package web

import (
	"fmt"
	"maps"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/followup"
	"github.com/coursecrm/coursecrm/crm/label"
	"github.com/coursecrm/coursecrm/funnel"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
	"github.com/coursecrm/coursecrm/shortlink"
)

// paths builds every URL of the pages. html/template does not know that hx-get holds a URL, so
// what comes from here must be escaped already; url.Values sees to that.
type paths struct {
	base   string // "" or "/a/b"
	public string
	assets *assets
}

func newPaths(base, public string, a *assets) (paths, error) {
	b, err := cleanBase(base)
	if err != nil {
		return paths{}, fmt.Errorf("BasePath: %w", err)
	}
	p, err := cleanBase(public)
	if err != nil {
		return paths{}, fmt.Errorf("PublicBasePath: %w", err)
	}
	return paths{base: b, public: p, assets: a}, nil
}

// cleanBase turns "/", "crm", "/crm/" into "" and "/crm". What ServeMux or a browser would read
// as something else than a plain path is refused.
func cleanBase(s string) (string, error) {
	if strings.ContainsAny(s, "?#{}\\%\"'<> \t\r\n") {
		return "", fmt.Errorf("%q is not a plain path", s)
	}
	s = path.Clean("/" + s)
	if s == "/" {
		return "", nil
	}
	return s, nil
}

func (p paths) to(route string, query url.Values) string {
	if len(query) > 0 {
		return p.base + route + "?" + query.Encode()
	}
	return p.base + route
}

// values makes a query without its empty parts: values("after", c) of an empty c is nothing.
func values(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	return v
}

func (p paths) Home() string                 { return p.base + "/" }
func (p paths) Prefs() string                { return p.base + "/prefs" }
func (p paths) Search() string               { return p.base + "/search" }
func (p paths) Audience(q url.Values) string { return p.to("/audience", q) }
func (p paths) AudienceOf(id segment.QueryID) string {
	return p.to("/audience", values("query", strconv.FormatInt(int64(id), 10)))
}
func (p paths) Choices(q url.Values) string   { return p.to("/audience/choices", q) }
func (p paths) Select() string                { return p.base + "/audience/select" }
func (p paths) Composer(token string) string  { return p.to("/campaigns/new", values("s", token)) }
func (p paths) Campaigns(after string) string { return p.to("/campaigns", values("after", after)) }

// Settings is a page of settings: one of settingParts.
func (p paths) Settings(part string) string {
	switch part {
	case "general":
		return p.base + "/settings"
	case "health":
		return p.base + "/health"
	}
	return p.base + "/settings/" + part
}

// Audit is the record as q narrows it, from an entry on.
func (p paths) Audit(q url.Values, before string) string {
	v := maps.Clone(q)
	if before != "" {
		v.Set("before", before)
	}
	return p.to("/settings/audit", v)
}

// AuditExport takes the form that exports the record.
func (p paths) AuditExport() string { return p.base + "/settings/audit/export" }

// PersonErase asks before somebody is erased, and does it.
func (p paths) PersonErase(id segment.PersonID) string { return p.Person(id) + "/erase" }

func (p paths) Sync() string                 { return p.base + "/sync" }
func (p paths) Repair() string               { return p.base + "/sync/repair" }
func (p paths) Problems(after string) string { return p.to("/sync/problems", values("after", after)) }
func (p paths) Person(id segment.PersonID) string {
	return p.base + "/people/" + strconv.FormatInt(int64(id), 10)
}
func (p paths) PersonContact(id segment.PersonID) string { return p.Person(id) + "/contact" }

// PersonTab is a tab of a dossier; kind narrows the timeline, after is where its list begins.
func (p paths) PersonTab(id segment.PersonID, tab, kind, after string) string {
	return p.to("/people/"+strconv.FormatInt(int64(id), 10), values("tab", tab, "kind", kind, "after", after))
}

// PersonPrint is a dossier to be printed.
func (p paths) PersonPrint(id segment.PersonID) string { return p.Person(id) + "/print" }

// Why asks whether a person meets a rule; q names the rule.
func (p paths) Why(id segment.PersonID, q url.Values) string {
	return p.to("/people/"+strconv.FormatInt(int64(id), 10)+"/why", q)
}

func (p paths) Export() string               { return p.base + "/audience/export" }
func (p paths) ListNew() string              { return p.base + "/lists/new" }
func (p paths) Queries() string              { return p.base + "/queries" }
func (p paths) QueryNew(q url.Values) string { return p.to("/queries/new", q) }
func (p paths) Query(id segment.QueryID) string {
	return p.base + "/queries/" + strconv.FormatInt(int64(id), 10)
}
func (p paths) QueryEdit(id segment.QueryID, q url.Values) string {
	return p.to("/queries/"+strconv.FormatInt(int64(id), 10)+"/edit", q)
}
func (p paths) QuerySet(id segment.QueryID) string    { return p.Query(id) + "/set" }
func (p paths) QueryDelete(id segment.QueryID) string { return p.Query(id) + "/delete" }

// Campaign is a campaign's page, its recipients narrowed by f and beginning after a cursor.
func (p paths) Campaign(id campaign.ID, f campaign.Filter, after string) string {
	return p.to("/campaigns/"+strconv.FormatInt(int64(id), 10), values("f", string(f), "after", after))
}

// CampaignByID is a campaign's page by a plain number.
func (p paths) CampaignByID(id int64) string { return p.Campaign(campaign.ID(id), "", "") }

// DraftNew takes the form that begins a campaign.
func (p paths) DraftNew() string { return p.base + "/campaigns/new" }

// Draft is the page of a campaign that is being written; part is a page below it, "/people", and
// empty for itself.
func (p paths) Draft(key, part string, q url.Values) string {
	return p.to("/drafts/"+url.PathEscape(key)+part, q)
}

// Offerings searches the school's courses.
func (p paths) Offerings(q url.Values) string { return p.to("/campaigns/offerings", q) }

// Templates is the library, of one channel or all.
func (p paths) Templates(ch hostadapter.Channel) string {
	return p.to("/templates", values("channel", string(ch)))
}
func (p paths) TemplateNew(q url.Values) string { return p.to("/templates/new", q) }
func (p paths) TemplateMail() string            { return p.base + "/templates/mail" }

// Template is a saved template's page; part is one below it, "/submit", and empty for itself.
func (p paths) Template(id campaign.TemplateID, part string) string {
	return p.base + "/templates/" + strconv.FormatInt(int64(id), 10) + part
}

// ShortLinks is the list of links made by staff, in a state and with what is searched for.
func (p paths) ShortLinks(state, search, after string) string {
	return p.to("/links", values("state", state, "q", search, "after", after))
}
func (p paths) ShortLinkNew() string { return p.base + "/links/new" }

// ShortLink is the page of such a link; part is one below it, "/archive", and empty for itself.
func (p paths) ShortLink(id shortlink.LinkID, part string) string {
	return p.base + "/links/" + strconv.FormatInt(int64(id), 10) + part
}

// Asset is the address of a static file with its hash in the name.
func (p paths) Asset(name string) string { return p.base + "/static/" + p.assets.hashed(name) }

// CampaignList is the list of campaigns as v narrows it, beginning after a cursor.
func (p paths) CampaignList(v campaign.ListView, after string) string {
	direct := ""
	if v.Direct {
		direct = "1"
	}
	return p.to("/campaigns", values("direct", direct, "channel", string(v.Channel), "after", after))
}

// CampaignPeople is a campaign's page with the recipients that a filter and a reason leave.
func (p paths) CampaignPeople(id campaign.ID, f campaign.Filter, reason, after string) string {
	return p.to("/campaigns/"+strconv.FormatInt(int64(id), 10), values("f", string(f), "reason", reason, "after", after))
}

// CampaignWaiting is a campaign's page as it asks again while there is no list of people yet.
func (p paths) CampaignWaiting(id campaign.ID) string {
	return p.to("/campaigns/"+strconv.FormatInt(int64(id), 10), values("planned", "0"))
}

// CampaignPart is what can be done with a campaign: "pause", "copy" and so on.
func (p paths) CampaignPart(id campaign.ID, part string) string {
	return p.Campaign(id, "", "") + "/" + part
}

// PersonMessage is where a message to one person begins.
func (p paths) PersonMessage(id segment.PersonID) string { return p.Person(id) + "/message" }
func (p paths) PersonConsent(id segment.PersonID) string { return p.Person(id) + "/consent" }

// Followups is the list of reminders: who is "team" for everybody's, state one of followup.States.
func (p paths) Followups(who string, state followup.State, after string) string {
	if state == followup.AnyTime {
		state = ""
	}
	return p.to("/followups", values("who", who, "state", string(state), "after", after))
}

// FollowupsNew is the form of a plan for the people that q names; FollowupsSelect takes the ones who
// were ticked.
func (p paths) FollowupsNew(q url.Values) string { return p.to("/followups/new", q) }
func (p paths) FollowupsSelect() string          { return p.base + "/followups/select" }

// Followup is a follow-up's page; part is what follows, "/done", and empty for itself.
func (p paths) Followup(id followup.ID, part string) string {
	return p.base + "/followups/" + strconv.FormatInt(int64(id), 10) + part
}

// PersonFollowups takes a new follow-up of a person; FollowupNew is its form, from which one comes
// back to a page of the panel.
func (p paths) PersonFollowups(id segment.PersonID) string { return p.Person(id) + "/followups" }
func (p paths) FollowupNew(id segment.PersonID, back string) string {
	return p.to("/people/"+strconv.FormatInt(int64(id), 10)+"/followups/new", values("back", back))
}

// Labels is the page of tags. LabelsBulk is the form for the people that q names; LabelsSelect
// takes the ones who were ticked.
func (p paths) Labels() string                 { return p.base + "/labels" }
func (p paths) LabelsBulk(q url.Values) string { return p.to("/labels/bulk", q) }
func (p paths) LabelsSelect() string           { return p.base + "/labels/select" }

// Label is a tag's page and LabelBatch that of something done to its people; part is what follows,
// "/delete" or "/undo", and empty for the page itself.
func (p paths) Label(id label.ID, part string) string {
	return p.base + "/labels/" + strconv.FormatInt(int64(id), 10) + part
}
func (p paths) LabelBatch(id label.BatchID, part string) string {
	return p.base + "/labels/batches/" + strconv.FormatInt(int64(id), 10) + part
}

// PersonLabels takes changes of a person's tags; PersonInterests says why they have interest tags.
func (p paths) PersonLabels(id segment.PersonID) string    { return p.Person(id) + "/labels" }
func (p paths) PersonInterests(id segment.PersonID) string { return p.Person(id) + "/interests" }

// Suppressions is the list of suppressed contacts, of one channel or all. The cursor names nobody.
func (p paths) Suppressions(ch hostadapter.Channel, after string) string {
	return p.to("/suppressions", values("channel", string(ch), "after", after))
}

// SuppressionsPart is what can be done with them: "add", "lookup" and so on.
func (p paths) SuppressionsPart(part string) string { return p.base + "/suppressions/" + part }

// PublicAsset is the same for pages outside the login.
func (p paths) PublicAsset(name string) string {
	return p.public + "/static/" + p.assets.hashed(name)
}

// Within reports whether target is a page of the panel, so that a form may send people back to
// it: a path below base, not another site.
func (p paths) Within(target string) bool {
	u, err := url.Parse(target)
	if err != nil || u.IsAbs() || u.Host != "" || strings.ContainsAny(target, "\\\r\n\t") || strings.HasPrefix(target, "//") {
		return false
	}
	return u.Path == path.Clean(u.Path) && strings.HasPrefix(u.Path, p.base+"/") ||
		u.Path == p.Home()
}

// OfferingList is the list of courses or classrooms, as q narrows it.
func (p paths) OfferingList(kind hostadapter.TargetType, q url.Values) string {
	return p.to(offeringBase(kind), q)
}

// Offering is the page of a course or classroom; part is one below it, "/intent", and empty for
// itself.
func (p paths) Offering(kind hostadapter.TargetType, id funnel.OfferingID, part string, q url.Values) string {
	return p.to(offeringBase(kind)+"/"+strconv.FormatInt(int64(id), 10)+part, q)
}

// OfferingExport takes the form that exports a list.
func (p paths) OfferingExport(kind hostadapter.TargetType) string {
	return p.base + offeringBase(kind) + "/export"
}

func offeringBase(kind hostadapter.TargetType) string {
	if kind == hostadapter.TargetClassroom {
		return "/classrooms"
	}
	return "/courses"
}

// ComposeFor asks how the people that q names should be written to.
func (p paths) ComposeFor(q url.Values) string { return p.to("/campaigns/new", q) }
