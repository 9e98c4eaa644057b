package demo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/coursecrm/coursecrm/crm"
	"github.com/coursecrm/coursecrm/examples/academy/adapter"
	"github.com/coursecrm/coursecrm/examples/academy/gateway"
	"github.com/coursecrm/coursecrm/examples/academy/school"
	"github.com/coursecrm/coursecrm/examples/academy/sink"
	"github.com/coursecrm/coursecrm/examples/academy/web"
)

// Academy is a running demonstration.
type Academy struct {
	URL         string // of the site, without a slash at the end; empty in a worker
	MailAddr    string // of the mail sink
	DatabaseURL string
	RedisAddr   string
	About       string // how the data was generated

	School  *school.School
	Sink    *sink.Sink       // nil in a worker
	Gateway *gateway.Gateway // nil when it has a process of its own
	Phones  gateway.Phones   // what has arrived there; zero in a worker

	log    *slog.Logger
	crmDB  *sql.DB
	sms    crm.SMS
	panel  panel
	failed chan error
	closed sync.Once
	stops  []func() error // in the order of the starts
}

// Start starts the demonstration and returns when it can be used. The context bounds the start
// only; Close ends what was started, and so does a failed start.
func Start(ctx context.Context, o Options) (*Academy, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	a := &Academy{log: o.Logger, failed: make(chan error, 1)}
	start := a.startSite
	if o.Role == RoleWorker {
		start = a.startWorker
	}
	if err := start(ctx, o); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// startSite starts everything, without the CRM's workers if the role says so.
func (a *Academy) startSite(ctx context.Context, o Options) error {
	listener, err := listen(ctx, o.Addr, o.NextFree)
	if err != nil {
		return err // before anything slow is begun
	}
	a.onClose(func() error { return ignore(listener.Close(), net.ErrClosed) })
	a.URL = "http://" + visible(listener.Addr())
	own, err := a.startServers(ctx, o)
	if err != nil {
		return err
	}
	if err := a.openSchool(ctx, o, own); err != nil {
		return err
	}
	if a.Sink, err = sink.Start(ctx, orAny(o.MailAddr), a.School.DB(), o.Logger); err != nil {
		return err
	}
	a.MailAddr = a.Sink.Addr()
	a.onClose(a.Sink.Close)
	if err := a.startGateway(ctx, o); err != nil {
		return err
	}
	if err := a.openPanel(ctx, o); err != nil {
		return err
	}
	handler, err := a.handler(o)
	if err != nil {
		return err
	}
	if own {
		if err := a.leaveAddresses(o.DataDir); err != nil {
			return err
		}
	}
	if o.Role == RoleAll {
		a.background("CRM", a.panel.run)
	}
	a.background("school", a.tidy)
	a.serve(listener, handler)
	return nil
}

// startWorker works for a site that runs in another process.
func (a *Academy) startWorker(ctx context.Context, o Options) error {
	if err := a.findAddresses(o); err != nil {
		return err
	}
	if err := a.connect(ctx); err != nil {
		return err
	}
	if err := a.openPanel(ctx, o); err != nil {
		return err
	}
	a.background("CRM", a.panel.run)
	return nil
}

// openPanel mounts the CRM and lets it hear of what happens in the school.
func (a *Academy) openPanel(ctx context.Context, o Options) error {
	host := adapter.New(a.School)
	siteURL := a.URL
	p, err := openCRM(ctx, crmInput{db: a.crmDB, redisAddr: a.RedisAddr, host: host, siteURL: siteURL, mailAddr: a.MailAddr, sms: a.sms, spool: filepath.Join(o.DataDir, "clicks"), tune: o.CRM, logger: a.log})
	if err != nil {
		return err
	}
	a.panel = p
	a.onClose(p.close)
	a.School.OnChange = host.Push(p, a.log)
	return nil
}

// handler is the whole site: the school's pages, and the CRM mounted beside them.
func (a *Academy) handler(o Options) (http.Handler, error) {
	pages, err := web.New(web.Config{School: a.School, Inbox: a.Sink.Inbox, Phones: a.Phones, Logger: o.Logger, Lang: o.Lang, CRM: mountPath + "/"})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	mux.Handle(mountPath+"/", a.panel.admin)
	mux.Handle(goPath+"/", a.panel.public)
	return mux, nil
}

// serve answers requests until Close.
func (a *Academy) serve(listener net.Listener, handler http.Handler) {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelWarn)}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			a.fail(fmt.Errorf("serve the site: %w", err))
		}
	}()
	a.onClose(func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			return server.Close() // somebody keeps a connection open; enough waited
		}
		return nil
	})
}

// background runs something until Close, which waits for its end.
func (a *Academy) background(what string, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := run(ctx); err != nil && ctx.Err() == nil {
			a.fail(fmt.Errorf("run the %s: %w", what, err))
		}
	}()
	a.onClose(func() error {
		cancel()
		<-ended
		return nil
	})
}

// tidyEvery is how often open orders are looked through for those that are past their deadline.
const tidyEvery = 30 * time.Second

func (a *Academy) tidy(ctx context.Context) error {
	tick := time.NewTicker(tidyEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := a.School.Tidy(ctx); err != nil && ctx.Err() == nil {
				a.log.Warn("orders were not tidied", "error", err)
			}
		}
	}
}

// Failed gives the error of a part that stopped by itself.
func (a *Academy) Failed() <-chan error { return a.failed }

func (a *Academy) fail(err error) {
	select {
	case a.failed <- err:
	default: // the first one tells
	}
}

func (a *Academy) onClose(stop func() error) { a.stops = append(a.stops, stop) }

// Close ends everything, the last started first.
func (a *Academy) Close() error {
	var problems []error
	a.closed.Do(func() {
		for i := len(a.stops) - 1; i >= 0; i-- {
			problems = append(problems, a.stops[i]())
		}
	})
	return errors.Join(problems...)
}

// The addresses that a visitor needs.

// LoginURL is where to choose an account; one click makes the visitor the operator.
func (a *Academy) LoginURL() string { return a.URL + "/login" }

// CRMURL is the CRM's front page.
func (a *Academy) CRMURL() string { return a.URL + mountPath + "/" }

// InboxURL lists the mail that was sent.
func (a *Academy) InboxURL() string { return a.URL + "/inbox/" }

// SMSURL is the SMS gateway's address.
func (a *Academy) SMSURL() string { return a.sms.URL }

// PhoneURL lists the phones that got a text message.
func (a *Academy) PhoneURL() string { return a.URL + "/phone" }
