package devstack

import (
	"fmt"
	"io"
	"os/exec"
	"sync"
)

// watchdog is a shell that outlives us by a moment: it ends our server and removes its temporary
// directory when we die without doing so ourselves, by kill -9, a test timeout or os.Exit.
//
// It learns of our death by the end of its input, a pipe whose other end only we hold. That works
// alike on Linux and macOS, and also cleans up; Linux's parent-death signal would do neither, and is
// tied to a thread that the Go runtime may end.
type watchdog struct {
	mu    sync.Mutex
	cmd   *exec.Cmd
	input io.WriteCloser
}

// The script reads the process id at every start of the server and an empty line at every end.
// PostgreSQL needs a moment after the signal, and its directory cannot go before it has. With us gone
// its remains may stay a zombie for a while, where process 1 is slow to reap; that counts as ended.
const watchdogScript = `
while read -r line; do pid=$line; done
if [ -n "$pid" ] && kill -"$1" "$pid"; then
	tries=0
	while [ $tries -lt 200 ] && kill -0 "$pid" && ! grep -q ') Z ' "/proc/$pid/stat"; do
		sleep 0.05
		tries=$((tries + 1))
	done
fi
[ -z "$2" ] || rm -rf "$2"
`

// newWatchdog starts a watchdog that will send the named signal and then remove dir, if any.
func newWatchdog(signal, dir string) (*watchdog, error) {
	cmd := exec.Command("/bin/sh", "-c", watchdogScript, "devstack-watchdog", signal, dir)
	cmd.Dir = "/"
	detach(cmd, nil)
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start watchdog: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start watchdog: %w", err)
	}
	return &watchdog{cmd: cmd, input: input}, nil
}

// guard makes the process the one to end; forget takes that back. A watchdog that is gone cannot be
// told, which is no reason to fail: it matters only when we are killed.
func (w *watchdog) guard(pid int) { w.tell(fmt.Sprintln(pid)) }
func (w *watchdog) forget()       { w.tell("\n") }

func (w *watchdog) tell(line string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, _ = io.WriteString(w.input, line)
}

// dismiss ends the watchdog without its doing anything.
func (w *watchdog) dismiss() {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.cmd.Process.Kill()
	_ = w.input.Close()
	_ = w.cmd.Wait() // says only that it was killed
}
