package gateway

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/coursecrm/coursecrm/campaign/sms"
)

// maxBody bounds a request: a hundred messages are a tenth of it.
const maxBody = 4 << 20

// refusal is an error that the client gets to see, as a status.
type refusal int

func (r refusal) Error() string { return "refused with status " + strconv.Itoa(int(r)) }

// handler are the four requests of the protocol.
func (g *Gateway) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /messages", g.signed(g.messages))
	mux.Handle("POST /templates", g.signed(g.submit))
	mux.Handle("GET /templates", g.signed(g.approvals))
	mux.Handle("GET /balance", g.signed(g.balance))
	return mux
}

// signed lets only the client in, and writes the answer.
func (g *Gateway) signed(do func(ctx context.Context, r *http.Request, body []byte) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		var answer any
		switch {
		case err != nil:
			err = refusal(http.StatusRequestEntityTooLarge)
		case !g.isClient(r, body):
			err = refusal(http.StatusUnauthorized)
		default:
			answer, err = do(r.Context(), r, body)
		}
		var status refusal
		switch {
		case err == nil:
			if raw, ok := answer.(misanswer); ok {
				raw(w, r)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			json.NewEncoder(w).Encode(answer) //nolint:errcheck // the client has gone
		default:
			if !errors.As(err, &status) {
				status = http.StatusInternalServerError
			}
			if r.Context().Err() == nil {
				g.config.Logger.Debug("SMS gateway: request refused", "route", r.Pattern, "status", int(status), "error", err)
			}
			w.WriteHeader(int(status))
		}
	})
}

// isClient checks the signature and its time.
func (g *Gateway) isClient(r *http.Request, body []byte) bool {
	unix := r.Header.Get(sms.HeaderTime)
	given, err := hex.DecodeString(r.Header.Get(sms.HeaderSignature))
	if err != nil || r.Header.Get(sms.HeaderKey) != g.config.KeyID || !hmac.Equal(given, g.sign(unix, r.Method, r.RequestURI, body)) {
		return false
	}
	seconds, err := strconv.ParseInt(unix, 10, 64)
	return err == nil && time.Since(time.Unix(seconds, 0)).Abs() <= sms.MaxAge
}

// sign is the protocol's HMAC, of requests and callbacks.
func (g *Gateway) sign(unix, method, path string, body []byte) []byte {
	mac := hmac.New(sha256.New, g.config.Secret)
	fmt.Fprintf(mac, "%s\n%s\n%s\n", unix, method, path)
	mac.Write(body)
	return mac.Sum(nil)
}

// read decodes a request's body.
func read(body []byte, v any) error {
	if err := json.Unmarshal(body, v); err != nil {
		return refusal(http.StatusBadRequest)
	}
	return nil
}

func (g *Gateway) balance(ctx context.Context, _ *http.Request, _ []byte) (any, error) {
	n, err := g.Balance(ctx)
	return map[string]int64{"parts": n}, err
}
