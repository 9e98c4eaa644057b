package web

import (
	"errors"
	"slices"
	"strconv"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// edit does what a button asks for beyond keeping what was typed.
func (w *Web) edit(q *request, c *composing, step, arg string) (err error) {
	switch step {
	case "", "save", "dry", "test", "confirm":
		return nil
	case "as":
		if c.as, err = strconv.Atoi(arg); err != nil {
			return errors.Join(fault.ErrInvalid, err)
		}
		return nil
	case "channel":
		c.whole = true
		return w.changeChannel(q, c, hostadapter.Channel(arg))
	case "use":
		c.whole = true
		return w.useTemplate(q, c, arg)
	case "block":
		if c.d.Content.Blocks, c.at, c.focus, c.whole = editBlocks(c.d.Content.Blocks, arg); c.whole {
			c.touched()
			return nil
		}
	}
	return fault.Fields{"step": {Key: "problem.choice"}}
}

// changeChannel lets a draft go out another way. What was written for the other stays in it.
func (w *Web) changeChannel(q *request, c *composing, ch hostadapter.Channel) error {
	if !slices.Contains(w.Campaigns.Channels(), ch) {
		return fault.Fields{"channel": {Key: "problem.channel"}}
	}
	if ch == c.d.Channel {
		return nil
	}
	if c.d.Channel = ch; w.Templates.NeedsApproval(ch) {
		c.d.Content.Text = "" // it comes from a template
	}
	c.d.Template, c.as = campaign.TemplateRef{}, 0
	c.d.Content = begun(ch, c.d.Content)
	return w.usualSender(q, &c.d)
}

// begun gives a mail without anything in it a text to begin writing in.
func begun(ch hostadapter.Channel, c campaign.Content) campaign.Content {
	if ch == hostadapter.ChannelEmail && len(c.Blocks) == 0 {
		c.Blocks = []campaign.Block{{Kind: campaign.BlockText}}
	}
	return c
}

// usualSender lets a private message come from who writes it, if that one may send.
func (w *Web) usualSender(q *request, d *campaign.Draft) error {
	if d.Channel != hostadapter.ChannelMessage || d.Content.From != "" {
		return nil
	}
	list, err := w.senders(q, "")
	if errors.Is(err, hostadapter.ErrUnavailable) {
		return nil // the form says so
	}
	if mayChoose(list, q.staff.ID) {
		d.Content.From = q.staff.ID
	}
	return err
}

// useTemplate fills a draft with a saved template.
func (w *Web) useTemplate(q *request, c *composing, id string) error {
	n, err := parseID(id)
	if err != nil {
		return err
	}
	t, err := w.Templates.Find(q.ctx(), campaign.TemplateID(n))
	if err != nil {
		return err
	}
	if t.Channel != c.d.Channel {
		return fault.Fields{"template": {Key: "problem.choice"}}
	}
	c.d.Content, c.d.Template = desk.WithTemplate(c.d.Content, t), t.Ref()
	return nil
}

// touched notes that the text is not its template's any more.
func (c *composing) touched() { c.d.Template = campaign.TemplateRef{} }
