package gateway

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/coursecrm/coursecrm/campaign/sms"
)

const (
	tellAtOnce  = 200 // entries of one callback
	tellWithin  = 10 * time.Second
	longestWait = time.Minute // between two tries
	mostTries   = 5           // of an entry that the client says it cannot read
	tellAgain   = 50          // one callback in so many is made twice, as by any supplier
)

// newCallbackClient follows no redirect: a signature is for one address.
func newCallbackClient() *http.Client {
	return &http.Client{Timeout: tellWithin, Transport: &http.Transport{MaxIdleConnsPerHost: 2, IdleConnTimeout: 4 * time.Second},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// event is one thing that the client is to be told.
type event struct {
	id    int64
	kind  string
	entry json.RawMessage
	tries int
}

// tell tells the client what is due. An entry goes from the table after the client has taken it, so
// that it is told again when either of us dies in between.
func (g *Gateway) tell(ctx context.Context) (more bool, err error) {
	if g.config.Callback == "" {
		return false, nil
	}
	rows, err := g.config.DB.QueryContext(ctx, "SELECT id, kind, entry::text, tries FROM sms_callbacks WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2", time.Now(), tellAtOnce)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	var due []event
	for rows.Next() {
		var e event
		if err := rows.Scan(&e.id, &e.kind, (*[]byte)(&e.entry), &e.tries); err != nil {
			return false, err
		}
		due = append(due, e)
	}
	if err := rows.Err(); err != nil || len(due) == 0 {
		return false, err
	}
	return len(due) == tellAtOnce, g.post(ctx, due)
}

// post makes one callback and notes how it went.
func (g *Gateway) post(ctx context.Context, due []event) error {
	status, err := g.callback(ctx, due)
	switch {
	case err == nil && status >= 200 && status < 300 && rand.N(tellAgain) > 0:
		return g.drop(ctx, due)
	case unreadable(status) && len(due) > 1:
		// One of them is not to the client's liking, and must not hold up the others.
		half := len(due) / 2
		if err := g.post(ctx, due[:half]); err != nil {
			return err
		}
		return g.post(ctx, due[half:])
	case unreadable(status) && due[0].tries >= mostTries:
		g.config.Logger.Warn("SMS gateway: the client does not take this callback", "kind", due[0].kind, "id", due[0].id, "status", status)
		return g.drop(ctx, due)
	}
	g.config.Logger.Debug("SMS gateway: callback not taken", "entries", len(due), "status", status, "error", err)
	return g.later(ctx, due)
}

// unreadable says that the client has looked at a callback and has no use for it.
func unreadable(status int) bool {
	return status == http.StatusBadRequest || status == http.StatusRequestEntityTooLarge || status == http.StatusUnprocessableEntity
}

// callback posts entries, signed; 0: there was no answer.
func (g *Gateway) callback(ctx context.Context, due []event) (status int, err error) {
	byKind := map[string][]json.RawMessage{}
	for _, e := range due {
		byKind[e.kind] = append(byKind[e.kind], e.entry)
	}
	body, err := json.Marshal(byKind)
	if err != nil {
		return 0, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, g.config.Callback, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	unix := strconv.FormatInt(time.Now().Unix(), 10)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(sms.HeaderKey, g.config.KeyID)
	r.Header.Set(sms.HeaderTime, unix)
	r.Header.Set(sms.HeaderSignature, hex.EncodeToString(g.sign(unix, http.MethodPost, sms.CallbackPath, body)))
	resp, err := g.client.Do(r)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

func ids(events []event) []int64 {
	var all []int64
	for _, e := range events {
		all = append(all, e.id)
	}
	return all
}

func (g *Gateway) drop(ctx context.Context, events []event) error {
	if _, err := g.config.DB.ExecContext(ctx, "DELETE FROM sms_callbacks WHERE id = ANY($1)", ids(events)); err != nil {
		return fmt.Errorf("forget what was told: %w", err)
	}
	return nil
}

// later puts entries off: half a second at first, twice as long each time, and never all at once.
func (g *Gateway) later(ctx context.Context, events []event) error {
	wait := longestWait
	if tries := events[0].tries; tries < 7 {
		wait = 500 * time.Millisecond << tries
	}
	wait = wait/2 + rand.N(wait/2+1)
	if _, err := g.config.DB.ExecContext(ctx, "UPDATE sms_callbacks SET tries = tries + 1, due_at = $2 WHERE id = ANY($1)", ids(events), time.Now().Add(wait)); err != nil {
		return fmt.Errorf("put callbacks off: %w", err)
	}
	return nil
}
