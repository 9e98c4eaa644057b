package campaign

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// Filter narrows a list of recipients.
type Filter string

// Filters.
const (
	FilterAll       Filter = ""
	FilterAccepted  Filter = "accepted"
	FilterPending   Filter = "pending" // the provider took it, no receipt yet
	FilterDelivered Filter = "delivered"
	FilterClicked   Filter = "clicked"
	FilterUnclicked Filter = "unclicked" // the provider took it, nobody clicked
	FilterFailed    Filter = "failed"
	FilterUnknown   Filter = "unknown"
	FilterExcluded  Filter = "excluded" // by planning
	FilterLate      Filter = "late"     // left out when their message was about to leave
	FilterWaiting   Filter = "waiting"
	FilterCancelled Filter = "cancelled"
)

// Filters lists the filters in order.
func Filters() []Filter {
	return []Filter{FilterAll, FilterAccepted, FilterPending, FilterDelivered, FilterClicked, FilterUnclicked, FilterFailed, FilterUnknown,
		FilterExcluded, FilterLate, FilterWaiting, FilterCancelled}
}

// RecipientView is which recipients a list shows.
type RecipientView struct {
	States  []DeliveryState // none: all
	Reason  string          // an Exclusion or a Reason; empty: any
	Clicked *bool           // nil: whether or not
	Late    *bool           // of the excluded: at hand-over, or by planning; nil: either
}

// known reports whether e is a reason of DOMAIN §3.
func (e Exclusion) known() bool { return slices.Contains(Exclusions(), e) }

// view translates a filter and a reason.
func view(f Filter, reason string) (RecipientView, error) {
	yes, no := true, false
	views := map[Filter]RecipientView{
		FilterAll: {}, FilterAccepted: {States: []DeliveryState{Accepted, Delivered}}, FilterDelivered: {States: []DeliveryState{Delivered}},
		FilterPending: {States: []DeliveryState{Accepted}},
		FilterClicked: {Clicked: &yes}, FilterUnclicked: {States: []DeliveryState{Accepted, Delivered}, Clicked: &no},
		FilterFailed: {States: []DeliveryState{Failed}}, FilterUnknown: {States: []DeliveryState{Unknown}},
		FilterExcluded: {States: []DeliveryState{Excluded}, Late: &no}, FilterLate: {States: []DeliveryState{Excluded}, Late: &yes},
		FilterWaiting:   {States: []DeliveryState{Queued, InFlight}},
		FilterCancelled: {States: []DeliveryState{Cancelled}},
	}
	v, ok := views[f]
	if !ok || reason != "" && !Exclusion(reason).known() && !slices.Contains(Reasons(), Reason(reason)) {
		return v, fmt.Errorf("%w: filter of recipients", fault.ErrInvalid)
	}
	v.Reason = reason
	return v, nil
}

// Recipients gives a page of a campaign's recipients. reason narrows those excluded or failed to
// one; empty: any. An unknown filter or reason is fault.ErrInvalid.
func (s *Service) Recipients(ctx context.Context, id ID, f Filter, reason, after string, limit int) ([]Recipient, string, error) {
	v, err := view(f, reason)
	if err != nil {
		return nil, "", err
	}
	return s.store.Recipients(ctx, id, v, after, limit)
}

// EachRecipient walks all recipients of a kind, for exports.
func (s *Service) EachRecipient(ctx context.Context, id ID, f Filter, reason string) iter.Seq2[Recipient, error] {
	return func(yield func(Recipient, error) bool) {
		for after := ""; ; {
			rows, next, err := s.Recipients(ctx, id, f, reason, after, 1000)
			if err != nil {
				yield(Recipient{}, err)
				return
			}
			for _, r := range rows {
				if !yield(r, nil) {
					return
				}
			}
			if next == "" {
				return
			}
			after = next
		}
	}
}
