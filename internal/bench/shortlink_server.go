package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/hibiken/asynq"
	"github.com/jackc/pgx/v5"

	"github.com/coursecrm/coursecrm/crm"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/shortlink"
	"github.com/coursecrm/coursecrm/storage"
)

// redirect is a way to send visitors on.
type redirect string

const (
	redirectBare   redirect = "bare"   // keeps nothing
	redirectInsert redirect = "insert" // follows links as the product does, and writes each click by itself
	redirectOurs   redirect = "ours"   // the product, with everything it does
)

// A redirector is a server in a process of its own: this program, started again with this
// variable, which holds the way, its address, and those of database, Redis and spool.
const envRedirect = "BENCH_REDIRECT"

func runRedirector(what string) error {
	parts := strings.SplitN(what, " ", 5)
	if len(parts) != 5 {
		return errors.New("five words are needed")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	handler, run, err := redirectHandler(ctx, redirect(parts[0]), parts[2], parts[3], parts[4])
	if err != nil {
		return err
	}
	server := &http.Server{Addr: parts[1], Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	go func() {
		<-ctx.Done()
		_ = server.Shutdown(context.WithoutCancel(ctx)) // wrk has hung up by then
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-ended
}

// redirectHandler gives the handler and what runs beside it.
func redirectHandler(ctx context.Context, kind redirect, dsn, redis, spool string) (http.Handler, func(context.Context) error, error) {
	idle := func(ctx context.Context) error { <-ctx.Done(); return nil }
	answer := func(rw http.ResponseWriter) {
		rw.Header().Set("Cache-Control", "no-store")
		rw.Header().Set("Location", linkTarget)
		rw.WriteHeader(http.StatusFound)
	}
	switch kind {
	case redirectBare:
		mux := http.NewServeMux()
		mux.HandleFunc("GET /go/{code}", func(rw http.ResponseWriter, r *http.Request) { answer(rw) })
		return mux, idle, nil
	case redirectInsert:
		service, err := oneByOneService(ctx, dsn)
		if err != nil {
			return nil, nil, err
		}
		mux := http.NewServeMux()
		mux.HandleFunc("GET /go/{code}", func(rw http.ResponseWriter, r *http.Request) {
			if _, err := service.Follow(r.Context(), r.PathValue("code"), r); err != nil {
				http.Error(rw, err.Error(), http.StatusInternalServerError)
				return
			}
			answer(rw)
		})
		return mux, idle, nil
	}
	product, err := crm.New(crm.Config{DSN: dsn, Redis: asynq.RedisClientOpt{Addr: redis}, Host: hosttest.NewMemory(hosttest.Seed{}),
		BasePath: "/crm", PublicURL: "http://127.0.0.1/go", Links: crm.Links{SpoolDir: spool},
		Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		return nil, nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/go/", product.Public())
	return mux, func(ctx context.Context) error { return product.Run(ctx, crm.RoleWorkers) }, nil
}

// oneByOneService follows links as the product does, but writes every hit by itself, where it can be
// found at once.
func oneByOneService(ctx context.Context, dsn string) (*shortlink.Service, error) {
	pool, err := storage.Open(dsn)
	if err != nil {
		return nil, err
	}
	db, err := storage.New(pool)
	if err != nil {
		return nil, err
	}
	store := &storage.Links{DB: db}
	ring, err := shortlink.NewRing(ctx, store, time.Now)
	if err != nil {
		return nil, err
	}
	return shortlink.NewService(store, ring, &shortlink.Agents{}, oneByOne{pool}, shortlink.Settings{}, time.Now), nil
}

type oneByOne struct{ pool *sql.DB }

func (o oneByOne) Record(h shortlink.Hit, a shortlink.Agent) {
	_, err := o.pool.ExecContext(context.Background(), `INSERT INTO crm_clicks (at, id, link_id, campaign_id, ordinal, learner_id, head, ahead, agent, referrer, network, visitor, kind, reason)
		SELECT $1, $2, $3, $4, $5, coalesce((SELECT learner_id FROM crm_deliveries WHERE campaign_id = $4 AND ordinal = $5), 0), $6, $7, $8, $9, $10, $11, $12, $13`,
		pgx.QueryExecModeCacheStatement, h.At, h.ID, int64(h.Link), h.Campaign, h.Ordinal, h.Head, h.Ahead, int64(h.Agent), h.Referrer, h.Network, h.Visitor, string(h.Kind), string(h.Reason))
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench: click lost:", err)
	}
}

// redirector is such a process, seen from outside.
type redirector struct {
	cmd *exec.Cmd
	url string
}

func (b *bench) startRedirector(ctx context.Context, kind redirect, dir string) (*redirector, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := listener.Addr().String()
	if err := listener.Close(); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %s %s %s %s", envRedirect, kind, addr, b.address(linkSchema), b.stack.RedisAddr, filepath.Join(dir, "spool")))
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", kind, err)
	}
	r := &redirector{cmd: cmd, url: "http://" + addr + "/go/"}
	for end := time.Now().Add(15 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err == nil {
			return r, conn.Close()
		}
		if time.Now().After(end) {
			r.stop()
			return nil, fmt.Errorf("%s does not answer: %w", kind, err)
		}
	}
}

func (r *redirector) stop() {
	_ = r.cmd.Process.Signal(syscall.SIGTERM) // it may be gone already
	_ = r.cmd.Wait()
}
