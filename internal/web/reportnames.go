package web

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/report"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// groupNames gives what names a group, and its page where there is one.
func (w *Web) groupNames(q *request, by report.By) (func(report.Group) (label, url string, err error), error) {
	l := w.locale(q)
	switch by {
	case report.ByChannel:
		return func(g report.Group) (string, string, error) {
			return l.TK("channel", g.Key), w.paths.CampaignList(campaign.ListView{Channel: hostadapter.Channel(g.Key)}, ""), nil
		}, nil
	case report.ByTemplate:
		return func(g report.Group) (string, string, error) {
			if g.Latest.Template == 0 || g.Latest.TemplateName == "" {
				return l.T("report.no_template"), "", nil
			}
			return g.Latest.TemplateName, "", nil
		}, nil
	case report.ByStaff:
		return func(g report.Group) (string, string, error) {
			if g.Latest.ByName == "" {
				return g.Key, "", nil
			}
			return g.Latest.ByName, "", nil
		}, nil
	case report.ByWeekday:
		return func(g report.Group) (string, string, error) { return l.TK("weekday", g.Key), "", nil }, nil
	case report.ByHour:
		return func(g report.Group) (string, string, error) { return hourSpan(g.Key), "", nil }, nil
	case report.ByAudience:
		return w.audienceNames(q)
	case report.ByCampaign:
	}
	return func(g report.Group) (string, string, error) {
		name := g.Latest.Name
		if name == "" {
			name = l.T("campaign.unnamed")
		}
		return name, w.paths.Campaign(g.Latest.ID, "", ""), nil
	}, nil
}

// audienceNames names audiences: by the quick query with the same rule, else by a sentence.
func (w *Web) audienceNames(q *request) (func(report.Group) (label, url string, err error), error) {
	saved, err := w.saved(q)
	if err != nil {
		return nil, err
	}
	b, err := w.builder(q)
	if err != nil {
		return nil, err
	}
	known := map[string]segment.Saved{}
	for _, s := range saved {
		known[string(s.Rule.JSON())] = s
	}
	return func(g report.Group) (string, string, error) {
		if s, ok := known[g.Key]; ok {
			return w.locale(q).queryName(s), w.paths.AudienceOf(s.ID), nil
		}
		say, err := b.say(g.Latest.Rule)
		if strings.Contains(g.Key, `"field":"learner"`) {
			return say, "", err // ids of people never travel in an address
		}
		return say, w.audienceOf(g.Latest.Rule), err
	}, nil
}

// hourSpan writes an hour of the day: 09:00–10:00.
func hourSpan(key string) string {
	n, err := strconv.Atoi(key)
	if err != nil {
		return key
	}
	return fmt.Sprintf("%02d:00–%02d:00", n, n+1)
}
