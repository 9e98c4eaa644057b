package api

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/desk"
)

// Permissions of operations, besides PermView.
const (
	view     = hostadapter.PermView
	contact  = hostadapter.PermContactView
	edit     = hostadapter.PermSegmentEdit
	send     = hostadapter.PermCampaignSend
	export   = hostadapter.PermExport
	settings = hostadapter.PermSettings
	template = hostadapter.PermTemplateEdit
	approve  = hostadapter.PermTemplateApprove
	follow   = hostadapter.PermFollowup
)

// operation is a line of a group's table.
type operation struct {
	id, method, path string
	perm             hostadapter.Permission // besides PermView
	tag              string
	summary          string
	detail           string // what else one should know; may be empty
	limit            int64  // of the body, in bytes; 0: maxBody
	register         func(a *API, served huma.API, op operation)
}

// Limits of bodies: a draft is some 512 kB, a list 24 MB of text, and a slow line takes minutes.
const (
	maxBody  = 1 << 20
	maxList  = 24 << 20
	bodyTime = time.Minute
	listTime = 10 * time.Minute
)

// nothing is the input or the answer of operations without one.
type nothing struct{}

// answer is an answer as huma takes it.
type answer[O any] struct{ Body O }

// op makes an operation. do reads in, calls a service and gives the answer, which is sent with 200,
// or 204 where it is nothing.
func op[I, O any](method, id, path string, perm hostadapter.Permission, summary string, do func(c *call, in *I) (O, error)) operation {
	return operation{id: id, method: method, path: path, perm: perm, summary: summary, register: func(a *API, served huma.API, op operation) {
		if reflect.TypeFor[O]() == reflect.TypeFor[nothing]() {
			huma.Register(served, a.describe(op, http.StatusNoContent), func(ctx context.Context, in *I) (*nothing, error) {
				_, err := run(ctx, in, do)
				return nil, err
			})
			return
		}
		huma.Register(served, a.describe(op, http.StatusOK), func(ctx context.Context, in *I) (*answer[O], error) {
			out, err := run(ctx, in, do)
			return &answer[O]{out}, err
		})
	}}
}

func get[I, O any](id, path string, summary string, do func(c *call, in *I) (O, error)) operation {
	return op(http.MethodGet, id, path, view, summary, do)
}

func post[I, O any](id, path string, perm hostadapter.Permission, summary string, do func(c *call, in *I) (O, error)) operation {
	return op(http.MethodPost, id, path, perm, summary, do)
}

func put[I, O any](id, path string, perm hostadapter.Permission, summary string, do func(c *call, in *I) (O, error)) operation {
	return op(http.MethodPut, id, path, perm, summary, do)
}

func remove[I, O any](id, path string, perm hostadapter.Permission, summary string, do func(c *call, in *I) (O, error)) operation {
	return op(http.MethodDelete, id, path, perm, summary, do)
}

// needs gives an operation another permission.
func (o operation) needs(p hostadapter.Permission) operation { o.perm = p; return o }

// more says what else one should know.
func (o operation) more(detail string) operation { o.detail = detail; return o }

// large lets the body hold a list.
func (o operation) large() operation { o.limit = maxList; return o }

// under files operations under a heading of the document.
func under(tag string, list ...operation) []operation {
	for i := range list {
		list[i].tag = tag
	}
	return list
}

// run gives a handler its call and cleans what was typed.
func run[I, O any](ctx context.Context, in *I, do func(*call, *I) (O, error)) (O, error) {
	c := callOf(ctx)
	cleanStrings(reflect.ValueOf(in).Elem())
	out, err := do(c, in)
	if err != nil {
		return out, c.problem(err)
	}
	return out, nil
}

// describe is what the document says of an operation.
func (a *API) describe(o operation, status int) huma.Operation {
	limit, patience := o.limit, listTime
	if limit == 0 {
		limit, patience = maxBody, bodyTime
	}
	return huma.Operation{OperationID: o.id, Method: o.method, Path: o.path, Summary: o.summary, Description: o.detail, Tags: []string{o.tag}, DefaultStatus: status,
		MaxBodyBytes: limit, BodyReadTimeout: patience, Middlewares: huma.Middlewares{a.admit(o, limit)}, Extensions: map[string]any{"x-permission": o.perm},
		RejectUnknownQueryParameters: true}
}

// cleanStrings makes all texts of an input fit to be kept. Raw JSON is left as it is: it is parsed
// where it is used.
func cleanStrings(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() {
			v.SetString(desk.Clean(v.String()))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				cleanStrings(v.Field(i))
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			cleanStrings(v.Elem())
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return
		}
		for i := range v.Len() {
			cleanStrings(v.Index(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			if value := v.MapIndex(key); value.Kind() == reflect.String {
				v.SetMapIndex(key, reflect.ValueOf(desk.Clean(value.String())).Convert(value.Type()))
			}
		}
	}
}

// object names something in the record: "person:12".
func object[T ~int64](kind string, id T) string { return fmt.Sprintf("%s:%d", kind, id) }
