// Package gateway is a supplier of text messages, as real as it can be without a mobile network: it
// looks templates over for some seconds, refuses some and some numbers, sends receipts later and in
// any order, and lets people answer. It speaks the protocol of package campaign/sms and shares no
// code with it; whoever writes such a gateway for a real supplier may begin here.
//
// It keeps everything in PostgreSQL, so nothing is lost when it is killed.
package gateway

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Config is the account of the one client, and how the gateway behaves.
type Config struct {
	DB        *sql.DB // its search_path holds the gateway's schema; required
	KeyID     string
	Secret    []byte
	Signature string // in front of every message, without brackets
	Callback  string // the client's address for callbacks; empty: nothing is told, but kept

	Balance       int64                // parts of a new account; 0: 200,000
	NotIdempotent bool                 // send a message as often as it is handed over
	ReviewTakes   func() time.Duration // nil: 3 to 8 seconds
	ReceiptTakes  func() time.Duration // nil: 0.3 to 2.5 seconds
	Logger        *slog.Logger         // nil: none
}

// Gateway is a running supplier.
type Gateway struct {
	Phones

	config   Config
	rule     atomic.Pointer[Rule]
	requests atomic.Int64
	listener net.Listener
	server   *http.Server
	client   *http.Client // for callbacks
	closing  chan struct{}
	once     sync.Once
	workers  sync.WaitGroup
	stop     context.CancelFunc // of the workers
}

//go:embed schema.sql
var schemaSQL string

// CreateTables makes the tables that are missing. It may run any number of times.
func CreateTables(ctx context.Context, db *sql.DB) error {
	if _, err := db.ExecContext(ctx, schemaSQL); err != nil {
		return fmt.Errorf("create the gateway's tables: %w", err)
	}
	return nil
}

// Start opens a gateway on addr (port 0: a free one).
func Start(ctx context.Context, addr string, c Config) (*Gateway, error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Balance == 0 {
		c.Balance = 200_000
	}
	if c.ReviewTakes == nil {
		c.ReviewTakes = func() time.Duration { return 3*time.Second + rand.N(5*time.Second) }
	}
	if c.ReceiptTakes == nil {
		c.ReceiptTakes = func() time.Duration { return 300*time.Millisecond + rand.N(2200*time.Millisecond) }
	}
	if err := CreateTables(ctx, c.DB); err != nil {
		return nil, err
	}
	if _, err := c.DB.ExecContext(ctx, "INSERT INTO sms_account (parts) VALUES ($1) ON CONFLICT DO NOTHING", c.Balance); err != nil {
		return nil, fmt.Errorf("open the SMS account: %w", err)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("open the SMS gateway: %w", err)
	}
	g := &Gateway{Phones: Phones{DB: c.DB}, config: c, listener: listener, client: newCallbackClient(), closing: make(chan struct{})}
	g.SetRule(Rule{})
	g.server = &http.Server{Handler: g.handler(), ReadTimeout: time.Minute, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(c.Logger.Handler(), slog.LevelDebug)}
	working, stop := context.WithCancel(context.Background())
	g.stop = stop
	g.workers.Go(func() { g.every(working, "templates were not looked over", g.review) })
	g.workers.Go(func() { g.every(working, "callbacks were not made", g.tell) })
	go func() {
		if err := g.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			c.Logger.Error("the SMS gateway stopped", "error", err)
		}
	}()
	return g, nil
}

// URL is the gateway's address, without a slash at the end.
func (g *Gateway) URL() string { return "http://" + g.listener.Addr().String() }

// Close stops the gateway. What was answered is in its tables, and so is what is still to be told.
func (g *Gateway) Close() error {
	var err error
	g.once.Do(func() {
		close(g.closing) // who waits for an answer that never comes, waits no longer
		g.stop()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if g.server.Shutdown(ctx) != nil {
			err = g.server.Close() // somebody keeps a connection open; enough waited
		}
		g.workers.Wait()
		g.client.CloseIdleConnections()
	})
	return err
}

// pause is how long a worker rests when there is nothing to do.
const pause = 100 * time.Millisecond

// every does a piece of work again and again until ctx ends; more says that the next piece waits.
func (g *Gateway) every(ctx context.Context, trouble string, work func(context.Context) (more bool, err error)) {
	for ctx.Err() == nil {
		more, err := work(ctx)
		if err != nil && ctx.Err() == nil {
			g.config.Logger.Warn("SMS gateway: "+trouble, "error", err)
		}
		if more && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}
