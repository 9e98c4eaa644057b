package web

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// channelPage tells what each channel is set up with, and tries it out.
type channelPage struct {
	Frame
	Tabs     []choiceLink
	Channels []channelCard
	Tests    []campaign.Test
	Poll     bool // some may still change
	URL      string
}

// channelCard is a channel.
type channelCard struct {
	Channel  hostadapter.Channel
	On       bool // it is configured, or the host offers it
	Facts    []settingFact
	Key      string // of the next test
	To       fieldView
	Self     bool   // it goes to the visitor's own account
	Approval bool   // only approved templates go out: nothing fixed can be tried
	Balance  bool   // it can be asked for
	Left     string // what was answered; empty: not asked
}

// channelAsk is what was typed about one channel.
type channelAsk struct {
	channel  hostadapter.Channel
	to       string
	problems fault.Fields
	left     string
}

// settingChannels shows the channels.
func (w *Web) settingChannels(q *request) error {
	return w.showChannels(q, http.StatusOK, channelAsk{})
}

// channelTry sends a test message, or asks how many messages are left.
func (w *Web) channelTry(q *request) error {
	if err := q.parse(); err != nil {
		return err
	}
	f := q.r.PostForm
	ask := channelAsk{channel: hostadapter.Channel(f.Get("channel")), to: strings.TrimSpace(desk.Clean(f.Get("to")))}
	if !slices.Contains(w.Campaigns.Channels(), ask.channel) {
		return fault.ErrNotFound
	}
	if f.Get("do") == "balance" {
		return w.channelBalance(q, ask)
	}
	if w.Templates.NeedsApproval(ask.channel) {
		return fault.ErrConflict
	}
	l := w.locale(q)
	subject, text := l.T("setting.test_subject"), l.T("setting.test_text")
	err := w.Campaigns.CheckChannelTest(ask.channel, f.Get("key"), ask.to, subject, text, q.staff)
	if ask.problems, err = problemsOf(err); err != nil {
		return err
	}
	if ask.problems != nil {
		return w.showChannels(q, http.StatusUnprocessableEntity, ask)
	}
	if err := w.record(q, audit.ChannelTested, "channel:"+string(ask.channel), nil); err != nil {
		return err
	}
	if err := w.Campaigns.TestChannel(q.ctx(), ask.channel, f.Get("key"), ask.to, subject, text, q.staff); err != nil {
		return err
	}
	return q.redirect(w.paths.Settings("channels") + "#tests")
}

func (w *Web) channelBalance(q *request, ask channelAsk) error {
	if ask.channel != hostadapter.ChannelSMS || w.Balance == nil {
		return fault.ErrNotFound
	}
	if err := w.record(q, audit.BalanceAsked, "channel:"+string(ask.channel), nil); err != nil {
		return err
	}
	l := w.locale(q)
	switch n, err := w.Balance(q.ctx()); {
	case err != nil:
		w.Log.WarnContext(q.ctx(), "web: balance", "request", q.id, "err", err)
		ask.left = l.T("setting.balance_away")
	case n < 0:
		ask.left = l.T("setting.balance_unknown")
	default:
		ask.left = l.T("setting.balance_left", n)
	}
	return w.showChannels(q, http.StatusOK, ask)
}

func (w *Web) showChannels(q *request, status int, ask channelAsk) error {
	p := channelPage{Tabs: w.settingTabs("channels"), URL: w.paths.Settings("channels")}
	for _, ch := range []hostadapter.Channel{hostadapter.ChannelSMS, hostadapter.ChannelEmail, hostadapter.ChannelMessage} {
		card := w.channelCard(q, ch)
		if ch == ask.channel {
			card.To.Value, card.To.Problem, card.Left = ask.to, ask.problems["to"], ask.left
			card.To.Focus = card.To.Problem.Key != ""
		}
		p.Channels = append(p.Channels, card)
	}
	var err error
	if p.Tests, err = w.Campaigns.ChannelTests(q.ctx()); err != nil {
		return err
	}
	for _, t := range p.Tests {
		young := w.Now().Sub(t.CreatedAt) < testWatch
		p.Poll = p.Poll || young && (t.State == campaign.InFlight || t.State == campaign.Accepted)
	}
	if q.target() == "channel-tests" {
		if !p.Poll {
			status = statusStopPolling
		}
		return w.render(q, status, "settingchannels#channel-tests", p)
	}
	p.Frame = w.frame(q, "setting.channels", "settings")
	return w.render(q, status, "settingchannels", p)
}

func (w *Web) channelCard(q *request, ch hostadapter.Channel) channelCard {
	l, set := w.locale(q), w.Campaigns.Settings()
	card := channelCard{Channel: ch, On: slices.Contains(w.Campaigns.Channels(), ch), Self: ch == hostadapter.ChannelMessage,
		Approval: w.Templates.NeedsApproval(ch), Key: rand.Text()}
	if !card.On {
		return card
	}
	card.Balance = ch == hostadapter.ChannelSMS && w.Balance != nil
	card.To = fieldView{Field: "to_" + string(ch), Name: "to", Type: "email", Label: l.TK("composer.test_to", ch)}
	if ch == hostadapter.ChannelSMS {
		card.To.Type, card.To.Keys = "tel", "tel"
	}
	fact := func(word, value string) {
		if value != "" {
			card.Facts = append(card.Facts, settingFact{l.TK("setting.channel", word), value})
		}
	}
	switch ch {
	case hostadapter.ChannelEmail:
		fact("from", w.EmailFrom)
	case hostadapter.ChannelSMS:
		fact("signature", set.Site.Signature)
		if set.Price > 0 {
			fact("price", l.Price(set.Price))
		}
	case hostadapter.ChannelMessage:
		fact("from", l.T("setting.from_staff"))
	}
	receipts := "no"
	if w.Campaigns.Receipts(ch) {
		receipts = "yes"
	}
	fact("receipts", l.TK("setting.receipts", receipts))
	quiet := l.T("none.none")
	if x := set.Quiet[ch]; x.Start != x.End {
		quiet = clockInput(x.Start) + "–" + clockInput(x.End)
	}
	fact("quiet", quiet)
	return card
}

func channelFactWords() []string {
	return []string{"from", "signature", "price", "receipts", "quiet"}
}
