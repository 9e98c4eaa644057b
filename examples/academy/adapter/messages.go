package adapter

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/coursecrm/coursecrm/examples/academy/school"
	host "github.com/coursecrm/coursecrm/hostadapter"
)

// SendMessages implements [host.MessageSender] with the school's private messages.
func (a *Adapter) SendMessages(ctx context.Context, batch []host.PrivateMessage) ([]host.Sent, error) {
	out := make([]school.Outgoing, len(batch))
	for i, m := range batch {
		// An id that is no number is nobody's: the school counts its accounts from 1.
		from, _ := strconv.ParseInt(m.From, 10, 64)
		to, _ := strconv.ParseInt(string(m.To), 10, 64)
		out[i] = school.Outgoing{Key: m.Key, From: from, To: to, Content: m.Text}
	}
	done, err := a.School.Deliver(ctx, out)
	if err != nil {
		return nil, unavailable(ctx, err)
	}
	sent := make([]host.Sent, len(batch))
	for i, d := range done {
		sent[i] = map[school.Delivery]host.Sent{
			school.DeliveredMessage: {Accepted: true},
			school.NoRecipient:      {Failure: host.FailureInvalid},
			school.BadMessage:       {Failure: host.FailureRejected},
		}[d]
	}
	return sent, nil
}

// MessageSenders implements [host.MessageSender].
func (a *Adapter) MessageSenders(ctx context.Context) ([]host.Staff, error) {
	users, err := a.School.Senders(ctx)
	if err != nil {
		return nil, unavailable(ctx, err)
	}
	var staff []host.Staff
	for _, u := range users {
		staff = append(staff, host.Staff{ID: strconv.FormatInt(u.ID, 10), Name: u.Nickname})
	}
	return staff, nil
}

// unavailable is an error of the database, after which the same may be asked again. The end of the
// context stays recognisable.
func unavailable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errors.Join(ctx.Err(), err)
	}
	return fmt.Errorf("%w: %w", host.ErrUnavailable, err)
}
