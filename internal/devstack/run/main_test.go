//go:build unix

package main

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

const asMain = "COURSECRM_DEVSTACK_RUN"

// TestMain lets the test binary be the command under test.
func TestMain(m *testing.M) {
	if os.Getenv(asMain) != "" {
		main()
	}
	os.Exit(m.Run())
}

// command runs with both servers named, so that nothing is started, unless more says otherwise.
func command(more []string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asMain+"=1", "DATABASE_URL=postgres://db.example/x", "REDIS_URL=redis://cache.example:1")
	cmd.Env = append(cmd.Env, more...)
	cmd.Stderr = os.Stderr
	return cmd
}

func TestCommandGetsTheAddresses(t *testing.T) {
	t.Parallel()
	script := `printf '%s %s' "$DATABASE_URL" "$REDIS_URL"`
	out, err := command(nil, "--", "sh", "-c", script).Output()
	if got := string(out); err != nil || got != "postgres://db.example/x redis://cache.example:1" {
		t.Errorf("named servers: %q, %v", got, err)
	}
	out, err = command([]string{"DATABASE_URL=", "REDIS_URL="}, "sh", "-c", script).Output()
	if got := string(out); err != nil || !strings.Contains(got, "@127.0.0.1:") || !strings.Contains(got, " redis://127.0.0.1:") {
		t.Errorf("started servers: %q, %v", got, err)
	}
}

func TestExitCode(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		want int
	}{
		"success":       {[]string{"--", "true"}, 0},
		"the command's": {[]string{"--", "sh", "-c", "exit 7"}, 7},
		"a signal's":    {[]string{"--", "sh", "-c", "kill -9 $$"}, 137},
		"no command":    {[]string{"--"}, 2},
		"not found":     {[]string{"--", "/no/such/command"}, cannotRun},
	} {
		cmd := command(nil, test.args...)
		cmd.Stderr = nil
		err := cmd.Run()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		if got := cmd.ProcessState.ExitCode(); got != test.want {
			t.Errorf("%s: exit code %d, want %d", name, got, test.want)
		}
	}
}

func TestSignalsReachTheCommand(t *testing.T) {
	t.Parallel()
	for name, signal := range map[string]syscall.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP} {
		cmd := command(nil, "sh", "-c", "trap 'exit 9' "+name+"; echo ready; while :; do sleep 0.02; done")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
			t.Fatalf("command says %q, %v", line, err)
		}
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // the exit code is looked at below
		if got := cmd.ProcessState.ExitCode(); got != 9 {
			t.Errorf("%s: exit code %d, want the trap's 9", name, got)
		}
	}
}
