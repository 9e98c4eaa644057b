package proof

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/campaign/email"
	"github.com/coursecrm/coursecrm/campaign/message"
	"github.com/coursecrm/coursecrm/campaign/sms"
	"github.com/coursecrm/coursecrm/crm"
	"github.com/coursecrm/coursecrm/examples/academy/adapter"
	"github.com/coursecrm/coursecrm/examples/academy/gateway"
	"github.com/coursecrm/coursecrm/examples/academy/school"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/internal/devstack"
	"github.com/coursecrm/coursecrm/internal/pgtest"
	"github.com/coursecrm/coursecrm/internal/projection"
	"github.com/coursecrm/coursecrm/segment"
	"github.com/coursecrm/coursecrm/storage"
)

// flight is a campaign over one channel, with servers and a far end of its own.
type flight struct {
	channel h.Channel
	server  *devstack.Postgres
	redis   *devstack.Redis
	pool    *sql.DB
	stores  *storage.Campaigns
	service *campaign.Service
	id      campaign.ID
	box     *mailbox         // e-mail
	mail    string           // its address
	gate    *gateway.Gateway // SMS
	far     *sql.DB          // where SMS or private messages are counted
	env     []string         // what workers are told
}

// takeOff fills the projection and launches a campaign to everybody.
func takeOff(t *testing.T, channel h.Channel, people int) *flight {
	t.Helper()
	f := &flight{channel: channel, server: pgtest.Server(t), redis: pgtest.RedisServer(t)}
	var db *storage.DB
	f.pool, db = schema(t, f.server.URL(), "crm")
	f.stores = &storage.Campaigns{DB: db, Currency: "CNY"}
	f.box, f.mail = startMailbox(t)
	var host h.HostAdapter = hosttest.NewMemory(crowdOf(people))
	draft := campaign.Draft{Key: "k", Name: "kill", Channel: channel, Rule: segment.Everyone(), ByID: "1", Fill: campaign.Fill{Link: "https://learn.example/"}}
	var way campaign.Channel
	switch channel {
	case h.ChannelEmail:
		mail, err := email.New(email.Config{Addr: f.mail, From: "hello@mail.example.com", TLS: email.TLSNone})
		if err != nil {
			t.Fatal(err)
		}
		way = mail
		draft.Content = campaign.Content{Subject: "{{ 用户名 | default: '同学' }}", Blocks: []campaign.Block{{Kind: campaign.BlockText, Text: "看看 {{ 链接 }}"}}}
	case h.ChannelSMS:
		supplier := f.openGateway(t)
		way = sms.New(supplier)
		draft.Content.Text = "{{ 用户名 }}您好，看看 {{ 链接 }} 拒收请回复R"
		var err error
		if draft.Content.Supplier, err = supplier.Submit(t.Context(), h.SMSTemplate{Key: "t1.1", Name: "proof", Text: campaign.SupplierText(draft.Content)}); err != nil {
			t.Fatal(err)
		}
		waitFor(t, time.Minute, "template is approved", func() bool {
			answers, err := supplier.Approvals(t.Context(), []string{draft.Content.Supplier})
			return err == nil && answers[draft.Content.Supplier].State == h.ApprovalApproved
		})
	case h.ChannelMessage:
		fillSchool(t, f.server.URL(), people)
		schoolDB, err := school.Open(t.Context(), f.server.URL(), schoolSchema)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { schoolDB.Close() })
		academy := adapter.New(school.New(schoolDB, nil))
		host, f.far, way = academy, schoolDB, message.New(academy)
		senders, err := academy.MessageSenders(t.Context())
		if err != nil || len(senders) == 0 {
			t.Fatal(senders, err)
		}
		draft.Content = campaign.Content{Text: "{{ 用户名 | default: '同学' }}，看看 {{ 链接 }}", From: senders[0].ID}
		f.env = []string{envSchool + "=1"}
	}
	syncAll(t, db, host)
	f.serve(t, db, way)
	id, err := f.service.Launch(t.Context(), draft, h.Staff{ID: "1"})
	if err != nil {
		t.Fatal(err)
	}
	f.id = id
	return f
}

// crowdOf makes people who can be reached by mail and phone. Of ten thousand one number does not
// exist.
func crowdOf(people int) hosttest.Seed {
	var rows hosttest.Seed
	at := time.Now().UTC().Add(-time.Hour).Truncate(time.Second)
	for i := range people {
		rows.Learners = append(rows.Learners, h.Learner{ID: h.LearnerID(fmt.Sprint(i)), Nickname: fmt.Sprint("u", i), Email: fmt.Sprintf("u%d@example.com", i),
			Mobile: fmt.Sprintf("138%08d", i), MobileVerified: true, Status: h.LearnerActive, RegisteredAt: at, UpdatedAt: at})
	}
	return rows
}

// syncAll reads the host once, to the end.
func syncAll(t *testing.T, db *storage.DB, host h.HostAdapter) {
	t.Helper()
	store := &storage.Projection{DB: db, Currency: "CNY"}
	syncer := projection.Syncer{Host: host, Store: store, Leases: db, Owner: "test",
		Contacts: projection.Contacts{UnverifiedEmail: true, UnverifiedMobile: true}, Log: slog.New(slog.DiscardHandler), Now: time.Now}
	for end := time.Now().Add(5 * time.Minute); time.Now().Before(end); {
		if err := syncer.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		if state(t, db).FirstDone() {
			return
		}
	}
	t.Fatal("the first sync does not end")
}

func (f *flight) serve(t *testing.T, db *storage.DB, way campaign.Channel) {
	t.Helper()
	secret, err := db.Secret(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	segments := segment.NewService(&storage.Segments{DB: db}, segment.DefaultCatalog(), segment.Site{Location: time.UTC, Currency: "CNY"}, time.Now)
	f.service = campaign.NewService(f.stores, campaign.NewTemplates(&storage.Templates{DB: db}, nil, time.Now, quiet), segments, []campaign.Channel{way},
		nil,
		campaign.Settings{Site: campaign.Site{Name: "启明网校", Signature: "启明网校"}, Location: time.UTC, PublicURL: "https://s.example/go", Secret: secret}, time.Now)
}

// openGateway starts a supplier with a database of its own, which puts off one in twenty once, and
// leaves a request unanswered now and then.
func (f *flight) openGateway(t *testing.T) sms.Supplier {
	t.Helper()
	f.far = pgtest.Open(t)
	account := smsAccount("")
	gate, err := gateway.Start(t.Context(), "127.0.0.1:0", gateway.Config{DB: f.far, KeyID: account.KeyID, Secret: account.Secret, Signature: account.Signature,
		Balance: 10 << 20, ReviewTakes: func() time.Duration { return 0 }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { gate.Close() })
	var mu sync.Mutex
	put := map[string]bool{}
	gate.SetRule(gateway.Rule{
		Fate: func(mobile string) gateway.Fate {
			switch mu.Lock(); {
			case strings.HasSuffix(mobile, "0000"):
				mu.Unlock()
				return gateway.NoNumber
			case len(put) < recipients/20 && strings.ContainsAny(mobile[10:], "37") && !put[mobile]:
				put[mobile] = true
				mu.Unlock()
				return gateway.PutOff
			}
			mu.Unlock()
			return gateway.Arrives
		},
		Manner: func(n int64) gateway.Manner {
			switch n % 100 {
			case 40:
				return gateway.TimesOut
			case 60:
				return gateway.HangsUp
			case 80:
				return gateway.TalksRubbish
			case 90:
				return gateway.Hangs
			}
			return gateway.Properly
		},
	})
	f.gate = gate
	account.URL = gate.URL()
	f.env = []string{envSMS + "=" + account.URL}
	supplier, err := sms.NewHTTP(account)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { supplier.Close() })
	return supplier
}

// work starts a worker process.
func (f *flight) work(t *testing.T) *process {
	t.Helper()
	return startWorker(t, crm.RoleWorkers, f.server.URL(), "crm", f.redis.Addr(), f.mail, f.env...)
}

// settled counts the deliveries with an outcome; negative while the database is away.
func (f *flight) settled(t *testing.T) int {
	t.Helper()
	var n int
	if err := f.pool.QueryRowContext(context.WithoutCancel(t.Context()), "SELECT count(*) FROM crm_deliveries WHERE campaign_id = $1 AND settled_at IS NOT NULL", int64(f.id)).Scan(&n); err != nil {
		return -1
	}
	return n
}

// state is the campaign's; empty while the database is away.
func (f *flight) state(t *testing.T) campaign.State {
	t.Helper()
	c, err := f.service.Find(t.Context(), f.id)
	if err != nil {
		return ""
	}
	return c.State
}

// result adds up where the campaign stands and checks that nobody is missing from the sum.
func (f *flight) result(t *testing.T) campaign.Result {
	t.Helper()
	r, err := f.service.Result(t.Context(), f.id)
	if err != nil {
		t.Fatal(err)
	}
	by := r.ByState
	if sum := r.ExcludedTotal() + r.LateOutTotal() + by[campaign.Accepted] + by[campaign.Delivered] + by[campaign.Failed] + by[campaign.Unknown] + by[campaign.Cancelled] +
		by[campaign.Queued] + by[campaign.InFlight]; sum != r.Matched {
		t.Errorf("%d matched, but the parts add up to %d: %+v", r.Matched, sum, r)
	}
	return r
}

// arrived asks the far end how many people were reached, and whether any was reached twice.
func (f *flight) arrived(t *testing.T) (reached, twice int) {
	t.Helper()
	var query string
	switch f.channel {
	case h.ChannelEmail:
		return f.box.reached(), len(f.box.twice())
	case h.ChannelSMS:
		query = "SELECT count(*), count(*) FILTER (WHERE n > 1) FROM (SELECT count(*) AS n FROM sms_messages WHERE arrives GROUP BY mobile) x"
	case h.ChannelMessage:
		query = "SELECT count(*), count(*) FILTER (WHERE n > 1) FROM (SELECT count(*) AS n FROM messages WHERE key IS NOT NULL GROUP BY to_id) x"
	}
	if err := f.far.QueryRowContext(t.Context(), query).Scan(&reached, &twice); err != nil {
		t.Fatal(err)
	}
	return reached, twice
}

func text(t testing.TB, pool *sql.DB, query string, args ...any) string {
	t.Helper()
	var out string
	if err := pool.QueryRowContext(context.WithoutCancel(t.Context()), query, args...).Scan(&out); err != nil {
		t.Fatalf("%s: %v", strings.TrimSpace(query), err)
	}
	return out
}
