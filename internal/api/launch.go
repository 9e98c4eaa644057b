package api

import (
	"errors"
	"fmt"
	"slices"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// draft gives a draft of one's own as it would be sent: with the latest version of a template that
// needs approval.
func (c *call) draft(key string) (campaign.Draft, error) {
	d, err := c.api.Campaigns.Draft(c, key, c.staff)
	if err != nil {
		return d, err
	}
	return c.fresh(d)
}

// fresh is draft of one that was read.
func (c *call) fresh(d campaign.Draft) (campaign.Draft, error) {
	if !c.api.Templates.NeedsApproval(d.Channel) || d.Template.ID == 0 {
		return d, nil
	}
	t, err := c.api.Templates.Find(c, d.Template.ID)
	if err == nil && t.Channel == d.Channel {
		d.Template, d.Content.Text, d.Content.Supplier = t.Ref(), t.Content.Text, t.Supplier
	} else if err != nil && !errors.Is(err, fault.ErrNotFound) { // that it is gone is found by a check
		return d, err
	}
	return d, nil
}

// check looks at a draft as launching does, and at who its sender is.
func (c *call) check(d campaign.Draft) (fault.Fields, error) {
	problems := fault.Fields{}
	if err := c.api.Campaigns.Check(c, d); err != nil && !errors.As(err, &problems) {
		return nil, err
	}
	from := d.Content.From
	if d.Channel != hostadapter.ChannelMessage || from == "" {
		return problems, nil
	}
	list, err := c.colleagues()
	switch {
	case err != nil:
		problems.Add("from", "problem.senders")
	case !slices.ContainsFunc(list, func(s hostadapter.Staff) bool { return s.ID == from }):
		problems.Add("from", "problem.choice")
	}
	return problems, nil
}

// checkView is what is wrong with a draft, and what is unwise.
type checkView struct {
	Problems []remark `json:"problems" doc:"It cannot be launched with these."`
	Warnings []remark `json:"warnings"`
}

// remark is about a field of a draft.
type remark struct {
	Location string `json:"location" doc:"Where it stands in the body of update-draft."`
	Message  string `json:"message"`
}

func (a *API) draftCheck(c *call, in *DraftKey) (checkView, error) {
	d, err := c.draft(in.Key)
	if err != nil {
		return checkView{}, err
	}
	problems, err := c.check(d)
	if err != nil {
		return checkView{}, err
	}
	v := checkView{[]remark{}, []remark{}}
	for _, field := range sortedKeys(problems) {
		v.Problems = append(v.Problems, remark{inDraft(field), a.Say(c.r, problems[field])})
	}
	for _, w := range campaign.Check(d.Channel, desk.ContentFor(d.Channel, d.Content), d.Fill) {
		v.Warnings = append(v.Warnings, remark{inDraft(w.Field), a.Say(c.r, w.Problem)})
	}
	return v, nil
}

// sumView is an audience broken down.
type sumView struct {
	Matched  int64                        `json:"matched"`
	Excluded map[campaign.Exclusion]int64 `json:"excluded" doc:"By reason; the first that holds counts."`
	Sendable int64                        `json:"sendable"`
}

func sumOf(s campaign.Sum) sumView {
	v := sumView{s.Matched, map[campaign.Exclusion]int64{}, s.Sendable}
	for e, n := range s.Excluded {
		if n > 0 {
			v.Excluded[e] = n
		}
	}
	return v
}

// dryRunView is a dry run with what it may cost.
type dryRunView struct {
	Sum     sumView   `json:"sum"`
	Version string    `json:"version" doc:"Of the draft that it is about; launch-draft asks for it."`
	Cost    *costView `json:"cost,omitempty" doc:"Of SMS."`
}

// costView is what an SMS campaign may cost at most.
type costView struct {
	Units int   `json:"units" doc:"Of the longest message."`
	Parts int   `json:"parts" doc:"Of the longest message."`
	Total int64 `json:"total" doc:"Parts of all messages, if all were as long."`
	Money int64 `json:"money" doc:"Minor units; 0: the price is not known."`
}

func (a *API) draftDryRun(c *call, in *DraftKey) (dryRunView, error) {
	d, err := c.draft(in.Key)
	if err != nil {
		return dryRunView{}, err
	}
	sum, err := a.Campaigns.DryRun(c, d)
	if err != nil {
		return dryRunView{}, err
	}
	v := dryRunView{Sum: sumOf(sum), Version: desk.Version(d)}
	cost, err := a.Campaigns.Cost(c, d, sum)
	if d.Channel == hostadapter.ChannelSMS {
		v.Cost = &costView{cost.Units, cost.Parts, cost.Total, cost.Money()}
	}
	return v, err
}

type siftInput struct {
	DraftKey
	Paging
	Reason campaign.Exclusion `query:"reason" doc:"Absent: those to be sent to."`
}

// addresseeView is a person of an audience.
type addresseeView struct {
	Person segment.PersonID      `json:"person"`
	HostID hostadapter.LearnerID `json:"host_id"`
	Name   string                `json:"name,omitempty"`
}

func (a *API) draftPeople(c *call, in *siftInput) (page[addresseeView], error) {
	d, err := c.draft(in.Key)
	if err != nil {
		return page[addresseeView]{}, err
	}
	rows, next, err := a.Campaigns.Sifted(c, d, in.Reason, in.After, in.Limit)
	return pageOf(rows, next, func(r campaign.Recipient) addresseeView { return addresseeView{r.Person, r.HostID, r.Name} }), err
}

type previewInput struct {
	DraftKey
	At int `query:"at" minimum:"0" maximum:"1000" doc:"The recipient's place among a sample."`
}

// previewView is a message as a recipient will see it.
type previewView struct {
	Name    string `json:"name,omitempty" doc:"The recipient's; absent: nobody is to be sent to."`
	At      int    `json:"at"`
	Of      int    `json:"of" doc:"How many the sample has."`
	Subject string `json:"subject,omitempty"`
	Text    string `json:"text,omitempty"`
	HTML    string `json:"html,omitempty"`
	Units   int    `json:"units" doc:"SMS: characters as suppliers count them."`
	Parts   int    `json:"parts" doc:"SMS: parts that are paid for."`
}

func (a *API) draftPreview(c *call, in *previewInput) (previewView, error) {
	d, err := c.draft(in.Key)
	if err != nil {
		return previewView{}, err
	}
	d.Content = desk.ContentFor(d.Channel, d.Content)
	p, err := a.Campaigns.Preview(c, d, in.At)
	return previewOf(p), err
}

func previewOf(p campaign.Preview) previewView {
	return previewView{p.Name, p.At, p.Of, p.Subject, p.Text, p.HTML, p.Units, p.Parts}
}

type launchInput struct {
	DraftKey
	Body struct {
		People  int64  `json:"people" minimum:"1" doc:"How many it goes to, as the dry run said. Another number is a conflict: look at it again."`
		Version string `json:"version" maxLength:"100" doc:"The draft's, as the dry run said. Another one is a conflict: it says something else by now."`
	}
}

// launchView names the campaign that a draft became.
type launchView struct {
	Campaign campaign.ID `json:"campaign"`
	Before   bool        `json:"before" doc:"It had been launched before; nothing was launched this time."`
}

func (a *API) draftLaunch(c *call, in *launchInput) (launchView, error) {
	d, err := c.draft(in.Key)
	if errors.Is(err, fault.ErrNotFound) {
		id, none := a.Campaigns.Launched(c, in.Key)
		if none != nil {
			return launchView{}, none
		}
		return c.launched(id)
	}
	if err != nil {
		return launchView{}, err
	}
	if in.Body.Version != desk.Version(d) {
		return launchView{}, fmt.Errorf("%w: the draft says something else by now", fault.ErrConflict)
	}
	return c.launch(d, in.Body.People)
}

// launch looks at a draft once more and launches it to as many people as were agreed to.
//
// Errors: fault.Fields; fault.ErrConflict when it would go to another number of people.
func (c *call) launch(d campaign.Draft, people int64) (launchView, error) {
	problems, err := c.check(d)
	if err == nil {
		err = problems.Err()
	}
	if err != nil {
		return launchView{}, placedInDraft(err)
	}
	sum, err := c.api.Campaigns.DryRun(c, d)
	if err != nil {
		return launchView{}, err
	}
	if err := desk.Sendable(c.staff, c.api.Settings.Current().LargeSend, sum); err != nil {
		return launchView{}, placedInDraft(err)
	}
	if sum.Sendable != people {
		return launchView{}, fmt.Errorf("%w: to %d people, not %d", fault.ErrConflict, sum.Sendable, people)
	}
	id, err := c.api.Campaigns.Launch(c, desk.Launchable(d), c.staff)
	if err != nil {
		return launchView{}, placedInDraft(err)
	}
	return launchView{Campaign: id}, c.record(audit.Launched, object("campaign", id), desk.LaunchDetail(d.Channel, d.Rule, sum))
}

// launched answers for a campaign that was launched before. Where it could not be recorded then, it
// is now.
func (c *call) launched(id campaign.ID) (launchView, error) {
	x, err := c.api.Campaigns.Find(c, id)
	if err == nil && x.ByID == c.staff.ID {
		err = c.recordOnce(audit.Launched, object("campaign", id), x.LaunchedAt, desk.LaunchDetail(x.Channel, x.Rule, x.Promised))
	}
	return launchView{id, true}, err
}
