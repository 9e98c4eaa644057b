package web

import (
	"net/http"
	"time"
)

// printPage is a dossier on paper: all tabs below each other, each up to printMost rows.
type printPage struct {
	personPage
	Panels  []printPanel
	At      time.Time
	Most    int
	WithURL string // shows it with whole contacts; empty: staff may not, or they are shown
}

type printPanel struct {
	personPanel
	More bool // there is more than was read
}

// printMost is how many rows of a list are printed.
const printMost = 100

// personPrint shows a dossier to be printed, its contacts masked.
func (w *Web) personPrint(q *request) error { return w.showPrint(q, false) }

// personPrintWhole shows it with whole contacts and leaves a record of it.
func (w *Web) personPrintWhole(q *request) error { return w.showPrint(q, true) }

func (w *Web) showPrint(q *request, whole bool) error {
	head, err := w.headOf(q, whole)
	if err != nil {
		return err
	}
	p := printPage{personPage: head, At: w.Now(), Most: printMost}
	if p.MayShow && !whole {
		p.WithURL = p.PrintURL
	}
	for _, tab := range personTabs() {
		panel := printPanel{personPanel: personPanel{Tab: tab}}
		next, err := w.fillPanel(q, &panel.personPanel, p.ID, "", "", printMost)
		if err != nil {
			return err
		}
		panel.More = next != ""
		p.Panels = append(p.Panels, panel)
	}
	if p.Consents, err = w.consents(q, p.ID); err != nil {
		return err
	}
	p.Channels = channelViews(p.Dossier, p.Consents)
	if p.Labels, err = w.personLabels(q, p.ID); err != nil {
		return err
	}
	p.Labels.May = false
	p.Frame = w.plainFrame(q, w.locale(q).T("print.title"), "audience")
	return w.render(q, http.StatusOK, "personprint", p)
}
