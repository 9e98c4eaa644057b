package sms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
)

// Send implements Supplier.
func (s *HTTP) Send(ctx context.Context, batch []h.SMS) ([]h.Sent, error) {
	if len(batch) == 0 {
		return nil, nil
	}
	out := wireBatch{Messages: make([]wireMessage, len(batch))}
	for i, m := range batch {
		out.Messages[i] = wireMessage{Key: m.Key, To: m.Mobile, Text: m.Text, Template: m.Template}
		for _, p := range m.Params {
			out.Messages[i].Params = append(out.Messages[i].Params, wireParam(p))
		}
	}
	body, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("send %d messages: %w", len(batch), err)
	}
	var in wireAnswers
	err = s.exchange(ctx, http.MethodPost, "/messages", body, &in)
	switch {
	case errors.Is(err, errUnclear):
		return make([]h.Sent, len(batch)), nil
	case err != nil:
		return nil, fmt.Errorf("send %d messages: %w", len(batch), err)
	}
	return match(batch, in.Messages), nil
}

// match finds each message's answer by its key. A key that is answered in two ways has no answer;
// an answer about a key that was not asked for is nobody's.
func match(batch []h.SMS, answers []wireAnswer) []h.Sent {
	byKey := make(map[string]wireAnswer, len(answers))
	for _, a := range answers {
		if first, ok := byKey[a.Key]; ok && first != a {
			a.Status = "" // says nothing, whatever comes after
		}
		byKey[a.Key] = a
	}
	sent := make([]h.Sent, len(batch))
	for i, m := range batch {
		switch a := byKey[m.Key]; a.Status {
		case statusAccepted:
			sent[i] = h.Sent{Accepted: true, ID: a.ID}
		case statusTemporary:
			sent[i] = h.Sent{Temporary: true}
		case statusFailed:
			sent[i] = h.Sent{Failure: failure(a.Reason)}
		}
	}
	return sent
}

// Submit implements Supplier.
func (s *HTTP) Submit(ctx context.Context, t h.SMSTemplate) (string, error) {
	body, err := json.Marshal(wireTemplate(t))
	if err != nil {
		return "", fmt.Errorf("submit a template: %w", err)
	}
	var in wireSubmitted
	if err := s.exchange(ctx, http.MethodPost, "/templates", body, &in); err != nil {
		return "", fmt.Errorf("submit a template: %w", askAgain(err))
	}
	if !named(in.ID, maxID) {
		return "", fmt.Errorf("submit a template: %w: the SMS gateway gave no usable id", campaign.ErrUnreachable)
	}
	return in.ID, nil
}

// askAgain is for requests that change nothing when they are made twice.
func askAgain(err error) error {
	if errors.Is(err, errUnclear) {
		return fmt.Errorf("%w: %w", campaign.ErrUnreachable, err)
	}
	return err
}

// Approvals implements Supplier.
func (s *HTTP) Approvals(ctx context.Context, ids []string) (map[string]h.Approval, error) {
	return approvals(ctx, ids, func(ctx context.Context, ids []string) (map[string]h.Approval, error) {
		var in wireApprovals
		if err := s.exchange(ctx, http.MethodGet, "/templates?"+url.Values{"ids": ids}.Encode(), nil, &in); err != nil {
			return nil, fmt.Errorf("ask about %d templates: %w", len(ids), askAgain(err))
		}
		found := make(map[string]h.Approval, len(in.Templates))
		for _, t := range in.Templates {
			found[t.ID] = h.Approval{State: t.State, Reason: t.Reason}
		}
		return found, nil
	})
}

// Balance implements Supplier.
func (s *HTTP) Balance(ctx context.Context) (int64, error) {
	var in wireBalance
	if err := s.exchange(ctx, http.MethodGet, "/balance", nil, &in); err != nil {
		return -1, fmt.Errorf("ask for the balance: %w", askAgain(err))
	}
	if in.Parts == nil {
		return -1, nil
	}
	return max(*in.Parts, -1), nil
}
