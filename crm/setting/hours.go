package setting

import (
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
)

// Hours are quiet hours to the minute, as they are stored and typed. Start and End alike: none.
type Hours struct {
	Start int `json:"start"` // minutes since midnight
	End   int `json:"end"`
}

func hoursOf(q campaign.QuietHours) Hours {
	return Hours{int(q.Start / time.Minute), int(q.End / time.Minute)}
}

func (x Hours) quiet() campaign.QuietHours {
	return campaign.QuietHours{Start: time.Duration(x.Start) * time.Minute, End: time.Duration(x.End) * time.Minute}
}

// String is "21:00-08:00", and empty for no hours.
func (x Hours) String() string {
	if x.Start == x.End {
		return ""
	}
	return fmt.Sprintf("%02d:%02d-%02d:%02d", x.Start/60, x.Start%60, x.End/60, x.End%60)
}
