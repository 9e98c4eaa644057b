package web

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/coursecrm/coursecrm/internal/audit"
)

// auditTimeout bounds the wait for an entry to be written.
const auditTimeout = 10 * time.Second

// record writes who did what to the record. It is called before the deed, so that nothing is done
// that cannot be recorded; after it only where the deed makes the object's id, and then its error
// is the answer. Whoever goes away meanwhile is recorded all the same.
func (w *Web) record(q *request, action audit.Action, object string, detail map[string]any) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(q.ctx()), auditTimeout)
	defer cancel()
	err := w.Audit.Write(ctx, audit.Entry{At: w.Now(), StaffID: q.staff.ID, StaffName: q.staff.Name, Action: action,
		Object: object, Detail: detail, IP: remoteHost(q.r.RemoteAddr), Request: q.id})
	if err != nil {
		return fmt.Errorf("record %s: %w", action, err)
	}
	return nil
}

// remoteHost is an address without its port.
func remoteHost(addr string) string {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	return host
}
