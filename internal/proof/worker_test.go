package proof

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/coursecrm/coursecrm/crm"
	"github.com/coursecrm/coursecrm/examples/academy/adapter"
	"github.com/coursecrm/coursecrm/examples/academy/school"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
)

// schoolSchema is where the school's own tables are.
const schoolSchema = "academy"

// A worker is a process of its own: this test binary, started again with these variables.
const (
	envRole     = "PROOF_ROLE" // sync, workers, redirects
	envDatabase = "PROOF_DATABASE"
	envSchema   = "PROOF_SCHEMA" // where the CRM's tables are
	envRedis    = "PROOF_REDIS"
	envMail     = "PROOF_MAIL"
	envSMS      = "PROOF_SMS"    // the gateway's address; empty: no SMS
	envSchool   = "PROOF_SCHOOL" // set: the example school is the host
	envListen   = "PROOF_LISTEN" // where redirects are answered
	envSpool    = "PROOF_SPOOL"  // where clicks wait while the database is away
)

func TestMain(m *testing.M) {
	if role := os.Getenv(envRole); role != "" {
		run := work
		if role == roleRedirects {
			run = redirect
		}
		if err := run(crm.Role(role)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	flag.Parse()
	if f := flag.Lookup("rapid.checks"); f != nil && f.Value.String() == f.DefValue {
		_ = f.Value.Set(checks)
	}
	os.Exit(m.Run())
}

// work runs background work until the process is told to stop, or killed.
func work(role crm.Role) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	pool, err := openSchema(os.Getenv(envDatabase), os.Getenv(envSchema))
	if err != nil {
		return err
	}
	defer pool.Close()
	var host hostadapter.HostAdapter = hosttest.NewMemory(hosttest.Seed{})
	if role == crm.RoleSync || os.Getenv(envSchool) != "" {
		schoolDB, err := school.Open(ctx, os.Getenv(envDatabase), schoolSchema)
		if err != nil {
			return err
		}
		defer schoolDB.Close()
		host = adapter.New(school.New(schoolDB, nil))
	}
	c, err := crm.New(config(pool, host, os.Getenv(envRedis), os.Getenv(envMail), os.Getenv(envSMS)))
	if err != nil {
		return err
	}
	defer c.Close()
	return c.Run(ctx, role)
}

// config is the configuration that test and workers share.
func config(pool *sql.DB, host hostadapter.HostAdapter, redis, mail, gateway string) crm.Config {
	c := crm.Config{DB: pool, Redis: asynq.RedisClientOpt{Addr: redis}, Host: host, BasePath: "/crm", PublicURL: "https://s.example/go",
		SiteName: "启明网校", Email: crm.Email{Addr: mail, From: "hello@mail.example.com", TLS: crm.TLSNone}, RepairHour: -1,
		QuietHours: map[hostadapter.Channel]crm.QuietHours{}, // a test may run at night
		Logger:     slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))}
	if gateway != "" {
		c.SMS = smsAccount(gateway)
	}
	return c
}

// smsAccount is our account with the gateway, which answers soon or not at all.
func smsAccount(gateway string) crm.SMS {
	return crm.SMS{URL: gateway, KeyID: "proof", Secret: []byte("a secret of the proof"), Signature: "启明网校", Price: 4500, Timeout: 2 * time.Second}
}

func openSchema(address, schema string) (*sql.DB, error) {
	c, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, err
	}
	c.RuntimeParams["search_path"] = schema
	c.DefaultQueryExecMode = pgx.QueryExecModeExec
	return stdlib.OpenDB(*c), nil
}

// process is a running worker.
type process struct{ cmd *exec.Cmd }

// startWorker starts one; more are further variables.
func startWorker(t testing.TB, role crm.Role, database, schema, redis, mail string, more ...string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), more...), envRole+"="+string(role), envDatabase+"="+database, envSchema+"="+schema, envRedis+"="+redis, envMail+"="+mail)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd}
	t.Cleanup(p.kill)
	return p
}

// tell asks the process to stop, as an operator does, and waits until it has.
func (p *process) tell(t testing.TB) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("worker told to stop: %v", err)
	}
}

// kill is kill -9: nothing in the process runs any more.
func (p *process) kill() {
	if p.cmd.ProcessState == nil {
		_ = p.cmd.Process.Kill() // it may be gone already
		_ = p.cmd.Wait()
	}
}
