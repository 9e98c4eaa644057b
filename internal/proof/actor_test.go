package proof

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/coursecrm/coursecrm/examples/academy/adapter"
	"github.com/coursecrm/coursecrm/hostadapter"
)

// actorHeader says as whom a test asks, instead of a login: "all view,export".
const actorHeader = "Proof-Staff"

// actors is the example school's adapter that believes actorHeader.
type actors struct{ *adapter.Adapter }

// Staff implements hostadapter.StaffAuthenticator.
func (a actors) Staff(r *http.Request) (hostadapter.Staff, error) {
	line := r.Header.Get(actorHeader)
	if line == "" {
		return a.Adapter.Staff(r)
	}
	scope, names, _ := strings.Cut(line, " ")
	staff := hostadapter.Staff{ID: "1", Name: "钱经理", Scope: hostadapter.Scope(scope)}
	if scope == "none" {
		staff.Scope = hostadapter.ScopeNone
	}
	for name := range strings.SplitSeq(names, ",") {
		if name != "" {
			staff.Permissions = append(staff.Permissions, hostadapter.Permission(name))
		}
	}
	return staff, nil
}

// actor writes the header's value.
func actor(scope hostadapter.Scope, permissions ...hostadapter.Permission) string {
	names := make([]string, len(permissions))
	for i, p := range permissions {
		names[i] = string(p)
	}
	if scope == hostadapter.ScopeNone {
		scope = "none"
	}
	return fmt.Sprintf("%s %s", scope, strings.Join(names, ","))
}
