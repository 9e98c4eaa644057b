package shortlink

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// LinkID is our id of a link.
type LinkID int64

// LinkKind is what a link is for.
type LinkKind string

// Kinds of links.
const (
	LinkCampaign LinkKind = "campaign" // in a campaign's messages, a number for each recipient
	LinkTrap     LinkKind = "trap"     // in a campaign's mails where no person sees it
	LinkTest     LinkKind = "test"     // in messages to oneself
	LinkFree     LinkKind = "free"     // made by staff, for posters and groups
)

// Link is where a range of codes leads.
type Link struct {
	ID       LinkID
	Kind     LinkKind
	Campaign int64 // 0: of no campaign
	Target   string
	UTM      UTM    // added to the target
	Slug     string // of a free link: another name than its code, lower case; empty: none
	Key      int    // the version of the key of its codes
	First    Number // the first number of the range; a recipient's number is First + ordinal
	Count    int64  // how many numbers the range has
	Expires  time.Time
	Archived bool
}

// Over reports whether the link leads nowhere any more.
func (l Link) Over(now time.Time) bool {
	return l.Archived || !l.Expires.IsZero() && !now.Before(l.Expires)
}

// Destination is the address that visitors are sent to, with what may not stand in a header escaped.
func (l Link) Destination() string {
	var out strings.Builder
	for _, c := range []byte(l.UTM.Add(l.Target)) {
		if c > ' ' && c <= '~' {
			out.WriteByte(c)
		} else {
			fmt.Fprintf(&out, "%%%02X", c)
		}
	}
	return out.String()
}

// UTM are the parameters by which web statistics know where a visitor came from.
type UTM struct {
	Source   string `json:"source,omitempty"`
	Medium   string `json:"medium,omitempty"`
	Campaign string `json:"campaign,omitempty"`
	Content  string `json:"content,omitempty"`
	Term     string `json:"term,omitempty"`
}

// Add puts the parameters that are set into an address, in place of those that it has. An address
// that cannot be read stays as it is.
func (m UTM) Add(target string) string {
	if m == (UTM{}) {
		return target
	}
	u, err := url.Parse(target)
	if err != nil {
		return target
	}
	parameters := m.list()
	var query []string // what the address has stays as it is written, also what no parser takes
	for piece := range strings.SplitSeq(u.RawQuery, "&") {
		name, _, _ := strings.Cut(piece, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		if piece != "" && !slices.ContainsFunc(parameters[:], func(p parameter) bool { return p.name == name && *p.value != "" }) {
			query = append(query, piece)
		}
	}
	for _, p := range parameters {
		if *p.value != "" {
			query = append(query, p.name+"="+url.QueryEscape(*p.value))
		}
	}
	u.RawQuery = strings.Join(query, "&")
	return u.String()
}

// parameter is one of the parameters: as a form names it, as addresses do, and its value.
type parameter struct {
	field, name string
	value       *string
}

func (m *UTM) list() [5]parameter {
	return [...]parameter{
		{"utm.source", "utm_source", &m.Source}, {"utm.medium", "utm_medium", &m.Medium}, {"utm.campaign", "utm_campaign", &m.Campaign},
		{"utm.content", "utm_content", &m.Content}, {"utm.term", "utm_term", &m.Term},
	}
}
