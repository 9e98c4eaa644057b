package campaign

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// noted keeps what is suppressed, and half of it knew it already.
type noted struct {
	ConsentStore
	list []Suppression
	by   string
}

func (n *noted) Suppress(_ context.Context, list []Suppression, byID string) (int, error) {
	n.list, n.by = list, byID
	return (len(list) + 1) / 2, nil
}

func TestSuppressionImport(t *testing.T) {
	t.Parallel()
	store, now := &noted{}, time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	clean := func(ch h.Channel, contact string) string {
		contact = strings.ToLower(strings.ReplaceAll(contact, "-", ""))
		if strings.HasPrefix(contact, "bad") || strings.HasSuffix(contact, "@") || ch == h.ChannelSMS && strings.Trim(contact, "0123456789") != "" {
			return ""
		}
		return contact
	}
	consents := NewConsents(store, nil, clean, func() time.Time { return now })
	got, err := consents.Import(t.Context(), "\uFEFFmobile\r\nA@x.example\r\n\r\n  138-0000-0000 , 王小明\n\"b@x.example\",2026\n a@X.example \nbad@x.example\nc@\n,\n13800000000", h.Staff{ID: "7"})
	want := Imported{New: 2, Known: 1, Wrong: []int{1, 7, 8}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	var list []string
	for _, x := range store.list {
		list = append(list, string(x.Channel)+" "+x.Contact)
		if x.Reason != SuppressedImport || !x.At.Equal(now) || x.Campaign != 0 {
			t.Errorf("%+v", x)
		}
	}
	if fmt.Sprint(list) != "[email a@x.example sms 13800000000 email b@x.example]" || store.by != "7" {
		t.Errorf("entered %v by %s", list, store.by)
	}
	for text, lines := range map[string]int{"": 0, "\n\n": 0, "\xff\x00": 0, strings.Repeat("x@x.example\n", MaxImport): 1} {
		if got, err := consents.Import(t.Context(), text, h.Staff{}); err != nil || got.New+got.Known != lines {
			t.Errorf("%.10q: %+v, %v", text, got.New, err)
		}
	}
	if _, err := consents.Import(t.Context(), strings.Repeat("\n", MaxImport+1), h.Staff{}); !errors.Is(err, fault.ErrInvalid) {
		t.Errorf("too many lines: %v", err)
	}
}
