package setting

import (
	"maps"
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
)

// Stored is what staff chose instead of the configuration's values, as it is kept. Nil: the
// configuration's value holds, also when it changes.
type Stored struct {
	Version int64 `json:"version"` // counts the saves; 0: nothing was saved yet

	SiteName    *string             `json:"site_name,omitempty"`
	SiteAddress *string             `json:"site_address,omitempty"`
	Quiet       map[h.Channel]Hours `json:"quiet,omitempty"`
	CapDays     *int                `json:"cap_days,omitempty"`
	LateMinutes *int                `json:"late_minutes,omitempty"`
	LargeSend   *int64              `json:"large_send,omitempty"`
	SpendBounds []int64             `json:"spend_bounds,omitempty"`
	KeepMonths  *int                `json:"keep_months,omitempty"`

	ByID   string    `json:"by_id,omitempty"` // who saved last
	ByName string    `json:"by_name,omitempty"`
	At     time.Time `json:"at,omitzero"`
}

// over lays what was chosen over the configuration's values.
func (s Stored) over(base Values) Values {
	out := base.Clone()
	replace(&out.SiteName, s.SiteName)
	replace(&out.SiteAddress, s.SiteAddress)
	replace(&out.CapDays, s.CapDays)
	replace(&out.LargeSend, s.LargeSend)
	replace(&out.KeepMonths, s.KeepMonths)
	if s.LateMinutes != nil {
		out.LateAfter = time.Duration(*s.LateMinutes) * time.Minute
	}
	if s.SpendBounds != nil {
		out.SpendBounds = slices.Clone(s.SpendBounds)
	}
	for ch, hours := range s.Quiet {
		if out.Quiet == nil {
			out.Quiet = map[h.Channel]campaign.QuietHours{}
		}
		out.Quiet[ch] = hours.quiet()
	}
	return out
}

// chosen keeps of values what differs from the configuration's.
func chosen(base, v Values) Stored {
	var out Stored
	for _, c := range Differences(base, v) {
		switch c.Key {
		case SiteName:
			out.SiteName = &v.SiteName
		case SiteAddress:
			out.SiteAddress = &v.SiteAddress
		case QuietSMS, QuietEmail, QuietMessage:
			if out.Quiet == nil {
				out.Quiet = map[h.Channel]Hours{}
			}
			ch := Channels()[c.Key]
			out.Quiet[ch] = hoursOf(v.Quiet[ch])
		case CapDays:
			out.CapDays = &v.CapDays
		case LateAfter:
			minutes := int(v.LateAfter / time.Minute)
			out.LateMinutes = &minutes
		case LargeSend:
			out.LargeSend = &v.LargeSend
		case SpendBounds:
			out.SpendBounds = slices.Clone(v.SpendBounds)
		case KeepMonths:
			out.KeepMonths = &v.KeepMonths
		}
	}
	return out
}

// Clone gives a copy that shares nothing that changes.
func (s Stored) Clone() Stored {
	s.Quiet, s.SpendBounds = maps.Clone(s.Quiet), slices.Clone(s.SpendBounds)
	return s
}

func replace[T any](value *T, with *T) {
	if with != nil {
		*value = *with
	}
}
