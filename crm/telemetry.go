package crm

import (
	"context"
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/health"
	"github.com/coursecrm/coursecrm/internal/projection"
	"github.com/coursecrm/coursecrm/internal/telemetry"
	"github.com/coursecrm/coursecrm/storage"
)

// measure lets the host's SDK see what the house does; it comes before anything else uses the
// databases.
func (out *CRM) measure(c Config, db *storage.DB, replica *storage.Replica) (err error) {
	if out.telemetry, err = telemetry.New(c.Meter, c.Tracer); err != nil {
		return fmt.Errorf("crm.Config.Meter: %w", err)
	}
	if out.telemetry == nil {
		return nil
	}
	db.Watch(out.telemetry)
	if replica != nil {
		replica.Watch(out.telemetry)
	}
	return nil
}

// measureLags has the host's SDK ask how far behind the background work is.
func (out *CRM) measureLags(store projection.Store) (err error) {
	if out.telemetry == nil {
		return nil
	}
	if out.measuring, err = out.telemetry.Watch(lags(out.inspector, store)); err != nil {
		return fmt.Errorf("crm.Config.Meter: %w", err)
	}
	return nil
}

// measuredStore counts the rows that a projection takes in.
type measuredStore struct {
	projection.Store
	*telemetry.Telemetry
}

// Apply implements projection.Store.
func (s measuredStore) Apply(ctx context.Context, b projection.Batch) (projection.Applied, error) {
	how := "push"
	if step := b.Step; step != nil {
		how = string(step.Walk)
	} else if b.Of != nil {
		how = string(b.Of.Walk)
	}
	ctx, end := s.Work(ctx, "sync "+how)
	out, err := s.Store.Apply(ctx, b)
	end(err)
	if err != nil {
		return out, err
	}
	for feed, n := range map[projection.Feed]int{projection.Learners: len(b.Learners), projection.Offerings: len(b.Offerings), projection.Orders: len(b.Orders),
		projection.Enrollments: len(b.Enrollments), projection.Memberships: len(b.Memberships), projection.Activities: len(b.Activities)} {
		s.Rows(ctx, string(feed), how, n)
	}
	return out, nil
}

// measuredChannel counts what became of messages.
type measuredChannel struct {
	campaign.Channel
	*telemetry.Telemetry
}

// outcomes are the words for what a provider said of a message.
var outcomes = map[campaign.OutcomeKind]string{campaign.OutcomeUnknown: "unknown", campaign.OutcomeAccepted: "accepted",
	campaign.OutcomeTemporary: "temporary", campaign.OutcomePermanent: "refused"}

// Send implements campaign.Channel.
func (c measuredChannel) Send(ctx context.Context, batch []campaign.Message) ([]campaign.Outcome, error) {
	name, began := string(c.Name()), time.Now()
	ctx, end := c.Work(ctx, "send "+name)
	out, err := c.Channel.Send(ctx, batch)
	end(err)
	c.HandedOver(ctx, name, time.Since(began))
	if err != nil {
		c.Delivered(ctx, name, "unreachable", len(batch))
		return out, err
	}
	counts := map[campaign.OutcomeKind]int{campaign.OutcomeUnknown: max(len(batch)-len(out), 0)}
	for _, o := range out {
		counts[o.Kind]++
	}
	for kind, n := range counts {
		c.Delivered(ctx, name, outcomes[kind], n)
	}
	return out, nil
}

// measured has each of the channels measured.
func measured(ways []campaign.Channel, t *telemetry.Telemetry) []campaign.Channel {
	if t == nil {
		return ways
	}
	out := make([]campaign.Channel, len(ways))
	for i, ch := range ways {
		out[i] = measuredChannel{ch, t}
	}
	return out
}

// lags reads how far behind the background work is.
func lags(queues health.Queues, store projection.Store) telemetry.Lags {
	return telemetry.Lags{
		Sync: func(ctx context.Context) (map[string]time.Duration, error) {
			state, err := store.State(ctx)
			if err != nil {
				return nil, err
			}
			ages := map[string]time.Duration{}
			for _, feed := range state.Live {
				if !feed.LastOKAt.IsZero() {
					ages[string(feed.Feed)] = time.Since(feed.LastOKAt)
				}
			}
			return ages, nil
		},
		Queue: func(ctx context.Context) (int, time.Duration, error) {
			queue, err := queues.Queue(ctx)
			return queue.Pending, queue.Lag, err
		},
	}
}
