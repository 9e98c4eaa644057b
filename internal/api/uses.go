package api

import (
	"cmp"
	"fmt"

	"github.com/danielgtaylor/huma/v2"

	"github.com/coursecrm/coursecrm/segment"
)

// uses names the places that need something which was to be deleted: "campaign:12" and its name.
// Somebody else's own quick query is counted, not named.
func (c *call) uses(list []segment.Use) []*huma.ErrorDetail {
	return each(list, func(u segment.Use) *huma.ErrorDetail {
		if u.Kind == "campaign" {
			return &huma.ErrorDetail{Location: fmt.Sprintf("campaign:%d", u.ID), Message: cmp.Or(u.Name, c.say("campaign.unnamed"))}
		}
		s, err := c.api.Segments.FindQuery(c, segment.QueryID(u.ID), c.staff.ID)
		if err != nil {
			return &huma.ErrorDetail{Location: "query", Message: c.say("queries.somebodys")}
		}
		return &huma.ErrorDetail{Location: fmt.Sprintf("query:%d", s.ID), Message: c.queryOf(s).Name}
	})
}
