package campaign

import (
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/segment"
)

// Click is a person's human click on a campaign's link.
type Click struct {
	Person   segment.PersonID
	Campaign ID
	At       time.Time
}

// Purchase is an order that brought money in.
type Purchase struct {
	ID     int64
	Person segment.PersonID
	PaidOn time.Time
	Net    int64 // minor units, net of refunds
}

// Credit says that an order counts for a campaign.
type Credit struct {
	Order    int64
	Campaign ID
	Person   segment.PersonID
	Net      int64
}

// Attribute gives each order to the campaign of its buyer's last human click at most window
// before it was paid; an order without such a click counts for none (DOMAIN §3, "Attribution").
// Of clicks at the same moment the campaign with the larger id, launched later, counts. Storage
// computes the same in SQL; a test holds the two together.
func Attribute(clicks []Click, orders []Purchase, window time.Duration) []Credit {
	byPerson := map[segment.PersonID][]Click{}
	for _, c := range clicks {
		byPerson[c.Person] = append(byPerson[c.Person], c)
	}
	for _, list := range byPerson {
		slices.SortFunc(list, func(a, b Click) int {
			if c := a.At.Compare(b.At); c != 0 {
				return c
			}
			return int(a.Campaign - b.Campaign)
		})
	}
	var credits []Credit
	for _, o := range orders {
		list := byPerson[o.Person]
		i := len(list) - 1
		for i >= 0 && list[i].At.After(o.PaidOn) {
			i--
		}
		if i >= 0 && o.PaidOn.Sub(list[i].At) <= window {
			credits = append(credits, Credit{Order: o.ID, Campaign: list[i].Campaign, Person: o.Person, Net: o.Net})
		}
	}
	return credits
}

// AttributionWindow is how long after a click an order counts for its campaign.
const AttributionWindow = 7 * 24 * time.Hour
