package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hibiken/asynq"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/campaign/email"
	"github.com/coursecrm/coursecrm/internal/jobs"
	"github.com/coursecrm/coursecrm/segment"
	"github.com/coursecrm/coursecrm/shortlink"
	"github.com/coursecrm/coursecrm/storage"
)

// A mailer is a worker in a process of its own: this program, started again with this variable,
// which holds the addresses of database, Redis and mail server.
const envMailer = "BENCH_MAILER"

// runMailer works until it is told to stop.
func runMailer(addresses string) error {
	parts := strings.SplitN(addresses, " ", 3)
	if len(parts) != 3 {
		return errors.New("three addresses are needed")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	pool, err := storage.Open(parts[0])
	if err != nil {
		return err
	}
	defer pool.Close()
	if _, err := pool.ExecContext(ctx, "SELECT 1"); err != nil {
		return err
	}
	db, err := storage.New(pool)
	if err != nil {
		return err
	}
	channel, err := email.New(email.Config{Addr: parts[2], From: sender, TLS: email.TLSNone})
	if err != nil {
		return err
	}
	defer channel.Close()
	codes, err := shortlink.NewRing(ctx, &storage.Links{DB: db}, time.Now)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	segments := segment.NewService(&storage.Segments{DB: db}, segment.DefaultCatalog(), segment.Site{Location: time.UTC, Currency: "CNY"}, time.Now)
	worker := campaign.NewSender(campaign.SenderConfig{Ledger: &storage.Campaigns{DB: db, Currency: "CNY"}, Segments: segments, Channels: []campaign.Channel{channel},
		Codes: codes, Settings: settings(), Owner: "mailer", Now: time.Now, Log: log})
	if err := jobs.New(asynq.RedisClientOpt{Addr: parts[1]}, worker, connections, log).Run(ctx); err != nil {
		return err
	}
	peak, err := peakMemory()
	fmt.Println(peak)
	return err
}

// peakMemory is how much this process ever held, in kilobytes. What the system counts for children
// would not do: there the peak of the program that started them is counted too.
func peakMemory() (int64, error) {
	if status, err := os.ReadFile("/proc/self/status"); err == nil {
		_, rest, _ := strings.Cut(string(status), "VmHWM:")
		text, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
		return strconv.ParseInt(text, 10, 64)
	}
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, err
	}
	if runtime.GOOS == "darwin" { // bytes there
		return usage.Maxrss / 1024, nil
	}
	return usage.Maxrss, nil
}

// mailer is such a process, seen from outside.
type mailer struct {
	cmd  *exec.Cmd
	said bytes.Buffer
	once sync.Once
	err  error
}

// startMailer starts one. What it leaves in the database is done by the time it is asked to stop.
func (b *bench) startMailer(ctx context.Context, smtp string) (*mailer, error) {
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %s %s", envMailer, b.address(audienceSchema), b.stack.RedisAddr, smtp))
	m := &mailer{cmd: cmd}
	cmd.Stdout, cmd.Stderr = &m.said, os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a worker: %w", err)
	}
	return m, nil
}

// address is the database's, with a schema.
func (b *bench) address(schema string) string {
	sep := "?"
	if strings.Contains(b.stack.DatabaseURL, "?") {
		sep = "&"
	}
	return b.stack.DatabaseURL + sep + "search_path=" + schema
}

func (m *mailer) stop() {
	m.once.Do(func() {
		_ = m.cmd.Process.Signal(syscall.SIGTERM) // it may be gone already
		m.err = m.cmd.Wait()
	})
}

// peak ends the process and tells how much memory it ever held, in megabytes.
func (m *mailer) peak() (float64, error) {
	m.stop()
	if m.err != nil {
		return 0, fmt.Errorf("worker: %w", m.err)
	}
	kilobytes, err := strconv.ParseFloat(strings.TrimSpace(m.said.String()), 64)
	return kilobytes / 1024, err
}

// mail is one of ours as it goes over the wire.
type mail struct{ to, content string }

// sample sends a small campaign to a server of our own, to have mails to send the bare way.
func (s *audience) sample(ctx context.Context, b *bench) ([]mail, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer listener.Close()
	var mu sync.Mutex
	var mails []mail
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go listen(conn, func(m mail) {
				mu.Lock()
				defer mu.Unlock()
				mails = append(mails, m)
			})
		}
	}()
	w, err := b.startMailer(ctx, listener.Addr().String())
	if err != nil {
		return nil, err
	}
	defer w.stop()
	if err := s.send(ctx, 0, 1000, 0); err != nil {
		return nil, err
	}
	mu.Lock()
	defer mu.Unlock()
	return mails, nil
}

// listen takes mail as a server without any extension does.
func listen(conn net.Conn, got func(mail)) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	answer := func(line string) bool {
		_, err := io.WriteString(conn, line+"\r\n")
		return err == nil
	}
	var m mail
	for ok := answer("220 bench"); ok; {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		switch verb := strings.ToUpper(line[:min(4, len(line))]); verb {
		case "RCPT":
			m.to = strings.Trim(line[strings.Index(line, ":")+1:], "<> \r\n")
			ok = answer("250 ok")
		case "DATA":
			if ok = answer("354 go on"); !ok {
				return
			}
			var b strings.Builder
			for {
				text, err := r.ReadString('\n')
				if err != nil {
					return
				}
				if text == ".\r\n" {
					break
				}
				b.WriteString(text)
			}
			m.content = strings.TrimSuffix(b.String(), "\r\n")
			got(m)
			ok = answer("250 taken")
		case "QUIT":
			answer("221 bye")
			return
		default:
			ok = answer("250 ok")
		}
	}
}
