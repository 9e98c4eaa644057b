package desk_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/segment"
)

// TestSays compares a campaign with requests that came again: what a database changes of a draft
// makes no difference, what somebody typed does.
func TestSays(t *testing.T) {
	t.Parallel()
	rule := func(text string) (r segment.Rule) {
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	at := time.Date(2026, 11, 23, 20, 0, 0, 5, time.FixedZone("", 8*3600))
	draft := func(change func(*campaign.Draft)) campaign.Draft {
		d := campaign.Draft{Key: "K", Name: " One ", Channel: hostadapter.ChannelSMS, CapDays: 3, Content: campaign.Content{Text: "Hello", Subject: "of another channel"},
			Rule: rule(`{"field":"learner","op":"in","value":{"b":1,"aa":[2, 3]}}`), SendAt: at, ByID: "7", Template: campaign.TemplateRef{ID: 4, Version: 2}}
		change(&d)
		return d
	}
	c := campaign.Campaign{Name: "One", Channel: hostadapter.ChannelSMS, CapDays: 3, Content: campaign.Content{Text: "Hallo", Supplier: "s1"},
		Rule: rule(`{"op":"in","field":"learner","value":{"aa":[2,3],"b":1}}`), SendAt: at.UTC().Truncate(time.Microsecond), ByID: "7", Template: campaign.TemplateRef{ID: 4, Version: 1}}
	for name, tt := range map[string]struct {
		change func(*campaign.Draft)
		want   bool
	}{
		"the same":         {func(*campaign.Draft) {}, true},
		"another name":     {func(d *campaign.Draft) { d.Name = "Two" }, false},
		"another cap":      {func(d *campaign.Draft) { d.CapDays = 0 }, false},
		"another template": {func(d *campaign.Draft) { d.Template.ID = 5 }, false},
		"another time":     {func(d *campaign.Draft) { d.SendAt = at.Add(time.Hour) }, false},
		"other people":     {func(d *campaign.Draft) { d.Rule = rule(`{"all":[]}`) }, false},
	} {
		if got := desk.Says(c, draft(tt.change)); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
