package hostadapter_test

import (
	"context"
	"testing"

	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
)

// plain hides what a host offers beyond what is required.
type plain struct{ hostadapter.HostAdapter }

// wrapper is plain, but says what it wraps.
type wrapper struct {
	plain
	inner hostadapter.HostAdapter
}

func (w wrapper) Unwrap() hostadapter.HostAdapter { return w.inner }

// counting is a wrapper with totals of its own.
type counting struct{ wrapper }

func (counting) Totals(context.Context) (hostadapter.Totals, error) {
	return hostadapter.Totals{Learners: 7}, nil
}

func wrap(h hostadapter.HostAdapter) wrapper { return wrapper{plain{h}, h} }

func TestCapabilitiesOf(t *testing.T) {
	t.Parallel()
	full := hosttest.NewMemory(hosttest.Seed{})
	for _, tc := range []struct {
		name    string
		host    hostadapter.HostAdapter
		offered bool
		total   int64
	}{
		{"no host", nil, false, 0},
		{"a host with all", full, true, 0},
		{"a host with the required", plain{full}, false, 0},
		{"wrapped", wrap(full), true, 0},
		{"wrapped twice", wrap(wrap(full)), true, 0},
		{"wrapped, nothing inside", wrap(plain{full}), false, 0},
		{"a wrapper around nothing", wrapper{}, false, 0},
		{"the outermost comes first", wrap(counting{wrap(full)}), true, 7},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := hostadapter.CapabilitiesOf(tc.host)
			for source, offered := range map[string]bool{
				"Memberships": c.Memberships != nil, "Activities": c.Activities != nil, "Consent": c.Consent != nil,
				"Totals": c.Totals != nil, "Links": c.Links != nil, "Directory": c.Directory != nil,
			} {
				if offered != tc.offered {
					t.Errorf("%s offered: %t", source, offered)
				}
			}
			if c.Totals == nil {
				return
			}
			if got, err := c.Totals.Totals(t.Context()); err != nil || got.Learners != tc.total {
				t.Errorf("totals: %+v, %v", got, err)
			}
		})
	}
}
