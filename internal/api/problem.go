package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// placed says where the fields of a service's fault stand in the input: "subject" of a draft is
// "body.content.subject".
type placed struct {
	error
	where func(field string) string
}

func (p placed) Unwrap() error { return p.error }

// inBody is the place of a field that has the same name in the body.
func inBody(field string) string { return "body." + field }

// problem logs an error and makes its answer (RFC 9457). The words are ours: an error's own text
// may hold anything.
func (c *call) problem(err error) error {
	f := desk.FailureOf(err)
	if !errors.Is(err, context.Canceled) || c.r.Context().Err() == nil { // else the asker went away
		level := slog.LevelInfo
		if f.Status >= http.StatusInternalServerError {
			level = slog.LevelError
		}
		c.api.Log.Log(c, level, "api: request failed", "request", c.id, "status", f.Status, "method", c.r.Method, "err", err)
	}
	p := &huma.ErrorModel{Type: "about:blank", Status: f.Status, Title: http.StatusText(f.Status), Detail: c.say("error.title." + f.Word), Instance: instance(c.id)}
	where := inBody
	var place placed
	if errors.As(err, &place) {
		where = place.where
	}
	var problems fault.Fields
	if errors.As(err, &problems) {
		for _, field := range slices.Sorted(maps.Keys(problems)) {
			p.Errors = append(p.Errors, &huma.ErrorDetail{Location: where(field), Message: c.api.Say(c.r, problems[field])})
		}
	} else if bad, ok := segment.Problem(err); ok {
		p.Errors = append(p.Errors, &huma.ErrorDetail{Location: where(ruleField(bad.Path)), Message: c.say("problem.rule_"+bad.Word(), bad.Field)})
	}
	var used *segment.InUseError
	if errors.As(err, &used) {
		p.Errors = c.uses(used.Uses)
	} else if len(p.Errors) > 0 {
		p.Detail = c.say("composer.problems", len(p.Errors))
	}
	if f.Status == http.StatusServiceUnavailable {
		return huma.ErrorWithHeaders(p, http.Header{"Retry-After": {strconv.Itoa(5)}})
	}
	return p
}

// ruleField is the place of a condition within people.rule: "1.0" is the first member of the
// second member.
func ruleField(path string) string {
	return strings.TrimSuffix("people.rule."+path, ".")
}

// fail answers outside of an operation.
func (c *call) fail(w http.ResponseWriter, err error) {
	var p *huma.ErrorModel
	answer := c.problem(err)
	var headers huma.HeadersError
	if errors.As(answer, &headers) {
		maps.Copy(w.Header(), headers.GetHeaders())
	}
	if !errors.As(answer, &p) {
		p = &huma.ErrorModel{Status: http.StatusInternalServerError}
	}
	w.Header().Set("Content-Type", p.ContentType("application/json"))
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the asker went away
}

func instance(id string) string { return "urn:coursecrm:request:" + id }

// tidyProblem names the request in problems that were found while an input was read, and takes out
// the values: they may hold a contact, and the asker knows them.
func tidyProblem(ctx huma.Context, _ string, v any) (any, error) {
	p, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	c := callOf(ctx.Context())
	p.Instance, p.Type = instance(c.id), "about:blank"
	for _, e := range p.Errors {
		e.Value = nil
	}
	return p, nil
}
