package api

import (
	"strings"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/funnel"
	"github.com/coursecrm/coursecrm/internal/sheet"
)

type offeringExportInput struct {
	OfferingsAsked
	Body FormatBody
}

// offeringExport sends the list as a table.
func (a *API) offeringExport() operation {
	return download("export-offerings", "/offerings/export", "The list of courses or classrooms as a file.", export, func(c *call, in *offeringExportInput) (file, error) {
		t, err := a.Funnels.List(c, in.query())
		if err != nil {
			return file{}, err
		}
		return sendTable(c, in.Kind+"s", in.Body.Format, offeringColumns(), t.Lines)
	})
}

func offeringColumns() []fileColumn[funnel.Line] {
	type line = funnel.Line
	return []fileColumn[line]{
		textColumn("id", func(l line) string { return l.Target.ID }),
		textColumn("title", func(l line) string { return l.Title }),
		textColumn("category", func(l line) string { return strings.Join(l.Categories, " / ") }),
		textColumn("status", func(l line) string { return string(l.Status) }),
		{"price", func(_ *API, l line) sheet.Cell { return sheet.Money(l.Price, campaign.MinorDigits(l.Currency)) }},
		textColumn("currency", func(l line) string { return l.Currency }),
		countColumn("potential", func(l line) int64 { return l.Potential }),
		countColumn("pending", func(l line) int64 { return l.Pending }),
		countColumn("enrolled", func(l line) int64 { return l.Enrolled }),
		countColumn("past", func(l line) int64 { return l.Past }),
		countColumn("withdrawn", func(l line) int64 { return l.Withdrawn }),
		moneyColumn("gross", func(l line) int64 { return l.Gross }),
		moneyColumn("refunded", func(l line) int64 { return l.Refunded }),
		moneyColumn("revenue", func(l line) int64 { return l.Revenue() }),
		moneyColumn("developable", func(l line) int64 { return l.Developable }),
		moneyColumn("losing", func(l line) int64 { return l.Losing() }),
		shareColumn("conversion", func(l line) (float64, bool) { return l.Conversion() }),
		countColumn("joined", func(l line) (n int64) {
			for _, week := range l.Joined {
				n += week
			}
			return n
		}),
	}
}
