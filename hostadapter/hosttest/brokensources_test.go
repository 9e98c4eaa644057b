package hosttest

import (
	"context"
	"net/http"
	"testing"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// Hosts that are broken elsewhere than in their orders: what only one kind of row can get wrong,
// and the sources that are not feeds.

type localBirthdays struct{ *Memory }

func (b localBirthdays) Learners(ctx context.Context, after h.Cursor, limit int) (h.Page[h.Learner], error) {
	p, err := b.Memory.Learners(ctx, after, limit)
	for i := range p.Items {
		if at := &p.Items[i].Birthday; !at.IsZero() {
			*at = at.Add(-8 * time.Hour) // midnight in Shanghai, told in UTC
		}
	}
	return p, err
}

type closedAccountsAlive struct{ *Memory }

func (b closedAccountsAlive) Learners(ctx context.Context, after h.Cursor, limit int) (h.Page[h.Learner], error) {
	p, err := b.Memory.Learners(ctx, after, limit)
	for i := range p.Items {
		if p.Items[i].Status == h.LearnerDeleted {
			p.Items[i].Status = h.LearnerActive
		}
	}
	return p, err
}

// cursorWithoutType makes one cursor for course 1 and classroom 1.
type cursorWithoutType struct{ *Memory }

func (b cursorWithoutType) Offerings(ctx context.Context, after h.Cursor, limit int) (h.Page[h.Offering], error) {
	p, err := b.Memory.Offerings(ctx, after, limit)
	if n := len(p.Items); err == nil && n > 0 {
		last := p.Items[n-1]
		p.Next = seal(0, h.CursorAt(last.UpdatedAt, last.ID+"\x01"))
	}
	return p, err
}

type neverIs2038 struct{ *Memory }

func (b neverIs2038) Enrollments(ctx context.Context, after h.Cursor, limit int) (h.Page[h.Enrollment], error) {
	p, err := b.Memory.Enrollments(ctx, after, limit)
	for i := range p.Items {
		if at := &p.Items[i].ExpiresAt; at.IsZero() {
			*at = time.Unix(2147483647, 0).UTC()
		}
	}
	return p, err
}

type teachersAreStudents struct{ *Memory }

func (b teachersAreStudents) Enrollments(ctx context.Context, after h.Cursor, limit int) (h.Page[h.Enrollment], error) {
	p, err := b.Memory.Enrollments(ctx, after, limit)
	for i := range p.Items {
		p.Items[i].Role = h.EnrolledStudent
	}
	return p, err
}

type noLevels struct{ *Memory }

func (b noLevels) Memberships(ctx context.Context, after h.Cursor, limit int) (h.Page[h.Membership], error) {
	p, err := b.Memory.Memberships(ctx, after, limit)
	for i := range p.Items {
		p.Items[i].LevelID = ""
	}
	return p, err
}

// visitorsFed feeds page views that nobody is known for.
type visitorsFed struct{ *Memory }

func (b visitorsFed) Activities(ctx context.Context, after h.Cursor, limit int) (h.Page[h.Activity], error) {
	p, err := b.Memory.Activities(ctx, after, limit)
	for i := range p.Items {
		if p.Items[i].Type == h.ActivityLogin {
			p.Items[i].LearnerID = ""
		}
	}
	return p, err
}

type noMeansNo struct{ *Memory }

func (b noMeansNo) Consents(ctx context.Context, ids []h.LearnerID) (map[h.LearnerID]h.Consent, error) {
	answer, err := b.Memory.Consents(ctx, ids)
	for _, id := range ids {
		if err == nil && answer[id] == nil {
			answer[id] = h.Consent{h.ChannelSMS: h.ConsentDenied}
		}
	}
	return answer, err
}

type tellsOfAll struct{ *Memory }

func (b tellsOfAll) Consents(ctx context.Context, _ []h.LearnerID) (map[h.LearnerID]h.Consent, error) {
	return b.Memory.Consents(ctx, []h.LearnerID{"38", "39", "40"})
}

type deafConsents struct{ *Memory }

func (b deafConsents) Consents(_ context.Context, ids []h.LearnerID) (map[h.LearnerID]h.Consent, error) {
	return b.Memory.Consents(context.Background(), ids)
}

type totalsOf struct {
	*Memory
	n int64
}

func (b totalsOf) Totals(context.Context) (h.Totals, error) { return h.Totals{Orders: b.n}, nil }

type scriptLinks struct{ *Memory }

func (scriptLinks) LearnerURL(h.LearnerID) string { return "javascript:alert(1)" }

type bareLinks struct{ *Memory }

func (bareLinks) OfferingURL(t h.Target) string { return "course/" + t.ID }

type everybodyIsStaff struct{ *Memory }

func (everybodyIsStaff) Staff(*http.Request) (h.Staff, error) {
	return h.Staff{ID: "1", Permissions: h.AllPermissions()}, nil
}

type staffPanics struct{ *Memory }

func (staffPanics) Staff(r *http.Request) (h.Staff, error) {
	c, _ := r.Cookie("session")
	return h.Staff{ID: c.Value}, nil
}

func TestBrokenSourcesFail(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]struct {
		within, check string
		host          func(*Memory) h.HostAdapter
	}{
		"birthdays in local time":     {"Learners/", "times are UTC", func(m *Memory) h.HostAdapter { return localBirthdays{m} }},
		"closed accounts alive":       {"Learners/", "tombstones are fed", func(m *Memory) h.HostAdapter { return closedAccountsAlive{m} }},
		"cursor without type":         {"Offerings/", once, func(m *Memory) h.HostAdapter { return cursorWithoutType{m} }},
		"never is 2038":               {"Enrollments/", "times are UTC", func(m *Memory) h.HostAdapter { return neverIs2038{m} }},
		"teachers are students":       {"Enrollments/", "rows are those of the seed", func(m *Memory) h.HostAdapter { return teachersAreStudents{m} }},
		"membership without level":    {"Memberships/", "required fields are set", func(m *Memory) h.HostAdapter { return noLevels{m} }},
		"visitors fed":                {"Activities/", "required fields are set", func(m *Memory) h.HostAdapter { return visitorsFed{m} }},
		"silence is a no":             {"Consents/", "what learners said", func(m *Memory) h.HostAdapter { return noMeansNo{m} }},
		"tells of all":                {"Consents/", "nobody asked for", func(m *Memory) h.HostAdapter { return tellsOfAll{m} }},
		"consents ignore the context": {"Consents/", "cancelled context", func(m *Memory) h.HostAdapter { return deafConsents{m} }},
		"negative total":              {"Totals/", "about the number of rows", func(m *Memory) h.HostAdapter { return totalsOf{m, -1} }},
		"total far off":               {"Totals/", "about the number of rows", func(m *Memory) h.HostAdapter { return totalsOf{m, 5000} }},
		"script in a link":            {"Links/", "addresses", func(m *Memory) h.HostAdapter { return scriptLinks{m} }},
		"relative link":               {"Links/", "addresses", func(m *Memory) h.HostAdapter { return bareLinks{m} }},
		"everybody is staff":          {"Staff/", "nobody is logged in", func(m *Memory) h.HostAdapter { return everybodyIsStaff{m} }},
		"panic without a session":     {"Staff/", "nobody is logged in", func(m *Memory) h.HostAdapter { return staffPanics{m} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expectFailure(t, broken.within, broken.within+broken.check, func(seed Seed) h.HostAdapter {
				return broken.host(NewMemory(seed))
			})
		})
	}
}
