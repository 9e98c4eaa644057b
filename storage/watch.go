package storage

import (
	"context"
	"database/sql"
	"errors"
	"go/token"
	"runtime"
	"strings"

	"github.com/uptrace/bun"
)

// Watcher is told of statements. It is safe for concurrent use.
type Watcher interface {
	// Statement is told that a use case, named after the method of this package that serves it
	// ("Campaigns.Take"), puts a statement, or several sent together, to the database or to its
	// replica. What it returns is called with the outcome.
	Statement(ctx context.Context, useCase string, replica bool) (context.Context, func(error))
}

// Watch tells w of every statement but those of COPY, and those that prepared themselves for a
// batch. Call it once, before anything else uses d.
func (d *DB) Watch(w Watcher) {
	d.watcher = w
	d.bun = d.bun.WithQueryHook(watchHook{d})
}

// Watch is DB.Watch for the replica's connections.
func (r *Replica) Watch(w Watcher) {
	r.db.replica = true
	r.db.Watch(w)
}

// watched tells the watcher, if there is one, of a statement that does not go through bun.
func (d *DB) watched(ctx context.Context) (context.Context, func(error)) {
	if d.watcher == nil {
		return ctx, func(error) {}
	}
	return d.watcher.Statement(ctx, useCase(), d.replica)
}

// watchHook tells the watcher of bun's statements.
type watchHook struct{ db *DB }

// ended is the key of what is called at a statement's end.
type ended struct{}

// BeforeQuery implements bun.QueryHook.
func (w watchHook) BeforeQuery(ctx context.Context, e *bun.QueryEvent) context.Context {
	if e.Query == "ROLLBACK" { // the end of each transaction, also of one that is over
		return ctx
	}
	ctx, end := w.db.watched(ctx)
	e.Stash = map[any]any{ended{}: end}
	return ctx
}

// AfterQuery implements bun.QueryHook.
func (w watchHook) AfterQuery(_ context.Context, e *bun.QueryEvent) {
	end, ok := e.Stash[ended{}].(func(error))
	if !ok {
		return
	}
	if errors.Is(e.Err, sql.ErrNoRows) {
		end(nil)
		return
	}
	end(e.Err)
}

// ours begins the names of this package's functions.
const ours = "github.com/coursecrm/coursecrm/storage."

// useCase names the method through which the package was entered. Every method of a store is one
// use case, so that there are about as many names as methods; to pass a name by hand through each of
// them would be forgotten in the next one.
func useCase() string {
	var calls [64]uintptr
	frames := runtime.CallersFrames(calls[:runtime.Callers(2, calls[:])])
	name := "other"
	for {
		frame, more := frames.Next()
		if method, ok := strings.CutPrefix(frame.Function, ours); ok {
			if served := plainName(method); served != "" {
				name = served
			}
		}
		if !more {
			return name
		}
	}
}

// plainName makes "Campaigns.Take" of "(*Campaigns).Take.func1". Of what is no exported method of an
// exported type it makes nothing.
func plainName(function string) string {
	receiver, rest, found := strings.Cut(strings.TrimPrefix(function, "(*"), ").")
	rest, _, _ = strings.Cut(rest, ".")
	method := strings.TrimSuffix(rest, "-fm")
	if !found || !token.IsExported(receiver) || !token.IsExported(method) {
		return ""
	}
	return receiver + "." + method
}
