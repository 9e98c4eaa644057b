package desk

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
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

// RemoteHost is an address without its port.
func RemoteHost(addr string) string {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
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
