package storage

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// randomPeople gives everybody of a school a random fate: status, role, contacts of which few are
// to go round, consents of both kinds, suppressions, names, memberships and former messages.
func randomPeople(t *testing.T, s *sending, random *rand.Rand) {
	t.Helper()
	one := func(in int, yes, no string) string {
		if random.IntN(in) == 0 {
			return yes
		}
		return no
	}
	number := func() int { return random.IntN(60) }
	var people []int64
	if err := s.db.bun.NewRaw("SELECT id FROM crm_learners ORDER BY id").Scan(t.Context(), &people); err != nil {
		t.Fatal(err)
	}
	for _, id := range people {
		var mobile, email any
		if random.IntN(8) > 0 {
			mobile = fmt.Sprint(13900000000 + number())
		}
		if random.IntN(8) > 0 {
			email = fmt.Sprintf("p%d@example.com", number())
		}
		s.exec(t, `UPDATE crm_learners SET status = ?, marketable = ?, usable_mobile = ?, usable_email = ?, nickname = ?, real_name = ?,
			consent_sms = ?, consent_email = ?, consent_message = ?, own_sms = ?, own_email = ?, own_message = ? WHERE id = ?`,
			one(12, "locked", "active"), random.IntN(12) > 0, mobile, email, one(9, "", one(9, "\u3000 \u202E\t", "小林")), one(9, "", "王小明"),
			one(9, "denied", ""), one(9, "denied", "granted"), one(9, "denied", ""), one(9, "denied", "granted"), one(9, "denied", ""), one(9, "denied", ""), id)
		if random.IntN(5) > 0 {
			s.exec(t, `INSERT INTO crm_memberships (learner_id, host_id, level_id, level_name, rank, expires_at, deleted, content_hash, updated_at, written_at)
				VALUES (?, (SELECT host_id FROM crm_learners WHERE id = ?), '1', ?, 1, ?::timestamptz, ?, 0, now(), now())`,
				id, id, one(9, "", "年度会员"), orNull(map[bool]time.Time{true: s.now}[random.IntN(5) > 0]), random.IntN(9) == 0)
		}
		if state := []string{"", "", "accepted", "delivered", "unknown", "failed", "sending", "queued"}[random.IntN(8)]; state != "" {
			at, reason := s.now.Add(-time.Duration(1+random.IntN(13))*day), one(2, "broken", "")
			s.exec(t, `INSERT INTO crm_deliveries (campaign_id, ordinal, learner_id, chunk, state, reason, accepted_at, sending_at, direct, tries)
				VALUES (999, ?, ?, 0, ?, ?, ?, ?, ?, 1)`, id, id, state, reason, orNull(map[bool]time.Time{true: at}[state[0] <= 'd']), at, random.IntN(6) == 0)
		}
	}
	s.exec(t, "INSERT INTO crm_campaigns (id, key, name, channel, rule, content, state, by_id, by_name, launched_at) OVERRIDING SYSTEM VALUE VALUES (999, 'old', 'old', 'email', '{}', '{}', 'sending', '', '', now())")
	for _, ch := range []h.Channel{h.ChannelSMS, h.ChannelEmail} {
		for range 8 {
			contact := map[h.Channel]string{h.ChannelSMS: fmt.Sprint(13900000000 + number()), h.ChannelEmail: fmt.Sprintf("p%d@example.com", number())}[ch]
			if _, err := (&Campaigns{DB: s.db}).Suppress(t.Context(), []campaign.Suppression{{Channel: ch, Contact: contact, Reason: campaign.SuppressedImport, At: s.now}}, ""); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.exec(t, "UPDATE crm_campaigns SET state = 'done', done_at = ? WHERE id = 999", s.now.Add(-day))
}

// fate is a person as the second implementation reads them, without any of our conditions.
type fate struct {
	ID                                               int64
	Status                                           string
	Marketable                                       bool
	Contact, Host, Own, Nickname, RealName, Level, X string
	Member, Dead                                     bool
	Expires, Accepted, Sending                       bun.NullTime
	XReason                                          string
	XDirect                                          bool
}

// waterfall is DOMAIN §3 in plain Go.
func waterfall(people []fate, d campaign.Draft, needs []string, now time.Time) map[campaign.Exclusion][]int64 {
	out := map[campaign.Exclusion][]int64{}
	taken := map[string]bool{}
	cutoff := now.Add(-time.Duration(d.CapDays) * day)
	for _, p := range people {
		at := p.Accepted.Time
		if at.IsZero() {
			at = p.Sending.Time
		}
		reached := p.X == "accepted" || p.X == "delivered" || p.X == "unknown" || p.X == "queued" && p.XReason == "broken"
		lacks := slices.ContainsFunc(needs, func(name string) bool {
			switch name {
			case "nickname":
				return p.Nickname != "小林"
			case "real_name":
				return p.RealName == ""
			case "member_level":
				return !p.Member || p.Level == ""
			}
			return !p.Member || p.Expires.IsZero()
		})
		reason := campaign.Exclusion("")
		switch {
		case slices.Contains(d.Unticked, segment.PersonID(p.ID)):
			reason = campaign.Unticked
		case p.Status != "active":
			reason = campaign.NotActive
		case !p.Marketable:
			reason = campaign.NotLearner
		case p.Contact == "":
			reason = campaign.NoContact
		case taken[p.Contact]:
			reason = campaign.SameContact
		case p.Host == "denied" || p.Own == "denied":
			reason = campaign.NoConsent
		case p.Dead:
			reason = campaign.Suppressed
		case d.CapDays > 0 && reached && !p.XDirect && !at.Before(cutoff):
			reason = campaign.Contacted
		case lacks:
			reason = campaign.NoVariable
		case campaign.InControl(d.Key, segment.PersonID(p.ID), d.Control):
			reason = campaign.Control
		}
		if reason == "" || reason == campaign.Control {
			taken[p.Contact] = true
		}
		out[reason] = append(out[reason], p.ID)
	}
	return out
}

func fates(t *testing.T, s *sending, ch h.Channel) (people []fate) {
	t.Helper()
	contact, dead := "coalesce(l.host_id, '')", "false"
	switch ch {
	case h.ChannelSMS:
		contact = "coalesce(l.usable_mobile, '')"
	case h.ChannelEmail:
		contact = "coalesce(l.usable_email, '')"
	}
	if ch != h.ChannelMessage {
		dead = "EXISTS (SELECT FROM crm_suppressions s WHERE s.channel = '" + string(ch) + "' AND s.contact = " + contact + ")"
	}
	if err := s.db.bun.NewRaw(`SELECT l.id, l.status, l.marketable, `+contact+` AS contact, l.consent_`+string(ch)+` AS host, l.own_`+string(ch)+` AS own, l.nickname, l.real_name,
		coalesce(m.level_name, '') AS level, m.learner_id IS NOT NULL AS member, `+dead+` AS dead, m.expires_at AS expires, coalesce(x.state, '') AS x, coalesce(x.reason, '') AS x_reason,
		coalesce(x.direct, false) AS x_direct, x.accepted_at AS accepted, x.sending_at AS sending
		FROM crm_learners l LEFT JOIN crm_memberships m ON m.learner_id = l.id AND NOT m.deleted LEFT JOIN crm_deliveries x ON x.learner_id = l.id AND x.campaign_id = 999
		ORDER BY l.id`).Scan(t.Context(), &people); err != nil {
		t.Fatal(err)
	}
	return people
}

// TestWaterfall: dry run, lists, planning and a second implementation agree about random people.
func TestWaterfall(t *testing.T) {
	t.Parallel()
	s := newSending(t, reachable(300))
	random := rand.New(rand.NewPCG(2, 9))
	randomPeople(t, s, random)
	channels := map[h.Channel]line{}
	for _, ch := range []h.Channel{h.ChannelEmail, h.ChannelSMS, h.ChannelMessage} {
		channels[ch] = line{wire: s.wire, name: ch, traits: campaign.Traits{BatchSize: 100}}
	}
	s.serve(channels[h.ChannelEmail], channels[h.ChannelSMS], channels[h.ChannelMessage])
	all := segment.Group("all", segment.Condition("status", segment.OpNotIn, []string{"nothing"}, ""))
	met := map[campaign.Exclusion]bool{}
	for i, needs := range [][]string{nil, {"nickname"}, {"real_name"}, {"member_level"}, {"member_expires"}, {"nickname", "real_name", "member_level", "member_expires"}} {
		for ch, line := range channels {
			d := short(fmt.Sprint(ch, i), ch, all)
			if ch == h.ChannelEmail {
				d = mail(d.Key, all)
				d.Content.Subject = "下周开课"
				for _, name := range needs {
					d.Content.Subject += "{{ " + name + " }}"
				}
			} else {
				for _, name := range needs {
					d.Content.Text += "{{ " + name + " }}"
				}
			}
			d.CapDays, d.Control = []int{0, 5, 7, 13}[i%4], []int{20, 0, 5}[i%3]
			for range 1 + random.IntN(30) {
				d.Unticked = append(d.Unticked, segment.PersonID(1+random.IntN(300)))
			}
			want := waterfall(fates(t, s, ch), d, needs, s.now)
			checkWaterfall(t, s, d, line, want)
			for e := range want {
				met[e] = true
			}
		}
	}
	for _, e := range campaign.Exclusions() {
		if !met[e] {
			t.Errorf("nobody was ever excluded as %s", e)
		}
	}
}

func checkWaterfall(t *testing.T, s *sending, d campaign.Draft, line line, want map[campaign.Exclusion][]int64) {
	t.Helper()
	wantSum := campaign.Sum{Excluded: map[campaign.Exclusion]int64{}}
	for e, ids := range want {
		wantSum.Matched += int64(len(ids))
		if e == "" {
			wantSum.Sendable = int64(len(ids))
		} else {
			wantSum.Excluded[e] = int64(len(ids))
		}
	}
	sum, err := s.service.DryRun(t.Context(), d)
	if err != nil || sum.Matched != wantSum.Matched || sum.Sendable != wantSum.Sendable || !maps.Equal(sum.Excluded, wantSum.Excluded) {
		t.Errorf("%s: dry run says %+v, the text %+v, %v", d.Key, sum, wantSum, err)
	}
	for _, e := range append(campaign.Exclusions(), "") {
		var got []int64
		for after := ""; ; {
			rows, next, err := s.service.Sifted(t.Context(), d, e, after, 7)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				got = append(got, int64(r.Person))
			}
			if after = next; after == "" {
				break
			}
		}
		if !slices.Equal(got, want[e]) {
			t.Errorf("%s, %q: %v, want %v", d.Key, e, got, want[e])
		}
	}
	id := s.launchDraft(t, d)
	s.workPlan(t, s.senderOver("a", line))
	if r := s.result(t, id); r.Matched != wantSum.Matched || r.Sendable != wantSum.Sendable || !maps.Equal(r.Excluded, wantSum.Excluded) {
		t.Errorf("%s: planning says %+v, the text %+v", d.Key, r.Sum, wantSum)
	}
	if c := s.campaign(t, id); c.Promised.Matched != wantSum.Matched || !maps.Equal(c.Promised.Excluded, wantSum.Excluded) {
		t.Errorf("%s: promised %+v", d.Key, c.Promised)
	}
	if err := s.service.Cancel(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	s.work(t, s.senderOver("a", line))
}
