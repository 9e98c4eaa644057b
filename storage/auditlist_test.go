package storage

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/internal/audit"
)

func TestRecordIsRead(t *testing.T) {
	t.Parallel()
	a := &Audit{open(t)}
	if people, err := a.People(t.Context(), 10); err != nil || len(people) != 0 {
		t.Fatalf("nobody yet: %v, %v", people, err)
	}
	at := time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC)
	for i := range 25 {
		e := audit.Entry{At: at.Add(time.Duration(i) * time.Hour), StaffID: fmt.Sprint(i % 3), StaffName: fmt.Sprintf("n%d", i), Action: audit.QuerySaved, Object: fmt.Sprintf("query:%d", i)}
		if i%5 == 0 {
			e.Action, e.Detail, e.IP, e.Request = audit.SettingsChanged, map[string]any{"cap_days": map[string]any{"old": 7.0, "new": 3.0}}, "203.0.113.9", "abc"
		}
		if err := a.Write(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	if people, err := a.People(t.Context(), 10); err != nil || !reflect.DeepEqual(people, []audit.Person{{ID: "0", Name: "n24"}, {ID: "1", Name: "n22"}, {ID: "2", Name: "n23"}}) {
		t.Errorf("people: %v, %v", people, err)
	}
	if people, err := a.People(t.Context(), 2); err != nil || len(people) != 2 {
		t.Errorf("two people: %v, %v", people, err)
	}
	for _, tt := range []struct {
		name string
		q    audit.Query
		want int
	}{
		{"all", audit.Query{}, 25}, {"of one", audit.Query{StaffID: "1"}, 8}, {"of nobody", audit.Query{StaffID: "x"}, 0},
		{"settings", audit.Query{Action: audit.SettingsChanged}, 5},
		{"of one, settings", audit.Query{StaffID: "0", Action: audit.SettingsChanged}, 2},
		{"from", audit.Query{From: at.Add(20 * time.Hour)}, 5}, {"until", audit.Query{Until: at.Add(20 * time.Hour)}, 20},
		{"between", audit.Query{From: at.Add(time.Hour), Until: at.Add(3 * time.Hour), StaffID: "1"}, 1},
	} {
		n, before, last := 0, int64(0), int64(1<<62)
		for {
			page, next, err := a.Entries(t.Context(), tt.q, before, 4)
			if err != nil || len(page) > 4 {
				t.Fatalf("%s: %d entries, %v", tt.name, len(page), err)
			}
			for _, l := range page {
				if n++; l.ID >= last {
					t.Errorf("%s: entry %d after %d", tt.name, l.ID, last)
				}
				last = l.ID
			}
			if before = next; next == 0 {
				break
			}
		}
		if n != tt.want {
			t.Errorf("%s: %d entries, want %d", tt.name, n, tt.want)
		}
		for most, want := range map[int]int{100: tt.want, 3: min(tt.want, 3)} {
			if n, err := a.Count(t.Context(), tt.q, most); err != nil || n != want {
				t.Errorf("%s: %d counted up to %d, want %d, %v", tt.name, n, most, want, err)
			}
		}
	}
	page, _, err := a.Entries(t.Context(), audit.Query{Until: at.Add(time.Hour)}, 0, 1)
	want := audit.Entry{At: at, StaffID: "0", StaffName: "n0", Action: audit.SettingsChanged, Object: "query:0", IP: "203.0.113.9", Request: "abc",
		Detail: map[string]any{"cap_days": map[string]any{"old": 7.0, "new": 3.0}}}
	if err != nil || len(page) != 1 || !reflect.DeepEqual(page[0].Entry, want) {
		t.Errorf("%+v, %v", page, err)
	}
}
