package api

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// errNothing is the answer at a path where there is nothing.
var errNothing = fmt.Errorf("api: no such path: %w", fault.ErrNotFound)

// call is one request: who asks, and under which id it is logged.
type call struct {
	context.Context //nolint:containedctx // a call lives as long as its request
	api             *API
	r               *http.Request
	id              string
	staff           hostadapter.Staff
}

type callKey struct{}

func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	c.Context = ctx
	return c
}

func (c *call) may(p hostadapter.Permission) bool { return c.staff.May(p) }

// say gives a message in the reader's language.
func (c *call) say(key string, args ...any) string {
	return c.api.Say(c.r, fault.Problem{Key: key, Args: args})
}

// record writes who did what to the record; see desk.Record.
func (c *call) record(action audit.Action, object string, detail map[string]any) error {
	return desk.Record(c, c.api.Audit, audit.Entry{At: c.api.Now(), StaffID: c.staff.ID, StaffName: c.staff.Name, Action: action,
		Object: object, Detail: detail, IP: desk.RemoteHost(c.r, c.api.Proxies.Client), Request: c.id})
}

// recordOnce is record after something was made, by a request that may have come before.
func (c *call) recordOnce(action audit.Action, object string, made time.Time, detail map[string]any) error {
	missing, err := desk.Unrecorded(c, c.api.Record, c.staff.ID, action, object, made)
	if err != nil || !missing {
		return err
	}
	return c.record(action, object, detail)
}

// errKeyUsed answers a request under a key that did something else.
var errKeyUsed = fmt.Errorf("%w: the Idempotency-Key was used for something else", fault.ErrConflict)

// key makes a form's key of the header Idempotency-Key, so that what is sent twice is done once.
// It is of one member of staff, one operation on one thing and one body: nobody meets somebody
// else's, and a request that says something else is another one. Where body is nil, the caller
// compares what was done. Without the header every request is a new one.
func (c *call) key(header string, body any) string {
	if header == "" {
		header = "request " + c.id + desk.RequestID()
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // it was read from JSON
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %q %q %q %s", c.r.Method, c.r.URL.Path, c.staff.ID, header, text))
	return base32.StdEncoding.EncodeToString(sum[:])[:26] // in the form of rand.Text
}

// admit lets a request in, or says why not, before its body is read.
func (a *API) admit(o operation, limit int64) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		a.begin(w, r, func(c *call) {
			if err := c.enter(w, o.perm, limit); err != nil {
				c.fail(w, err)
				return
			}
			next(huma.WithValue(ctx, callKey{}, c))
		})
	}
}

// page serves something beside the operations to whoever may see the panel.
func (a *API) page(do func(w http.ResponseWriter, r *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.begin(w, r, func(c *call) {
			err := c.enter(w, view, maxBody)
			if err == nil {
				err = do(w, r)
			}
			if err != nil {
				c.fail(w, err)
			}
		})
	})
}

// begin gives every answer its headers, and turns a panic into an answer. http.ErrAbortHandler
// keeps its meaning.
func (a *API) begin(w http.ResponseWriter, r *http.Request, do func(c *call)) {
	c := &call{Context: r.Context(), api: a, r: r, id: desk.RequestID()}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Request-Id", c.id)
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'")
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if p == http.ErrAbortHandler { //nolint:errorlint // a value handed to panic, never wrapped
			panic(p)
		}
		a.Log.ErrorContext(c, "api: panic", "request", c.id, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		c.fail(w, errors.New("panic"))
	}()
	do(c)
}

// enter bounds the body and asks the host who it is.
func (c *call) enter(w http.ResponseWriter, perm hostadapter.Permission, limit int64) error {
	if c.r.ContentLength > limit {
		return desk.ErrTooLarge
	}
	c.r.Body = http.MaxBytesReader(w, c.r.Body, limit)
	staff, err := c.api.Staff.Staff(c.r)
	c.staff = staff
	return desk.Admit(staff, err, perm)
}
