// Package setting keeps what staff may change about the site while it runs: names, hours, bounds.
// What they choose lies over the host's configuration, value by value, and holds in every process
// within seconds.
package setting

import (
	"maps"
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
)

// Key names a value that staff may change. It is also the name of its field in a form.
type Key string

// Keys, in the order of the screens.
const (
	SiteName     Key = "site_name"
	SiteAddress  Key = "site_address"
	QuietSMS     Key = "quiet_sms"
	QuietEmail   Key = "quiet_email"
	QuietMessage Key = "quiet_message"
	CapDays      Key = "cap_days"
	LateAfter    Key = "late_after"
	LargeSend    Key = "large_send"
	SpendBounds  Key = "spend_bounds"
	KeepMonths   Key = "keep_months"
)

// Keys lists every key, in the order of the screens.
func Keys() []Key {
	return []Key{SiteName, SiteAddress, QuietSMS, QuietEmail, QuietMessage, CapDays, LateAfter, LargeSend, SpendBounds, KeepMonths}
}

// Channels are the channels that have quiet hours, with their keys.
func Channels() map[Key]h.Channel {
	return map[Key]h.Channel{QuietSMS: h.ChannelSMS, QuietEmail: h.ChannelEmail, QuietMessage: h.ChannelMessage}
}

// Limits of values.
const (
	MaxSiteName    = 100 // characters
	MaxSiteAddress = 200
	MaxLateAfter   = 7 * 24 * time.Hour
	MaxLargeSend   = 100_000_000
	MaxSpendBound  = 1_000_000_000_00 // minor units
	MaxKeepMonths  = 600
	// SpendBands is how many bounds part spenders: the page of figures has a colour for each.
	SpendBands = 3
)

// Values are the site's settings as they hold.
type Values struct {
	SiteName    string // the school's name, on pages and in messages; never empty
	SiteAddress string // the school's postal address, in the footer of mails; empty: none
	// Quiet are the hours of the day in which a channel hands nothing over. An absent channel has
	// none.
	Quiet     map[h.Channel]campaign.QuietHours
	CapDays   int           // of a new campaign: leave out who was contacted within so many days; 0: nobody
	LateAfter time.Duration // how late a scheduled campaign may begin without being asked; 0: any time
	LargeSend int64         // how many people may be sent to without the permission for more; 0: any number
	// SpendBounds part people by what they paid, in minor units, ascending.
	SpendBounds []int64
	KeepMonths  int // for how many whole months clicks are kept; 0: for ever
}

// Clone gives a copy that shares nothing.
func (v Values) Clone() Values {
	v.Quiet, v.SpendBounds = maps.Clone(v.Quiet), slices.Clone(v.SpendBounds)
	return v
}

// Change is a value that was changed, before and after, in a form that a record can hold.
type Change struct {
	Key      Key
	Old, New any
}

// Differences lists the values in which two differ, in the order of Keys.
func Differences(was, is Values) []Change {
	var out []Change
	for _, k := range Keys() {
		if before, after := was.Of(k), is.Of(k); !same(before, after) {
			out = append(out, Change{k, before, after})
		}
	}
	return out
}

// Of gives one value: a text, a whole number (minutes of LateAfter), hours as "21:00-08:00" (empty:
// none) or a list of whole numbers. nil: no such key.
func (v Values) Of(k Key) any {
	switch k {
	case SiteName:
		return v.SiteName
	case SiteAddress:
		return v.SiteAddress
	case QuietSMS, QuietEmail, QuietMessage:
		return hoursOf(v.Quiet[Channels()[k]]).String()
	case CapDays:
		return int64(v.CapDays)
	case LateAfter:
		return int64(v.LateAfter / time.Minute)
	case LargeSend:
		return v.LargeSend
	case SpendBounds:
		return v.SpendBounds
	case KeepMonths:
		return int64(v.KeepMonths)
	}
	return nil
}

func same(a, b any) bool {
	if list, ok := a.([]int64); ok {
		other, _ := b.([]int64)
		return slices.Equal(list, other)
	}
	return a == b
}
