package devstack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/jackc/pgx/v5"
)

// The superuser, and the database that a new server comes with.
const superuser, databaseName = "coursecrm", "coursecrm"

// Postgres is a private PostgreSQL server. Its methods may be called at once.
type Postgres struct{ daemon *daemon }

// StartPostgres starts a server, on the data of an earlier run if o.Dir holds any. The context
// bounds the start, not the server's life. An error wraps ErrNotInstalled when there is no server
// program to start; otherwise it shows the end of the server's log.
func StartPostgres(ctx context.Context, o Options) (*Postgres, error) {
	o = o.withDefaults()
	bin, err := o.finder.dir("postgres", "initdb")
	if err != nil {
		return nil, err
	}
	return newPostgres(ctx, bin, o, func(dir, data string, user *account) error { return initdb(ctx, bin, dir, data, user, o) })
}

// newPostgres starts a server on the data directory that fill makes.
func newPostgres(ctx context.Context, bin string, o Options, fill func(dir, data string, user *account) error) (*Postgres, error) {
	user, err := serverAccount()
	if err != nil {
		return nil, err
	}
	dir, temporary, err := makeDir(o.Dir, "postgres", user)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	d := &daemon{
		name: "postgres", dir: dir, remove: temporary, log: o.Logger,
		stopSig: syscall.SIGINT,  // fast: clients are disconnected, everything is written
		killSig: syscall.SIGQUIT, // immediate: the next start recovers from the log
		command: func(port int) *exec.Cmd {
			args := append([]string{"-D", data, "-p", fmt.Sprint(port)}, o.postgresFlags()...)
			return asServer(exec.Command(filepath.Join(bin, "postgres"), args...), dir, user)
		},
		probe: func(ctx context.Context, port, _ int) error { return probePostgres(ctx, port, data) },
	}
	p := &Postgres{daemon: d}
	if err := p.begin(ctx, func() error { return fill(dir, data, user) }); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

func (p *Postgres) begin(ctx context.Context, initdb func() error) error {
	if err := p.daemon.watch("QUIT"); err != nil { // kept data survive that too, as they survive Kill
		return err
	}
	if err := initdb(); err != nil {
		return err
	}
	if err := p.Start(ctx); err != nil {
		return err
	}
	return createDatabase(ctx, p.daemon.port)
}

// URL is the address of the server's database, as superuser.
func (p *Postgres) URL() string { return postgresURL(p.daemon.port, databaseName) }

// Start starts the stopped server on its port and data, and returns when it answers. It does
// nothing when the server runs.
func (p *Postgres) Start(ctx context.Context) error { return p.daemon.start(ctx) }

// Stop disconnects all clients and shuts the server down.
func (p *Postgres) Stop(ctx context.Context) error { return p.daemon.stop(ctx, p.daemon.stopSig) }

// Restart is Stop and Start.
func (p *Postgres) Restart(ctx context.Context) error { return p.daemon.restart(ctx) }

// Kill ends the server as a crash does: nothing is written any more, and the next Start goes through
// crash recovery. What was committed is still there.
func (p *Postgres) Kill(ctx context.Context) error { return p.daemon.stop(ctx, p.daemon.killSig) }

// Close ends the server for good and removes its directory if it is temporary.
func (p *Postgres) Close() error {
	if p.daemon.remove {
		return p.daemon.close(p.daemon.killSig) // nobody will miss what is not written
	}
	return p.daemon.close(p.daemon.stopSig)
}

func postgresURL(port int, database string) string {
	return fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", superuser, address(port), database)
}

// initdb makes the data directory, unless it is there from an earlier run.
func initdb(ctx context.Context, bin, dir, data string, user *account, o Options) error {
	if _, err := os.Stat(data); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	unfinished := data + ".new" // renamed when whole, so that an interrupted initdb is never used
	var problem error
	for _, locale := range []string{"C.UTF-8", "C"} { // C alone cannot lower-case beyond ASCII; old macOS has only that
		if err := os.RemoveAll(unfinished); err != nil {
			return fmt.Errorf("initdb: %w", err)
		}
		args := []string{"-D", unfinished, "-U", superuser, "--auth=trust", "--encoding=UTF8", "--locale=" + locale}
		if !o.Durable {
			args = append(args, "--no-sync")
		}
		out, err := asServer(exec.CommandContext(ctx, filepath.Join(bin, "initdb"), args...), dir, user).CombinedOutput()
		if err == nil {
			return os.Rename(unfinished, data)
		}
		problem = fmt.Errorf("initdb: %w\n%s", err, out)
		if ctx.Err() != nil {
			break
		}
	}
	return problem
}

// asServer makes cmd run in dir as the account, untouched by our own environment: LANG, TZ and their
// like must not make one machine differ from another.
func asServer(cmd *exec.Cmd, dir string, user *account) *exec.Cmd {
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "LC_ALL=C", "TZ=UTC"}
	detach(cmd, user)
	return cmd
}

// probePostgres asks who answers on the port, because it may be somebody else's server.
func probePostgres(ctx context.Context, port int, data string) error {
	conn, err := pgx.Connect(ctx, postgresURL(port, "postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	var answering string
	if err := conn.QueryRow(ctx, "SELECT current_setting('data_directory')").Scan(&answering); err != nil {
		return err
	}
	if answering != data {
		return fmt.Errorf("port %d: %w", port, errPortTaken)
	}
	return nil
}

func createDatabase(ctx context.Context, port int) error {
	conn, err := pgx.Connect(ctx, postgresURL(port, "postgres"))
	if err != nil {
		return fmt.Errorf("create database: %w", err)
	}
	defer conn.Close(ctx)
	var exists bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", databaseName).Scan(&exists); err != nil {
		return fmt.Errorf("create database: %w", err)
	}
	if exists {
		return nil
	}
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+databaseName); err != nil {
		return fmt.Errorf("create database: %w", err)
	}
	return nil
}
