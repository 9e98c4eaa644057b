package devstack

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Redis is a private Redis server that keeps nothing: every start is an empty one. Its methods may
// be called at once.
type Redis struct{ daemon *daemon }

// StartRedis starts an empty server. The context bounds the start, not the server's life. An error
// wraps ErrNotInstalled when there is no server program to start; otherwise it shows the end of the
// server's log.
func StartRedis(ctx context.Context, o Options) (*Redis, error) {
	o = o.withDefaults()
	program, err := redisProgram(o.finder)
	if err != nil {
		return nil, err
	}
	dir, temporary, err := makeDir(o.Dir, "redis", nil)
	if err != nil {
		return nil, err
	}
	r := &Redis{daemon: &daemon{
		name: "redis", dir: dir, remove: temporary, log: o.Logger,
		stopSig: syscall.SIGTERM,
		killSig: syscall.SIGKILL,
		command: func(port int) *exec.Cmd {
			return asServer(exec.Command(program, "--bind", "127.0.0.1", "--port", fmt.Sprint(port),
				"--save", "", "--appendonly", "no", "--daemonize", "no"), dir, nil)
		},
		probe: probeRedis,
	}}
	err = r.daemon.watch("KILL")
	if err == nil {
		err = r.Start(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// Addr is where the server listens, as host:port.
func (r *Redis) Addr() string { return address(r.daemon.port) }

// URL is the address as redis.ParseURL and asynq.ParseRedisURI read it.
func (r *Redis) URL() string { return "redis://" + r.Addr() + "/0" }

// Start starts the stopped server on its port, empty, and returns when it answers. It does nothing
// when the server runs.
func (r *Redis) Start(ctx context.Context) error { return r.daemon.start(ctx) }

// Stop shuts the server down; what it held is gone.
func (r *Redis) Stop(ctx context.Context) error { return r.daemon.stop(ctx, r.daemon.stopSig) }

// Restart is Stop and Start.
func (r *Redis) Restart(ctx context.Context) error { return r.daemon.restart(ctx) }

// Kill ends the server with kill -9.
func (r *Redis) Kill(ctx context.Context) error { return r.daemon.stop(ctx, r.daemon.killSig) }

// Close ends the server for good and removes its directory if it is temporary.
func (r *Redis) Close() error { return r.daemon.close(r.daemon.killSig) }

// redisProgram takes Valkey too: it is what some distributions ship in Redis' place.
func redisProgram(f *finder) (string, error) {
	dir, err := f.dir("redis-server")
	if err == nil {
		return filepath.Join(dir, "redis-server"), nil
	}
	if dir, valkey := f.dir("valkey-server"); valkey == nil {
		return filepath.Join(dir, "valkey-server"), nil
	}
	return "", err
}

// probeRedis asks who answers on the port, because it may be somebody else's server.
func probeRedis(ctx context.Context, port, pid int) error {
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", address(port))
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	if _, err := fmt.Fprint(conn, "PING\r\nINFO server\r\n"); err != nil {
		return err
	}
	lines := bufio.NewScanner(conn)
	if !lines.Scan() || lines.Text() != "+PONG" {
		return cmp.Or(lines.Err(), fmt.Errorf("answer to PING: %q", lines.Text()))
	}
	for lines.Scan() {
		if answering, ok := strings.CutPrefix(lines.Text(), "process_id:"); ok {
			if answering != fmt.Sprint(pid) {
				return fmt.Errorf("port %d: %w", port, errPortTaken)
			}
			return nil
		}
	}
	return cmp.Or(lines.Err(), errors.New("answer to INFO has no process_id"))
}
