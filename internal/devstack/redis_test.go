package devstack

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"
)

func TestRedisComesBackEmptyAtItsAddress(t *testing.T) {
	t.Parallel()
	r := startRedis(t)
	addr := r.Addr()
	for name, interrupt := range map[string]func(context.Context) error{
		"restart": r.Restart,
		"stop":    r.Stop,
		"kill":    r.Kill,
	} {
		if got := redisDo(t, addr, "SET key value"); got != "+OK\r\n" {
			t.Fatalf("SET answers %q", got)
		}
		if err := interrupt(t.Context()); err != nil {
			t.Fatal(name, err)
		}
		if conn, err := net.Dial("tcp", addr); (err == nil) != (name == "restart") {
			t.Fatalf("after %s, a connection returns %v", name, err)
		} else if err == nil {
			conn.Close()
		}
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(name, err)
		}
		if got := redisDo(t, addr, "DBSIZE"); got != ":0\r\n" {
			t.Errorf("after %s, DBSIZE answers %q", name, got)
		}
	}
	if r.Addr() != addr || !strings.Contains(r.URL(), addr) {
		t.Errorf("address is %s and URL %s, was %s", r.Addr(), r.URL(), addr)
	}
}

func TestRedisListensOnLoopbackAndKeepsNothing(t *testing.T) {
	t.Parallel()
	r := startRedis(t)
	for setting, want := range map[string]string{"bind": "127.0.0.1", "save": "", "appendonly": "no"} {
		if got := strings.Split(redisDo(t, r.Addr(), "CONFIG GET "+setting), "\r\n"); len(got) < 5 || got[4] != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}
}

func TestRestartWaitsForItsPort(t *testing.T) {
	t.Parallel()
	r := startRedis(t)
	if err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	intruder, err := net.Listen("tcp", r.Addr())
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(300*time.Millisecond, func() { intruder.Close() })
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := redisDo(t, r.Addr(), "PING"); got != "+PONG\r\n" {
		t.Errorf("PING answers %q", got)
	}
}

// Whoever answers on the port is not taken for our server.
func TestForeignServerIsNotOurs(t *testing.T) {
	t.Parallel()
	ours, foreign := startRedis(t), startRedis(t)
	err := probeRedis(t.Context(), foreign.daemon.port, ours.daemon.proc.cmd.Process.Pid)
	if err == nil {
		t.Error("another Redis passed for ours")
	}
}
