package hosttest

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/coursecrm/coursecrm/hostadapter"
)

// Names of the checks of each source that is not a feed.
var (
	consentRules = []string{"what learners said", "nobody asked for", "cancelled context"}
	totalsRules  = []string{"about the number of rows"}
	linkRules    = []string{"addresses"}
	staffRules   = []string{"nobody is logged in"}
)

func checkConsents(t reporter, opts Options, host hostadapter.HostAdapter, seed Seed) {
	t.Helper()
	source := hostadapter.CapabilitiesOf(host).Consent
	ask := func(ctx context.Context, ids ...hostadapter.LearnerID) (map[hostadapter.LearnerID]hostadapter.Consent, error) {
		return guard(func() (map[hostadapter.LearnerID]hostadapter.Consent, error) { return source.Consents(ctx, ids) })
	}
	opts.group(t, "Consents", "ConsentSource", source != nil, func(t reporter) {
		t.Helper()
		opts.rule(t, "Consents", consentRules[0], func(t reporter) {
			t.Helper()
			var ids []hostadapter.LearnerID
			for _, l := range seed.Learners {
				ids = append(ids, l.ID)
			}
			answer, err := ask(context.Background(), ids...)
			if err != nil {
				t.Fatalf("%v", err)
			}
			for _, l := range seed.Learners {
				compareConsent(t, opts, l, answer[l.ID])
			}
		})
		opts.rule(t, "Consents", consentRules[1], func(t reporter) {
			t.Helper()
			answer, err := ask(context.Background())
			if err != nil || len(answer) > 0 {
				t.Errorf("asked about nobody: got %d answers, error %v", len(answer), err)
			}
			if len(seed.Learners) > 1 {
				only := seed.Learners[0].ID
				answer, err = ask(context.Background(), only)
				for id := range answer {
					if id != only {
						t.Errorf("asked about %s: got an answer about %s", only, id)
					}
				}
				if err != nil {
					t.Errorf("asked about %s: %v", only, err)
				}
			}
		})
		opts.rule(t, "Consents", consentRules[2], func(t reporter) {
			t.Helper()
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			if _, err := ask(ctx, "1"); !errors.Is(err, ctx.Err()) {
				t.Errorf("got error %v, want the context's own", err)
			}
		})
	})
}

// compareConsent holds the answer against the seed. A channel that the learner said nothing
// about is unknown: a yes or a no made up for it is wrong either way.
func compareConsent(t reporter, opts Options, l hostadapter.Learner, got hostadapter.Consent) {
	t.Helper()
	var found findings
	consentWords(got, &found)
	for _, f := range found {
		t.Errorf("%s: %s", l.ID, f)
	}
	if opts.ignores("Learner.Consent") || l.Deleted || l.Status == hostadapter.LearnerDeleted {
		return
	}
	for _, channel := range []hostadapter.Channel{hostadapter.ChannelSMS, hostadapter.ChannelEmail, hostadapter.ChannelMessage} {
		if got[channel] != l.Consent[channel] {
			t.Errorf("%s: consent for %s: got %q, want %q (empty is unknown)", l.ID, channel, got[channel], l.Consent[channel])
		}
	}
}

func checkTotals(t reporter, opts Options, host hostadapter.HostAdapter) {
	t.Helper()
	offered := hostadapter.CapabilitiesOf(host)
	opts.group(t, "Totals", "TotalsSource", offered.Totals != nil, func(t reporter) {
		t.Helper()
		opts.rule(t, "Totals", totalsRules[0], func(t reporter) {
			t.Helper()
			ctx := context.Background()
			totals, err := guard(func() (hostadapter.Totals, error) { return offered.Totals.Totals(ctx) })
			if err != nil {
				t.Fatalf("%v", err)
			}
			about(t, "Learners", totals.Learners, count(ctx, host.Learners))
			about(t, "Offerings", totals.Offerings, count(ctx, host.Offerings))
			about(t, "Orders", totals.Orders, count(ctx, host.Orders))
			about(t, "Enrollments", totals.Enrollments, count(ctx, host.Enrollments))
			if offered.Memberships != nil {
				about(t, "Memberships", totals.Memberships, count(ctx, offered.Memberships.Memberships))
			}
			if offered.Activities != nil {
				about(t, "Activities", totals.Activities, count(ctx, offered.Activities.Activities))
			}
		})
	})
}

// count reads a feed to its end. It is negative when the feed fails, which is for others to say.
func count[T any](ctx context.Context, feed func(context.Context, hostadapter.Cursor, int) (hostadapter.Page[T], error)) int64 {
	rows := int64(0)
	_, err := guard(func() (any, error) {
		for _, err := range hostadapter.All(ctx, feed) {
			if err != nil {
				return nil, err
			}
			rows++
		}
		return nil, nil
	})
	if err != nil {
		return -1
	}
	return rows
}

// about lets an estimate be wrong by half and by ten, and lets it be absent.
func about(t reporter, feed string, total, rows int64) {
	t.Helper()
	if total < 0 || total > 0 && rows >= 0 && (total < rows/2-10 || total > rows*2+10) {
		t.Errorf("%s: got %d, the feed has %d rows (0 is not known)", feed, total, rows)
	}
}

func checkLinks(t reporter, opts Options, host hostadapter.HostAdapter, seed Seed) {
	t.Helper()
	links := hostadapter.CapabilitiesOf(host).Links
	opts.group(t, "Links", "LinkSource", links != nil, func(t reporter) {
		t.Helper()
		opts.rule(t, "Links", linkRules[0], func(t reporter) {
			t.Helper()
			for _, l := range seed.Learners {
				address(t, "learner "+string(l.ID), func() string { return links.LearnerURL(l.ID) })
			}
			for _, o := range seed.Offerings {
				address(t, string(o.Type)+" "+o.ID, func() string {
					return links.OfferingURL(hostadapter.Target{Type: o.Type, ID: o.ID})
				})
			}
			address(t, "an offering that is not there", func() string { return links.OfferingURL(hostadapter.Target{}) })
		})
	})
}

// address wants what a browser may follow from the CRM's pages, or nothing.
func address(t reporter, of string, link func() string) {
	t.Helper()
	text, err := guard(func() (string, error) { return link(), nil })
	if err != nil {
		t.Fatalf("%s: %v", of, err)
	}
	if u, err := url.Parse(text); text != "" &&
		(err != nil || !slices.Contains([]string{"http", "https", ""}, u.Scheme) || u.Scheme == "" && !strings.HasPrefix(text, "/")) {
		t.Errorf("%s: %q is not an http(s) address nor an absolute path", of, text)
	}
}

func checkStaff(t reporter, opts Options, host hostadapter.HostAdapter) {
	t.Helper()
	opts.group(t, "Staff", "StaffAuthenticator", true, func(t reporter) {
		t.Helper()
		opts.rule(t, "Staff", staffRules[0], func(t reporter) {
			t.Helper()
			r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://academy.example/crm/", nil)
			if err != nil {
				t.Fatalf("%v", err)
			}
			r.RequestURI, r.RemoteAddr = "/crm/", "192.0.2.1:1234"
			staff, err := guard(func() (hostadapter.Staff, error) { return host.Staff(r) })
			if !errors.Is(err, hostadapter.ErrUnauthenticated) {
				t.Errorf("a request without a session: got %q, error %v; want ErrUnauthenticated", staff.ID, err)
			}
		})
	})
}
