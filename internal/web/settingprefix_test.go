package web

import (
	"fmt"

	"github.com/coursecrm/coursecrm/crm/setting"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
)

// settingPrefixes adds the words of the pages of settings.
func settingPrefixes(out map[string][]string) {
	channels := []string{string(h.ChannelSMS), string(h.ChannelEmail), string(h.ChannelMessage)}
	out["nav"] = append(out["nav"], "settings")
	out["setting.part"] = append(settingParts(), "sync")
	out["setting.field"], out["setting.hint"] = settingFields(), settingFields()
	for i := range setting.SpendBands {
		out["setting.bound_no"] = append(out["setting.bound_no"], fmt.Sprint(i))
	}
	out["setting.fact"], out["setting.channel"] = settingFactWords(), channelFactWords()
	out["setting.off_why"], out["setting.receipts"] = channels, []string{"yes", "no"}
	out["scope"], out["perm"], out["perm.why"] = staffScopes(), words(h.AllPermissions()), words(h.AllPermissions())
	out["audit.action"], out["audit.column"] = words(audit.Actions()), auditColumns()
	out["health.state"], out["health.check"], out["health.job"] = []string{"good", "warn", "bad"}, healthWords(), knownJobs()
}
