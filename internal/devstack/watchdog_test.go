package devstack

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"testing"
)

// remains is what a killed process could leave behind.
type remains struct {
	Pids []int
	Dirs []string
}

const asVictim = "COURSECRM_DEVSTACK_VICTIM"

// TestMain lets the test binary be the process that TestKilledParentLeavesNothing kills.
func TestMain(m *testing.M) {
	if os.Getenv(asVictim) != "" {
		victim()
	}
	os.Exit(m.Run())
}

func victim() {
	p, err := StartPostgres(context.Background(), Options{})
	if err != nil {
		panic(err)
	}
	r, err := StartRedis(context.Background(), Options{})
	if err != nil {
		panic(err)
	}
	var left remains
	for _, d := range []*daemon{p.daemon, r.daemon} {
		if err := d.restart(context.Background()); err != nil { // the watchdog must know the second life
			panic(err)
		}
		left.Pids = append(left.Pids, d.proc.cmd.Process.Pid, d.dog.cmd.Process.Pid)
		left.Dirs = append(left.Dirs, d.dir)
	}
	if err := json.NewEncoder(os.Stdout).Encode(left); err != nil {
		panic(err)
	}
	select {}
}

func TestKilledParentLeavesNothing(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asVictim+"=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() }) // reports the kill
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	var left remains
	if err := json.NewDecoder(out).Decode(&left); err != nil {
		t.Fatal(err)
	}
	for _, pid := range left.Pids {
		if !alive(pid) {
			t.Fatalf("process %d does not run before the kill", pid)
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for _, pid := range left.Pids {
		eventually(t, "the servers and watchdogs end", func() bool { return !alive(pid) })
	}
	for _, dir := range left.Dirs {
		eventually(t, "the directories are removed", func() bool { return !exists(dir) })
	}
}

// A server that ended by itself is not signalled later: its process id may be somebody else's.
func TestWatchdogForgetsTheEnded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/gone"
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	bystander := exec.Command("sleep", "60")
	if err := bystander.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bystander.Wait() })
	t.Cleanup(func() { _ = bystander.Process.Kill() })
	dog, err := newWatchdog("KILL", dir)
	if err != nil {
		t.Fatal(err)
	}
	dog.guard(bystander.Process.Pid)
	dog.forget()
	if err := dog.input.Close(); err != nil { // what our death does
		t.Fatal(err)
	}
	if err := dog.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if !alive(bystander.Process.Pid) || exists(dir) {
		t.Errorf("bystander alive: %v, directory there: %v", alive(bystander.Process.Pid), exists(dir))
	}
}
