package storage

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/coursecrm/coursecrm/internal/audit"
)

// Audit implements audit.Log.
type Audit struct{ *DB }

// Write implements audit.Log.
func (a *Audit) Write(ctx context.Context, e audit.Entry) error {
	var detail any
	if e.Detail != nil {
		text, err := json.Marshal(e.Detail)
		if err != nil {
			return fmt.Errorf("detail of %s: %w", e.Action, err)
		}
		detail = string(text)
	}
	_, err := a.bun.NewRaw(`INSERT INTO crm_audit (at, staff_id, staff_name, action, object, detail, ip, request) VALUES (?, ?, ?, ?, ?, ?::jsonb, ?, ?)`,
		e.At, e.StaffID, e.StaffName, string(e.Action), e.Object, detail, e.IP, e.Request).Exec(ctx)
	return translate(err)
}
