package web

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/internal/sheet"
)

// recipientColumns lists the columns of a table of recipients. Contacts are not among them: what
// somebody was written to at is not kept with the campaign.
func recipientColumns() []string {
	return []string{"id", "name", "state", "reason", "accepted", "delivered", "clicked"}
}

// campaignExport sends the recipients that a page shows as a table.
func (w *Web) campaignExport(q *request) error {
	if err := q.parse(); err != nil {
		return err
	}
	c, r, err := w.standing(q)
	if err != nil {
		return err
	}
	f := q.r.PostForm
	filter, reason := campaign.Filter(f.Get("f")), f.Get("reason")
	if !slices.Contains(campaign.Filters(), filter) || reason != "" && !knownReason(reason) {
		return fault.Fields{"f": {Key: "problem.choice"}}
	}
	format, err := exportFormatOf(f.Get("format"))
	if err != nil {
		return err
	}
	if format.name == "xlsx" && r.Matched > sheet.MaxRows {
		return fault.Fields{"format": {Key: "problem.rows", Args: []any{sheet.MaxRows}}}
	}
	if err := w.record(q, audit.CampaignExported, fmt.Sprintf("campaign:%d", c.ID), map[string]any{"format": format.name, "filter": filter, "reason": reason}); err != nil {
		return err
	}
	l := w.locale(q)
	return w.sendFile(q, format, "campaign-"+strconv.FormatInt(int64(c.ID), 10), func(table sheet.Writer) (rows int, err error) {
		if err := table.Row(recipientHead(l)...); err != nil {
			return 0, err
		}
		for p, err := range w.Campaigns.EachRecipient(q.ctx(), c.ID, filter, reason) {
			if err != nil {
				return rows, err
			}
			if err := table.Row(recipientCells(l, c, p)...); err != nil {
				return rows, err
			}
			rows++
		}
		return rows, nil
	})
}

func recipientHead(l *locale) []sheet.Cell {
	var out []sheet.Cell
	for _, key := range recipientColumns() {
		out = append(out, sheet.Text(l.TK("recipients.column", key)))
	}
	return out
}

func recipientCells(l *locale, c campaign.Campaign, p campaign.Recipient) []sheet.Cell {
	moment := func(t time.Time) sheet.Cell { return sheet.Time(t, l.loc) }
	return []sheet.Cell{sheet.Text(string(p.HostID)), sheet.Text(p.Name), sheet.Text(l.TK("delivery", p.State)), sheet.Text(l.why(c, p.State == campaign.Excluded, p.Reason)),
		moment(p.AcceptedAt), moment(p.DeliveredAt), moment(p.ClickedAt)}
}
