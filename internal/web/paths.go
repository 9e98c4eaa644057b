package web

import (
	"fmt"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/segment"
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
func (p paths) Audience(q url.Values) string { return p.to("/audience", q) }
func (p paths) AudienceOf(id segment.QueryID) string {
	return p.to("/audience", values("query", strconv.FormatInt(int64(id), 10)))
}
func (p paths) Choices(q url.Values) string   { return p.to("/audience/choices", q) }
func (p paths) Select() string                { return p.base + "/audience/select" }
func (p paths) Composer(token string) string  { return p.to("/campaigns/new", values("s", token)) }
func (p paths) Preview() string               { return p.base + "/campaigns/preview" }
func (p paths) PreviewMail() string           { return p.base + "/campaigns/preview/mail" }
func (p paths) Campaigns(after string) string { return p.to("/campaigns", values("after", after)) }
func (p paths) Sync() string                  { return p.base + "/sync" }
func (p paths) Repair() string                { return p.base + "/sync/repair" }
func (p paths) Problems(after string) string  { return p.to("/sync/problems", values("after", after)) }
func (p paths) Person(id segment.PersonID) string {
	return p.base + "/people/" + strconv.FormatInt(int64(id), 10)
}
func (p paths) PersonContact(id segment.PersonID) string { return p.Person(id) + "/contact" }

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

// Asset is the address of a static file with its hash in the name.
func (p paths) Asset(name string) string { return p.base + "/static/" + p.assets.hashed(name) }

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
