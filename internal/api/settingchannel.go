package api

import (
	"context"
	"fmt"
	"slices"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/setting"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// channelSetup is what a channel is set up with. Fields that say nothing about it are absent.
type channelSetup struct {
	Channel   hostadapter.Channel `json:"channel"`
	On        bool                `json:"on" doc:"It is configured, or the host offers it."`
	From      string              `json:"from,omitempty" doc:"The sender of e-mails."`
	Signature string              `json:"signature,omitempty" doc:"Of SMS."`
	Price     int64               `json:"price,omitempty" doc:"Of an SMS part, in thousandths of a minor unit."`
	Receipts  bool                `json:"receipts" doc:"It tells what was delivered."`
	Approval  bool                `json:"approval" doc:"Only approved templates go out: it cannot be tested."`
	Balance   bool                `json:"balance" doc:"ask-sms-balance has an answer."`
	Quiet     string              `json:"quiet,omitempty" doc:"Hours in which nothing is handed over: 21:00-08:00."`
}

func (a *API) settingChannels(_ *call, _ *nothing) (all[channelSetup], error) {
	return allOf(desk.Channels(), a.channelSetup), nil
}

func (a *API) channelSetup(ch hostadapter.Channel) channelSetup {
	v := channelSetup{Channel: ch, On: slices.Contains(a.Campaigns.Channels(), ch)}
	if !v.On {
		return v
	}
	v.Receipts, v.Approval = a.Campaigns.Receipts(ch), a.Templates.NeedsApproval(ch)
	switch ch {
	case hostadapter.ChannelEmail:
		v.From = a.EmailFrom
	case hostadapter.ChannelSMS:
		set := a.Campaigns.Settings()
		v.Signature, v.Price, v.Balance = set.Site.Signature, set.Price, a.Balance != nil
	case hostadapter.ChannelMessage: // goes out in the name of staff
	}
	for k, of := range setting.Channels() {
		if of == ch {
			v.Quiet, _ = a.Settings.Current().Of(k).(string)
		}
	}
	return v
}

func (a *API) channelTests(c *call, _ *nothing) (all[testView], error) {
	list, err := a.Campaigns.ChannelTests(c)
	return allOf(list, testOf), err
}

type channelTestInput struct {
	Once
	Body struct {
		Channel hostadapter.Channel `json:"channel"`
		To      string              `json:"to,omitempty" maxLength:"400" doc:"An address or a number; a private message goes to your own account."`
	}
}

// channelTest sends a test message and gives the tests of channels.
func (a *API) channelTest(c *call, in *channelTestInput) (all[testView], error) {
	ch := in.Body.Channel
	switch {
	case !slices.Contains(a.Campaigns.Channels(), ch):
		return all[testView]{}, fault.Fields{"channel": {Key: "problem.channel"}}
	case a.Templates.NeedsApproval(ch):
		return all[testView]{}, fmt.Errorf("test of channel %s: only approved templates go out: %w", ch, fault.ErrConflict)
	}
	key := c.key(in.Key, in.Body)
	if past, err := a.Campaigns.ChannelTests(c); err != nil || slices.ContainsFunc(past, func(t campaign.Test) bool { return t.Key == key }) {
		return allOf(past, testOf), err
	}
	subject, text := c.say("setting.test_subject"), c.say("setting.test_text")
	if err := a.Campaigns.CheckChannelTest(ch, key, in.Body.To, subject, text, c.staff); err != nil {
		return all[testView]{}, err
	}
	if err := c.record(audit.ChannelTested, "channel:"+string(ch), nil); err != nil {
		return all[testView]{}, err
	}
	if err := a.Campaigns.TestChannel(c, ch, key, in.Body.To, subject, text, c.staff); err != nil {
		return all[testView]{}, err
	}
	return a.channelTests(c, &nothing{})
}

// balanceView is how many SMS parts are left.
type balanceView struct {
	Left *int64 `json:"left,omitempty" doc:"Absent: the supplier does not say."`
}

func (a *API) channelBalance(c *call, _ *nothing) (balanceView, error) {
	if a.Balance == nil || !slices.Contains(a.Campaigns.Channels(), hostadapter.ChannelSMS) {
		return balanceView{}, fmt.Errorf("balance of SMS: %w", fault.ErrNotFound)
	}
	if err := c.record(audit.BalanceAsked, "channel:"+string(hostadapter.ChannelSMS), nil); err != nil {
		return balanceView{}, err
	}
	n, err := a.Balance(c)
	if err != nil {
		a.Log.WarnContext(c, "api: balance", "request", c.id, "err", err)
		return balanceView{}, fmt.Errorf("balance of SMS: %w", fault.ErrUnavailable)
	}
	if n < 0 {
		return balanceView{}, nil
	}
	return balanceView{&n}, nil
}

// rightsView is a member of staff with what they may do.
type rightsView struct {
	ID          string                   `json:"id"`
	Name        string                   `json:"name,omitempty"`
	Permissions []hostadapter.Permission `json:"permissions"`
	Scope       hostadapter.Scope        `json:"scope" doc:"Whom they may see: all, team or own; empty: nobody."`
}

func rightsOf(s hostadapter.Staff) rightsView {
	return rightsView{s.ID, s.Name, filled(s.Permissions), s.Scope}
}

// directoryView is the staff.
type directoryView struct {
	Items []rightsView `json:"items" doc:"At most 500; with you in any case."`
	Told  bool         `json:"told" doc:"False: the host does not list its staff."`
}

const maxStaff = 500

// settingStaff lists the staff. Rights are the host's: nothing can be changed here.
func (a *API) settingStaff(c *call, _ *nothing) (directoryView, error) {
	var staff []hostadapter.Staff
	if a.StaffList != nil {
		ctx, cancel := context.WithTimeout(c, hostPatience)
		defer cancel()
		var err error
		if staff, err = a.StaffList(ctx); err != nil {
			a.Log.WarnContext(c, "api: list of staff", "request", c.id, "err", err)
			return directoryView{}, fmt.Errorf("list of staff: %w", hostadapter.ErrUnavailable)
		}
	}
	staff = staff[:min(len(staff), maxStaff)]
	v := directoryView{each(staff, rightsOf), a.StaffList != nil}
	if !slices.ContainsFunc(staff, func(s hostadapter.Staff) bool { return s.ID == c.staff.ID }) {
		v.Items = append([]rightsView{rightsOf(c.staff)}, v.Items...)
	}
	return v, nil
}
