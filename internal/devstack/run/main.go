//go:build unix

// Command run starts a throw-away PostgreSQL and Redis, runs a command with DATABASE_URL and
// REDIS_URL naming them, and ends them with it:
//
//	go run ./internal/devstack/run -- go test ./...
//
// So all packages of one "go test" share one PostgreSQL. A server that the environment names already
// is used instead. The exit code is the command's; 125 means that it could not be run.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/coursecrm/coursecrm/internal/devstack"
)

const cannotRun = 125

func main() {
	args := os.Args[1:]
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: run [--] command [argument ...]")
		os.Exit(2)
	}
	code, err := run(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "devstack:", err)
	}
	os.Exit(code)
}

func run(args []string) (code int, err error) {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)

	// Many packages at once, each with parallel tests and their pools: more connections than usual.
	stack, err := devstack.FromEnv(context.Background(), devstack.Options{MaxConnections: 500})
	if err != nil {
		return cannotRun, err
	}
	defer func() {
		if problem := stack.Close(); problem != nil {
			err = errors.Join(err, problem)
		}
	}()

	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), "DATABASE_URL="+stack.DatabaseURL, "REDIS_URL="+stack.RedisURL)
	// In a group of its own the command gets a Ctrl-C once, from us, and not from the terminal too.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return cannotRun, err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			_ = syscall.Kill(-cmd.Process.Pid, s.(syscall.Signal)) // it may have ended just now
		case err := <-done:
			return exitCode(cmd.ProcessState, err)
		}
	}
}

// exitCode is the command's, or 128 and the signal's number if one ended it, as a shell has it.
func exitCode(state *os.ProcessState, err error) (int, error) {
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return cannotRun, err
	}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return state.ExitCode(), nil
}
