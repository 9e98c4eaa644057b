package web

import (
	"net/http"

	"github.com/coursecrm/coursecrm/hostadapter"
)

// newCampaignPage asks how the people of an address should be written to. Nothing is made until a
// button says so: an address may be opened by anybody's browser, and twice.
type newCampaignPage struct {
	Frame
	Say      string
	Channels []hostadapter.Channel
	People   ruleFields
	Audience string
	Action   string
}

func (w *Web) composerNew(q *request) error {
	g, err := w.given(q, q.r.URL.Query())
	if err != nil {
		return w.explainRule(q, err)
	}
	p := newCampaignPage{Frame: w.frame(q, "composer.new", "audience"), Channels: w.Campaigns.Channels(), People: ruleFieldsOf(g.Params),
		Audience: w.paths.Audience(g.Params), Action: w.paths.DraftNew()}
	b, err := w.builder(q)
	if err != nil {
		return err
	}
	if p.Say, err = b.say(g.Rule); err != nil {
		return err
	}
	return w.render(q, http.StatusOK, "campaignnew", p)
}

// draftCreate begins a campaign to the people that a form names.
func (w *Web) draftCreate(q *request) error {
	if err := q.parse(); err != nil {
		return err
	}
	g, err := w.given(q, q.r.PostForm)
	if err != nil {
		return err
	}
	return w.startDraft(q, w.channelOf(q.r.PostForm.Get("channel")), g.Rule)
}

// channelOf reads a channel; nothing means the first that can be used.
func (w *Web) channelOf(text string) hostadapter.Channel {
	ch := hostadapter.Channel(text)
	if list := w.Campaigns.Channels(); text == "" && len(list) > 0 {
		return list[0]
	}
	return ch
}
