package main

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/campaign/email"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
	"github.com/coursecrm/coursecrm/shortlink"
	"github.com/coursecrm/coursecrm/storage"
)

// mailRounds is how often both sides send, taking turns.
const mailRounds = 3

// connections is how many each side keeps open to the mail server, and how many chunks our worker
// sends at once.
const connections = 8

// benchCampaign measures planning and sending e-mail.
func benchCampaign(ctx context.Context, b *bench) error {
	s, done, err := b.newAudience(ctx, b.people())
	if err != nil {
		return err
	}
	defer done()
	if err := s.planning(ctx, b); err != nil {
		return fmt.Errorf("planning: %w", err)
	}
	sink, err := startSink(ctx)
	if err != nil {
		return err
	}
	defer sink.stop()
	if err := s.mailing(ctx, b, sink); err != nil {
		return fmt.Errorf("mailing: %w", err)
	}
	if err := s.memory(ctx, b, sink); err != nil {
		return fmt.Errorf("memory: %w", err)
	}
	return nil
}

// audience is people who can be reached by e-mail, and what is needed to write to them.
type audience struct {
	schema   string
	pool     *sql.DB
	stores   *storage.Campaigns
	segments *segment.Service
	service  *campaign.Service
	codes    *shortlink.Ring
	launched int
}

const audienceSchema = "campaign"

// newAudience makes n people the fast way.
func (b *bench) newAudience(ctx context.Context, n int) (*audience, func(), error) {
	db, pool, err := b.database(ctx, audienceSchema)
	if err != nil {
		return nil, nil, err
	}
	if _, err := pool.ExecContext(ctx, `INSERT INTO crm_learners (host_id, nickname, email, email_verified, usable_email, status, marketable, registered_at, paid_total, content_hash, updated_at, written_at)
		SELECT n, '同学' || n, 'u' || n || '@example.com', true, 'u' || n || '@example.com', 'active', true, now() - interval '1 day', n, 0, now(), now() FROM generate_series(1, $1::int) n`, n); err != nil {
		pool.Close()
		return nil, nil, fmt.Errorf("make people: %w", err)
	}
	if _, err := pool.ExecContext(ctx, "VACUUM ANALYZE crm_learners"); err != nil {
		pool.Close()
		return nil, nil, err
	}
	s := &audience{schema: audienceSchema, pool: pool, stores: &storage.Campaigns{DB: db, Currency: "CNY"}}
	s.segments = segment.NewService(&storage.Segments{DB: db}, segment.DefaultCatalog(), segment.Site{Location: time.UTC, Currency: "CNY"}, time.Now)
	quiet := slog.New(slog.DiscardHandler)
	channel, err := email.New(email.Config{Addr: "127.0.0.1:1", From: sender, TLS: email.TLSNone}) // plans only; the worker sends
	if err != nil {
		pool.Close()
		return nil, nil, err
	}
	if s.codes, err = shortlink.NewRing(ctx, &storage.Links{DB: db}, time.Now); err != nil {
		pool.Close()
		return nil, nil, err
	}
	s.service = campaign.NewService(s.stores, campaign.NewTemplates(&storage.Templates{DB: db}, nil, time.Now, quiet), s.segments,
		[]campaign.Channel{channel}, nil, settings(), time.Now)
	return s, func() { pool.Close() }, nil
}

const sender = "启明网校 <hello@mail.example.com>"

var secret = []byte("bench")

// settings are the same for whoever plans and whoever sends.
func settings() campaign.Settings {
	return campaign.Settings{Site: campaign.Site{Name: "启明网校"}, Location: time.UTC, PublicURL: "https://s.example/go", Secret: secret}
}

// content is a mail as marketing writes them: a greeting, a paragraph, a button, the footer.
var content = campaign.Content{
	Subject:   "{{ 用户名 | default: '同学' }}，你试听的课还能再省 300 元",
	Preheader: "返场优惠还剩 3 天，学完试听的 3 节可以直接接着学",
	Blocks: []campaign.Block{
		{Kind: campaign.BlockHeading, Text: "接着上次的进度学"},
		{Kind: campaign.BlockText, Text: "{{ 用户名 | default: '同学' }}，你好。你试听过的《Python 数据分析实战班》正在返场，**现在报名立减 300 元**，试听进度会保留。\n\n- 12 周，每周两次直播\n- 作业有人批改\n- 学完可以重听"},
		{Kind: campaign.BlockButton, Text: "继续学习", URL: "https://learn.example/course/318"},
	},
}

// launch launches a campaign to n people, beginning with the from-th: how much each has paid is
// their place. days is the cap.
func (s *audience) launch(ctx context.Context, from, n, days int) (campaign.ID, error) {
	s.launched++
	return s.service.Launch(ctx, campaign.Draft{Key: fmt.Sprintf("bench %d", s.launched), Name: "bench", Channel: h.ChannelEmail, ByID: "1", CapDays: days,
		Rule:    segment.Group("all", segment.Condition("paid_total", segment.OpBetween, []int{from + 1, from + n}, "")),
		Content: content}, h.Staff{ID: "1", Name: "bench"})
}
