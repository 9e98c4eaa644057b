package desk

import (
	"strconv"

	"github.com/coursecrm/coursecrm/crm/dossier"
)

// EraseWord is what has to be typed before somebody's personal data is wiped: the host's id, which
// nobody types by mistake, and ours of a lead that no host knows.
func EraseWord(d dossier.Dossier) string {
	if d.HostID != "" {
		return string(d.HostID)
	}
	return strconv.FormatInt(int64(d.ID), 10)
}
