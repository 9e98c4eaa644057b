package web

import (
	"net/http"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/shortlink"
)

// clicksView is when the links of a campaign were first followed, and which.
type clicksView struct {
	Chart   chart
	Shown   int64 // people whose first click the chart shows
	Later   int64 // people whose first click came after it
	Targets []targetView
	More    string // all about the clicks
	URL     string
	Every   string // how often to ask again; empty: no more
	OOB     bool
}

// targetView is an address that the links lead to.
type targetView struct {
	campaign.TargetClicks
	Rate float64 // of those accepted
}

// marksEvery is how many hours lie between two words below the chart.
const marksEvery = 6

func (w *Web) clicksView(q *request, c campaign.Campaign, r campaign.Result) (*clicksView, error) {
	if !c.Tracked {
		return nil, nil
	}
	v := &clicksView{URL: w.paths.Campaign(c.ID, "", ""), More: w.paths.ClickStats(shortlink.Scope{Campaign: int64(c.ID)}, "")}
	if w.every(c, r) != "" {
		v.Every = everyWhile
	}
	times, err := w.Campaigns.ClickTimes(q.ctx(), c)
	if err != nil {
		return nil, err
	}
	targets, err := w.Campaigns.Targets(q.ctx(), c.ID)
	if err != nil {
		return nil, err
	}
	for _, t := range targets {
		v.Targets = append(v.Targets, targetView{t, share(t.Clickers, r.Taken())})
	}
	l := w.locale(q)
	hour := func(i int) time.Time { return times.From.Add(time.Duration(i) * time.Hour) }
	most := 0
	for i, n := range times.People {
		v.Shown += n
		if n > times.People[most] {
			most = i
		}
	}
	v.Later = max(r.Clickers-v.Shown, 0)
	label := l.T("clicks.none")
	if v.Shown > 0 {
		label = l.T("clicks.label", v.Shown, l.Num(times.People[most]), l.hour(hour(most)))
	}
	v.Chart = l.newChart(times.People, label, func(i int) string { return l.hour(hour(i)) },
		func(i int) string { return l.T("clicks.bar", times.People[i], l.hour(hour(i))) },
		func(i int) string {
			if i%marksEvery != 0 {
				return ""
			}
			return l.hour(hour(i))
		})
	return v, nil
}

// hour names an hour of a month: 20 日 19:00.
func (l *locale) hour(t time.Time) string {
	if l.lang == en {
		return t.Format("2 Jan 15:04")
	}
	return t.Format("2 日 15:04")
}

// showClicks answers the chart's own asking.
func (w *Web) showClicks(q *request, c campaign.Campaign, r campaign.Result) error {
	v, err := w.clicksView(q, c, r)
	if err != nil || v == nil {
		return err
	}
	status := http.StatusOK
	if v.Every == "" {
		status = statusStopPolling
	}
	v.OOB = true
	return w.render(q, status, "campaign#campaign-clicks", v)
}
