package desk

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/segment"
)

// recordPatience bounds the wait for an entry to be written.
const recordPatience = 10 * time.Second

// Record writes an entry. It is called before the deed, so that nothing is done that cannot be
// recorded; after it only where the deed makes the object's id, and then its error is the answer.
// Whoever goes away meanwhile is recorded all the same.
func Record(ctx context.Context, log audit.Log, e audit.Entry) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordPatience)
	defer cancel()
	if err := log.Write(ctx, e); err != nil {
		return fmt.Errorf("record %s: %w", e.Action, err)
	}
	return nil
}

// RemoteHost is the address that a request came from, without a port, for the record. client tells
// it from behind trusted proxies, as shortlink.Proxies.Client does; where it knows none, it is that
// of the connection.
func RemoteHost(r *http.Request, client func(*http.Request) netip.Addr) string {
	if addr := client(r); addr.IsValid() {
		return addr.String()
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// RequestID names a request in answers, in the log and in the record.
func RequestID() string { return strings.ToLower(rand.Text()[:8]) }

// RuleHash names a rule in the record without telling its values.
func RuleHash(r segment.Rule) string { return Hash(string(r.JSON())) }

// Hash names a text in the record without telling it.
func Hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}
