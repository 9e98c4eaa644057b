package hosttest

import (
	"context"
	"net/http"
	"net/url"

	"github.com/coursecrm/coursecrm/hostadapter"
)

// Consents implements [hostadapter.ConsentSource] with the learners' own Consent. A learner who
// is not there, is deleted or said nothing is absent.
func (m *Memory) Consents(ctx context.Context, ids []hostadapter.LearnerID) (map[hostadapter.LearnerID]hostadapter.Consent, error) {
	if err := m.enter(ctx, CallConsents); err != nil {
		return nil, err
	}
	answer := make(map[hostadapter.LearnerID]hostadapter.Consent)
	for _, id := range ids {
		if l, ok := m.learners.get(string(id)); ok && len(l.Consent) > 0 {
			answer[id] = l.Consent
		}
	}
	return answer, nil
}

// Totals implements [hostadapter.TotalsSource]; tombstones count, since they are fed.
func (m *Memory) Totals(ctx context.Context) (hostadapter.Totals, error) {
	if err := m.enter(ctx, CallTotals); err != nil {
		return hostadapter.Totals{}, err
	}
	return hostadapter.Totals{
		Learners:    m.learners.len(),
		Offerings:   m.offerings.len(),
		Orders:      m.orders.len(),
		Enrollments: m.enrollments.len(),
		Memberships: m.memberships.len(),
		Activities:  m.activities.len(),
	}, nil
}

// LearnerURL implements [hostadapter.LinkSource].
func (m *Memory) LearnerURL(id hostadapter.LearnerID) string {
	if l, ok := m.learners.get(string(id)); !ok || l.Deleted {
		return ""
	}
	return "https://academy.example/user/" + url.PathEscape(string(id))
}

// OfferingURL implements [hostadapter.LinkSource].
func (m *Memory) OfferingURL(t hostadapter.Target) string {
	if o, ok := m.offerings.get(offeringKey(t)); !ok || o.Deleted {
		return ""
	}
	return "https://academy.example/" + string(t.Type) + "/" + url.PathEscape(t.ID)
}

// SetStaff says who is behind a request; nil means nobody, which is also the default.
func (m *Memory) SetStaff(who func(*http.Request) (hostadapter.Staff, error)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.staff = who
}

// StaffAlways is for SetStaff: every request comes from who.
func StaffAlways(who hostadapter.Staff) func(*http.Request) (hostadapter.Staff, error) {
	return func(*http.Request) (hostadapter.Staff, error) { return who, nil }
}

// Staff implements [hostadapter.StaffAuthenticator]; see SetStaff.
func (m *Memory) Staff(r *http.Request) (hostadapter.Staff, error) {
	m.mu.Lock()
	who := m.staff
	m.mu.Unlock()
	if who == nil {
		return hostadapter.Staff{}, hostadapter.ErrUnauthenticated
	}
	return who(r)
}

// StaffMembers implements [hostadapter.StaffDirectory]: one owner and one who may only look.
func (m *Memory) StaffMembers(ctx context.Context) ([]hostadapter.Staff, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return []hostadapter.Staff{
		{ID: "1", Name: "教务王老师", Permissions: hostadapter.AllPermissions(), Scope: hostadapter.ScopeAll},
		{ID: "2", Name: "助教小李", Permissions: []hostadapter.Permission{hostadapter.PermView}, Scope: hostadapter.ScopeAll},
	}, nil
}
