package crm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/campaign/email"
	"github.com/coursecrm/coursecrm/campaign/message"
	"github.com/coursecrm/coursecrm/campaign/sms"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// channels are the ways to reach people that this installation has.
type channels struct {
	mail     *email.Channel
	supplier sms.Supplier // nil: no SMS
	gateway  *sms.HTTP    // ours to close; nil: the host's own, or none
	sender   hostadapter.MessageSender
}

// openChannels makes the channels that are configured or that the host offers.
func openChannels(c Config) (channels, error) {
	var out channels
	var errs []error
	if c.Email.Addr != "" {
		var err error
		out.mail, err = email.New(email.Config{Addr: c.Email.Addr, From: c.Email.From, Username: c.Email.Username,
			Password: c.Email.Password, TLS: c.Email.TLS, DKIM: c.Email.DKIM, Rate: c.Email.Rate})
		if err != nil {
			errs = append(errs, fmt.Errorf("crm.Config.Email: %w", err))
		}
	}
	if c.Host == nil {
		return out, errors.Join(errs...)
	}
	offers := hostadapter.CapabilitiesOf(c.Host)
	switch {
	case c.SMS.URL != "":
		gateway, err := sms.NewHTTP(c.SMS)
		if err != nil {
			errs = append(errs, fmt.Errorf("crm.Config.SMS: %w", err))
		} else {
			out.gateway, out.supplier = gateway, gateway
		}
	case offers.SMS != nil:
		out.supplier = sms.FromHost(offers.SMS)
	}
	out.sender = offers.Messages
	return out, errors.Join(errs...)
}

// list gives the channels as campaigns use them.
func (c channels) list() []campaign.Channel {
	var out []campaign.Channel
	if c.mail != nil {
		out = append(out, c.mail)
	}
	if c.supplier != nil {
		out = append(out, sms.New(c.supplier))
	}
	if c.sender != nil {
		out = append(out, message.New(c.sender))
	}
	return out
}

// approver is who approves SMS templates; nil: nobody need.
func (c channels) approver() campaign.Approver {
	if c.supplier == nil || !c.supplier.Traits().Approval {
		return nil
	}
	return c.supplier
}

// settings are what campaigns are told of the site.
func (c channels) settings(conf Config, loc *time.Location, secret []byte, clean func(hostadapter.Channel, string) string) campaign.Settings {
	out := campaign.Settings{Site: campaign.Site{Name: conf.SiteName, Address: conf.SiteAddress}, Location: loc, PublicURL: conf.PublicURL,
		CapDays: conf.CapDays, LateAfter: conf.LateAfter, Quiet: conf.QuietHours, Secret: secret, Clean: clean}
	if c.supplier != nil {
		t := c.supplier.Traits()
		out.Site.Signature, out.Price = t.Signature, t.Price
	}
	return out
}

// senders lists the staff in whose name private messages may be sent; nil: there are none.
func (c channels) senders() func(context.Context) ([]hostadapter.Staff, error) {
	if c.sender == nil {
		return nil
	}
	return c.sender.MessageSenders
}

// balance tells how many SMS parts are left; nil: nobody can say.
func (c channels) balance() func(context.Context) (int64, error) {
	if c.supplier == nil {
		return nil
	}
	return c.supplier.Balance
}

func (c channels) close() error {
	var errs []error
	if c.mail != nil {
		errs = append(errs, c.mail.Close())
	}
	if c.gateway != nil {
		errs = append(errs, c.gateway.Close())
	}
	return errors.Join(errs...)
}

// callbacks take what providers report, by the last part of their address.
func (out *CRM) callbacks(c Config) map[string]func(context.Context, http.Header, []byte) error {
	list := map[string]func(context.Context, http.Header, []byte) error{}
	if out.channels.gateway != nil {
		list["sms"] = func(ctx context.Context, head http.Header, body []byte) error {
			said, err := sms.ParseCallback(c.SMS.Secret, head, time.Now(), body)
			if err != nil {
				return believe(err)
			}
			return out.hear(ctx, said)
		}
	}
	if len(c.Email.BounceSecret) > 0 {
		list["email"] = func(ctx context.Context, head http.Header, body []byte) error {
			if err := sms.Verify(c.Email.BounceSecret, head, time.Now(), http.MethodPost, sms.CallbackPath, body); err != nil {
				return believe(err)
			}
			receipts, err := email.ParseBounces(body)
			if err != nil {
				return fmt.Errorf("%w: %w", fault.ErrInvalid, err)
			}
			return out.Receipts(ctx, hostadapter.ChannelEmail, receipts...)
		}
	}
	return list
}

// believe turns why a callback is not taken into the words of the house.
func believe(err error) error {
	if errors.Is(err, sms.ErrForged) {
		return fmt.Errorf("%w: %w", fault.ErrForbidden, err)
	}
	return fmt.Errorf("%w: %w", fault.ErrInvalid, err)
}

func (out *CRM) hear(ctx context.Context, said sms.Callback) error {
	if err := out.Receipts(ctx, hostadapter.ChannelSMS, said.Receipts...); err != nil {
		return err
	}
	for _, m := range said.Inbound {
		if err := out.Reply(ctx, m.Mobile, m.Text); err != nil {
			return err
		}
	}
	if len(said.Approvals) == 0 {
		return nil
	}
	return out.templates.Approve(ctx, said.Approvals)
}

// Receipts takes what a host's own gateway learned about messages. Those that are not ours are
// ignored; the same receipt may come twice and in any order.
//
// Errors: ErrUnavailable: try again.
func (out *CRM) Receipts(ctx context.Context, ch hostadapter.Channel, list ...hostadapter.Receipt) error {
	_, err := out.receiver.Receive(ctx, ch, list)
	return err
}

// Reply takes a text message from a person. Words such as 退订 or TD opt them out of SMS; what
// else it says is not ours.
//
// Errors: ErrUnavailable: try again.
func (out *CRM) Reply(ctx context.Context, mobile, text string) error {
	if !sms.OptOut(text) {
		return nil
	}
	return out.consents.Reply(ctx, mobile)
}
