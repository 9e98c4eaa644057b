package campaign

import (
	"crypto/md5" //nolint:gosec // spreads people evenly; it keeps no secret
	"encoding/binary"
	"strconv"

	"github.com/coursecrm/coursecrm/segment"
)

// controlSteps is how finely the control group is drawn: hundredths of a percent.
const controlSteps = 10_000

// InControl reports whether a person is held back from the campaign with this key. The group is
// drawn by a hash of campaign and person: the same on every computation, and independent between
// campaigns. Keys are random, so nobody can tell beforehand. storage draws it the same way in SQL.
func InControl(key string, p segment.PersonID, percent int) bool {
	sum := md5.Sum([]byte(key + ":" + strconv.FormatInt(int64(p), 10))) //nolint:gosec // see above
	return binary.BigEndian.Uint32(sum[:4])>>1%controlSteps < uint32(percent*controlSteps/100)
}
