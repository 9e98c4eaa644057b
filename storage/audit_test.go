package storage

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/internal/audit"
)

// TestAuditKeepsWhoDidWhat, with figures or without.
func TestAuditKeepsWhoDidWhat(t *testing.T) {
	t.Parallel()
	db := open(t)
	log := &Audit{db}
	at := time.Date(2026, 11, 23, 1, 2, 3, 0, time.UTC)
	for _, detail := range []map[string]any{{"format": "csv", "masked": true, "columns": []string{"id"}}, nil} {
		if err := log.Write(t.Context(), audit.Entry{At: at, StaffID: "7", StaffName: "周敏", Action: audit.Exported, Object: "audience", Detail: detail, IP: "192.0.2.1", Request: "r"}); err != nil {
			t.Fatal(err)
		}
	}
	var rows []struct {
		At                                           time.Time
		StaffID, StaffName, Action, Object, IP, Note string
	}
	if err := db.bun.NewRaw("SELECT at, staff_id, staff_name, action, object, ip, coalesce(detail::text, '') AS note FROM crm_audit ORDER BY id").Scan(t.Context(), &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) != 2 || !rows[0].At.Equal(at) || rows[0].StaffName != "周敏" || rows[0].Action != "audience.exported" || rows[0].IP != "192.0.2.1" || rows[1].Note != "" {
		t.Fatalf("%+v", rows)
	}
	var detail struct {
		Masked  bool
		Columns []string
	}
	if err := json.Unmarshal([]byte(rows[0].Note), &detail); err != nil || !detail.Masked || len(detail.Columns) != 1 {
		t.Errorf("%s, %v", rows[0].Note, err)
	}
}
