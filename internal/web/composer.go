package web

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"unicode/utf8"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// composerPage is the form of an e-mail campaign.
type composerPage struct {
	Frame
	Input     composerInput
	Token     string
	Say       string // the audience in words
	Audience  string // where the audience can be changed
	Variables []variableView
	Dry       dryView
	Preview   previewView
	Problems  []fieldProblem
	From      string
	NoEmail   bool
}

// composerInput is what was typed.
type composerInput struct {
	Key, Name, Subject, Body, LinkTarget string
	At                                   int // the person of the preview
}

// SubjectLen counts the characters of the subject.
func (in composerInput) SubjectLen() int { return utf8.RuneCountInString(in.Subject) }

type variableView struct{ Label, Text string }

// fieldProblem is an error under a field and in the summary on top.
type fieldProblem struct {
	Field   string
	Problem fault.Problem
}

func newFieldProblem(field string, p fault.Problem) fieldProblem { return fieldProblem{field, p} }

// For gives the problem of a field; its Key is empty when there is none.
func (p composerPage) For(field string) fault.Problem {
	for _, f := range p.Problems {
		if f.Field == field {
			return f.Problem
		}
	}
	return fault.Problem{}
}

// dryView breaks the audience down: Sendable and the lines add up to Matched.
type dryView struct {
	campaign.Sum
	Lines  []dryLine
	Failed bool
}

type dryLine struct {
	Reason campaign.Exclusion
	N      int64
	Share  float64 // of the largest line
}

func dryViewOf(s campaign.Sum) dryView {
	d := dryView{Sum: s}
	var most int64
	for _, n := range s.Excluded {
		most = max(most, n)
	}
	for _, e := range campaign.Exclusions() {
		line := dryLine{Reason: e, N: s.Excluded[e]}
		if most > 0 {
			line.Share = float64(line.N) / float64(most)
		}
		d.Lines = append(d.Lines, line)
	}
	return d
}

// composerFields are the fields in the order of the form.
func composerFields() []string {
	return []string{"audience", "channel", "name", "subject", "body", "link_target", "key"}
}

func readComposer(v url.Values) composerInput {
	at := 0
	if list := v["at"]; len(list) > 0 { // the last is the button that was pressed
		at, _ = strconv.Atoi(list[len(list)-1])
	}
	return composerInput{Key: v.Get("key"), Name: v.Get("name"), Subject: v.Get("subject"), Body: v.Get("body"),
		LinkTarget: v.Get("link_target"), At: at}
}

// composer opens the form for a stored selection.
func (w *Web) composer(q *request) error {
	return w.showComposer(q, http.StatusOK, q.r.URL.Query().Get("s"), composerInput{Key: rand.Text()}, nil)
}

// compose takes the form: "edit" shows it again with a fresh dry run, "send" launches, and
// anything else checks it and asks for confirmation with the number of people.
func (w *Web) compose(q *request) error {
	if err := q.parse(); err != nil {
		return err
	}
	f := q.r.PostForm
	in, token := readComposer(f), f.Get("s")
	if f.Get("step") == "edit" {
		return w.showComposer(q, http.StatusOK, token, in, nil)
	}
	rule, err := w.Segments.Selection(q.ctx(), token)
	if err != nil {
		return err
	}
	input := w.input(q, in, rule)
	if f.Get("step") == "send" {
		id, err := w.Campaigns.Launch(q.ctx(), input)
		if err == nil {
			if err := w.record(q, audit.Launched, fmt.Sprintf("campaign:%d", id), map[string]any{"channel": input.Channel, "rule": ruleHash(rule)}); err != nil {
				return err
			}
			return q.redirect(w.paths.Campaign(id, "", ""))
		}
		return w.composeAgain(q, token, in, err)
	}
	if err := w.Campaigns.Check(q.ctx(), input); err != nil {
		return w.composeAgain(q, token, in, err)
	}
	sum, err := w.Campaigns.DryRun(q.ctx(), rule, hostadapter.ChannelEmail)
	if err != nil {
		return err
	}
	if sum.Sendable == 0 {
		problems := fault.Fields{}
		problems.Add("audience", "problem.nobody")
		return w.composeAgain(q, token, in, problems)
	}
	return w.confirm(q, token, in, sum)
}

// composeAgain shows the form with what is wrong; an error that is not about it goes on.
func (w *Web) composeAgain(q *request, token string, in composerInput, err error) error {
	var problems fault.Fields
	if !errors.As(err, &problems) {
		return err
	}
	if q.hx() {
		q.w.Header().Set("HX-Retarget", "#composer")
		q.w.Header().Set("HX-Reswap", "outerHTML show:top")
	}
	return w.showComposer(q, http.StatusUnprocessableEntity, token, in, problems)
}

func (w *Web) input(q *request, in composerInput, r segment.Rule) campaign.Input {
	return campaign.Input{Key: in.Key, Name: in.Name, Channel: hostadapter.ChannelEmail, Rule: r, Subject: in.Subject,
		Body: in.Body, LinkTarget: in.LinkTarget, By: q.staff}
}

func (w *Web) showComposer(q *request, status int, token string, in composerInput, problems fault.Fields) error {
	rule, err := w.Segments.Selection(q.ctx(), token)
	if err != nil {
		return err
	}
	l := w.locale(q)
	p := composerPage{Frame: w.frame(q, "composer.title", "audience"), Input: in, Token: token,
		Audience: w.paths.Audience(values("s", token)), From: w.EmailFrom, NoEmail: !w.HaveEmail}
	b, err := w.builder(q)
	if err != nil {
		return err
	}
	if p.Say, err = b.say(rule); err != nil {
		return err
	}
	for _, v := range campaign.Variables() {
		name := l.variable(v)
		p.Variables = append(p.Variables, variableView{name, "{{ " + name + " }}"})
	}
	for _, field := range composerFields() {
		if problem, ok := problems[field]; ok {
			p.Problems = append(p.Problems, fieldProblem{field, problem})
		}
	}
	sum, err := w.Campaigns.DryRun(q.ctx(), rule, hostadapter.ChannelEmail)
	switch {
	case errors.Is(err, fault.ErrUnavailable):
		p.Dry.Failed = true
	case err != nil:
		return err
	default:
		p.Dry = dryViewOf(sum)
	}
	if p.Preview, err = w.previewOf(q, in, rule); err != nil && !errors.Is(err, fault.ErrUnavailable) {
		return err
	}
	if q.hx() {
		return w.render(q, status, "composer#composer", p)
	}
	return w.render(q, status, "composer", p)
}

// confirmPage asks before anything is sent, and says to how many.
type confirmPage struct {
	Frame
	Input composerInput
	Token string
	Sum   campaign.Sum
}

func (w *Web) confirm(q *request, token string, in composerInput, sum campaign.Sum) error {
	p := confirmPage{Input: in, Token: token, Sum: sum}
	if q.hx() {
		p.Frame = w.plainFrame(q, "", "")
		q.w.Header().Set("HX-Retarget", "#confirm")
		q.w.Header().Set("HX-Reswap", "innerHTML")
		return w.render(q, http.StatusOK, "confirm#confirm-dialog", p)
	}
	p.Frame = w.frame(q, "confirm.title", "audience")
	return w.render(q, http.StatusOK, "confirm", p)
}
