package desk

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/segment"
)

// LaunchDetail is what the record says of a launch.
func LaunchDetail(ch hostadapter.Channel, r segment.Rule, sum campaign.Sum) map[string]any {
	return map[string]any{"channel": ch, "rule": RuleHash(r), "people": sum.Sendable}
}

// recordPage is how many entries are looked through at once.
const recordPage = 100

// Unrecorded reports whether what somebody made at a moment is missing from the record. What makes a
// thing is recorded after it, when its id is known; whoever sends the request once more, because
// that failed, asks here.
func Unrecorded(ctx context.Context, record audit.Reader, staffID string, action audit.Action, object string, made time.Time) (bool, error) {
	ask := audit.Query{StaffID: staffID, Action: action, From: made.Add(-recordPatience)} // clocks differ
	for before := int64(0); ; {
		lines, next, err := record.Entries(ctx, ask, before, recordPage)
		if err != nil {
			return false, fmt.Errorf("look for the record of %s: %w", action, err)
		}
		if slices.ContainsFunc(lines, func(l audit.Line) bool { return l.Object == object }) {
			return false, nil
		}
		if before = next; next == 0 {
			return true, nil
		}
	}
}
