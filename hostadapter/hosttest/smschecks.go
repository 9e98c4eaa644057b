package hosttest

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"

	"github.com/coursecrm/coursecrm/hostadapter"
)

// SMSTrial is a text message that the suite may really send, twice under one key. Everything that
// costs money or bothers a person is left out without it.
type SMSTrial struct {
	Mobile   string // yours
	Text     string // with the signature
	Template string // the supplier's id of an approved template
	Params   []hostadapter.SMSParam
	Submit   hostadapter.SMSTemplate // submitted twice; zero: none
}

// smsRules are the names of the checks of text messages.
var smsRules = []string{"traits", "nothing to send", "templates nobody knows", "balance", "cancelled context", "a message of the trial", "a template of the trial"}

const noTrial = "needs Options.SMS: a message that may really be sent"

// smsCase is a host's text messages under test.
type smsCase struct {
	gateway hostadapter.SMSGateway
	trial   *SMSTrial
}

func checkSMS(t reporter, opts Options, host hostadapter.HostAdapter) {
	t.Helper()
	c := &smsCase{gateway: hostadapter.CapabilitiesOf(host).SMS, trial: opts.SMS}
	checks := []func(reporter){c.checkTraits, c.checkNothing, c.checkUnknown, c.checkBalance, c.checkContext, c.checkMessage, c.checkTemplate}
	opts.group(t, "SMS", "SMSGateway", c.gateway != nil, func(t reporter) {
		t.Helper()
		for i, check := range checks {
			opts.rule(t, "SMS", smsRules[i], check)
		}
	})
}

func (c *smsCase) checkTraits(t reporter) {
	t.Helper()
	ask := func() (hostadapter.SMSTraits, error) { return c.gateway.SMSTraits(), nil }
	traits, err := guard(ask)
	again, err2 := guard(ask)
	if err != nil || err2 != nil || traits != again {
		t.Fatalf("got %+v, then %+v, errors %v, %v; want the same twice", traits, again, err, err2)
	}
	if strings.TrimSpace(traits.Signature) == "" || strings.ContainsAny(traits.Signature, "【】[]") {
		t.Errorf("Signature is %q, want the name alone, without brackets", traits.Signature)
	}
	if traits.BatchSize < 0 || !(traits.Rate >= 0) || traits.Price < 0 {
		t.Errorf("BatchSize %d, Rate %v, Price %d: must not be negative", traits.BatchSize, traits.Rate, traits.Price)
	}
}

func (c *smsCase) send(ctx context.Context, batch ...hostadapter.SMS) ([]hostadapter.Sent, error) {
	return guard(func() ([]hostadapter.Sent, error) { return c.gateway.SendSMS(ctx, batch) })
}

func (c *smsCase) approvals(ctx context.Context, ids ...string) (map[string]hostadapter.Approval, error) {
	return guard(func() (map[string]hostadapter.Approval, error) { return c.gateway.SMSApprovals(ctx, ids) })
}

func (c *smsCase) checkNothing(t reporter) {
	t.Helper()
	if sent, err := c.send(context.Background()); err != nil || len(sent) > 0 {
		t.Errorf("nothing handed over: %d answers, error %v", len(sent), err)
	}
}

func (c *smsCase) checkUnknown(t reporter) {
	t.Helper()
	for _, ids := range [][]string{nil, {"hosttest-" + rand.Text()}} {
		if found, err := c.approvals(context.Background(), ids...); err != nil || len(found) > 0 {
			t.Errorf("asked about %d templates that nobody knows: %d answers, error %v", len(ids), len(found), err)
		}
	}
}

func (c *smsCase) checkBalance(t reporter) {
	t.Helper()
	if _, err := guard(func() (int64, error) { return c.gateway.SMSBalance(context.Background()) }); err != nil {
		t.Errorf("%v (a balance that is not known is negative)", err)
	}
}

// checkContext sends nothing: a host that does not look at its context would do it.
func (c *smsCase) checkContext(t reporter) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := c.approvals(ctx, "1"); !errors.Is(err, ctx.Err()) {
		t.Errorf("SMSApprovals: error %v, want the context's own", err)
	}
	if _, err := guard(func() (int64, error) { return c.gateway.SMSBalance(ctx) }); !errors.Is(err, ctx.Err()) {
		t.Errorf("SMSBalance: error %v, want the context's own", err)
	}
}

// checkMessage sends the trial's message between two to numbers that cannot be, and where keys are
// kept hands all of it over again.
func (c *smsCase) checkMessage(t reporter) {
	t.Helper()
	if c.trial == nil {
		t.Skipf(noTrial)
	}
	run := "hosttest-" + rand.Text()
	good := hostadapter.SMS{Key: run + "-good", Mobile: c.trial.Mobile, Text: c.trial.Text, Template: c.trial.Template, Params: c.trial.Params}
	first, last := good, good
	first.Key, first.Mobile = run+"-first", "1"
	last.Key, last.Mobile = run+"-last", "2"
	traits, err := guard(func() (hostadapter.SMSTraits, error) { return c.gateway.SMSTraits(), nil })
	if err != nil {
		t.Fatalf("%v", err)
	}
	times := 1
	if traits.Idempotent {
		times = 2
	}
	for n := range times {
		sent, err := c.send(context.Background(), first, good, last)
		if err != nil || len(sent) != 3 {
			t.Fatalf("handed over, time %d: %d answers for three messages, error %v", n+1, len(sent), err)
		}
		bad := hostadapter.Sent{Failure: hostadapter.FailureInvalid}
		if want := (hostadapter.Sent{Accepted: true, ID: sent[1].ID}); sent[0] != bad || sent[1] != want || sent[2] != bad {
			t.Errorf("handed over, time %d: got %+v, want the second accepted and the others %+v", n+1, sent, bad)
		}
	}
}

func (c *smsCase) checkTemplate(t reporter) {
	t.Helper()
	if c.trial == nil || c.trial.Submit == (hostadapter.SMSTemplate{}) {
		t.Skipf(noTrial)
	}
	submit := func() (string, error) {
		return c.gateway.SubmitSMSTemplate(context.Background(), c.trial.Submit)
	}
	first, err := guard(submit)
	again, err2 := guard(submit)
	if err != nil || err2 != nil || first == "" || first != again {
		t.Fatalf("submitted twice as %q and %q, errors %v, %v; want one id", first, again, err, err2)
	}
	found, err := c.approvals(context.Background(), first)
	if err != nil {
		t.Fatalf("%v", err)
	}
	switch found[first].State {
	case hostadapter.ApprovalPending, hostadapter.ApprovalApproved, hostadapter.ApprovalRejected:
	default:
		t.Errorf("a submitted template stands at %q, want pending, approved or rejected", found[first].State)
	}
}
