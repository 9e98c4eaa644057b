package api

import (
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/internal/sheet"
	"github.com/coursecrm/coursecrm/segment"
)

// RecipientsAsked narrows the recipients of a campaign.
type RecipientsAsked struct {
	ByID[campaign.ID]
	Filter string `query:"filter" enum:"accepted,pending,delivered,clicked,unclicked,failed,unknown,excluded,late,waiting,cancelled" doc:"Absent: all."`
	Reason string `query:"reason" maxLength:"100" doc:"Of those excluded or failed; absent: any."`
}

type recipientsInput struct {
	RecipientsAsked
	Paging
}

// recipientView is a recipient of a campaign.
type recipientView struct {
	Person      segment.PersonID       `json:"person"`
	HostID      hostadapter.LearnerID  `json:"host_id"`
	Name        string                 `json:"name,omitempty"`
	State       campaign.DeliveryState `json:"state"`
	Reason      string                 `json:"reason,omitempty"`
	AcceptedAt  time.Time              `json:"accepted_at,omitzero"`
	DeliveredAt time.Time              `json:"delivered_at,omitzero"`
	ClickedAt   time.Time              `json:"clicked_at,omitzero"`
}

func recipientOf(r campaign.Recipient) recipientView {
	return recipientView{r.Person, r.HostID, r.Name, r.State, r.Reason, r.AcceptedAt, r.DeliveredAt, r.ClickedAt}
}

func (a *API) recipientList(c *call, in *recipientsInput) (page[recipientView], error) {
	if _, err := a.Campaigns.Find(c, in.ID); err != nil {
		return page[recipientView]{}, err
	}
	rows, next, err := a.Campaigns.Recipients(c, in.ID, campaign.Filter(in.Filter), in.Reason, in.After, in.Limit)
	return pageOf(rows, next, recipientOf), err
}

type recipientExportInput struct {
	RecipientsAsked
	Body FormatBody
}

// recipientExport sends recipients as a table. Contacts are not among its columns: what somebody
// was written to at is not kept with the campaign.
func (a *API) recipientExport() operation {
	return download("export-campaign-recipients", "/campaigns/{id}/export", "The recipients of a campaign as a file.", export, func(c *call, in *recipientExportInput) (file, error) {
		x, r, err := c.standing(in.ID)
		if err != nil {
			return file{}, err
		}
		if in.Body.Format == "xlsx" && r.Matched > sheet.MaxRows {
			return file{}, fault.Fields{"format": {Key: "problem.rows", Args: []any{sheet.MaxRows}}}
		}
		err = c.record(audit.CampaignExported, object("campaign", x.ID), map[string]any{"format": in.Body.Format, "filter": in.Filter, "reason": in.Reason})
		return file{fmt.Sprintf("campaign-%d", x.ID), in.Body.Format, func(table sheet.Writer) (int, error) {
			return c.fillRecipients(table, x.ID, campaign.Filter(in.Filter), in.Reason)
		}}, err
	})
}

func (c *call) fillRecipients(table sheet.Writer, id campaign.ID, f campaign.Filter, reason string) (rows int, err error) {
	if err := table.Row(texts([]string{"id", "name", "state", "reason", "accepted", "delivered", "clicked"})...); err != nil {
		return 0, err
	}
	loc := c.api.Location
	for p, err := range c.api.Campaigns.EachRecipient(c, id, f, reason) {
		if err == nil {
			err = table.Row(sheet.Text(string(p.HostID)), sheet.Text(p.Name), sheet.Text(string(p.State)), sheet.Text(p.Reason),
				sheet.Time(p.AcceptedAt, loc), sheet.Time(p.DeliveredAt, loc), sheet.Time(p.ClickedAt, loc))
		}
		if err != nil {
			return rows, err
		}
		rows++
	}
	return rows, nil
}
