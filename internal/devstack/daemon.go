package devstack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

const (
	startTimeout = 2 * time.Minute  // crash recovery of a full database takes its time
	stopTimeout  = 20 * time.Second // then the server is killed
)

// daemon is one server process that can be stopped and started again on the same port: all that
// PostgreSQL and Redis have in common. Its methods may be called at once; they take turns.
type daemon struct {
	name    string // for logs, errors and the log file
	dir     string // the log file is here; the server's working directory
	remove  bool   // dir is temporary
	log     *slog.Logger
	command func(port int) *exec.Cmd
	probe   func(ctx context.Context, port, pid int) error // nil: this very process answers on the port
	stopSig syscall.Signal                                 // ends it in good order
	killSig syscall.Signal                                 // ends it at once, as a crash would

	mu   sync.Mutex
	port int // 0 until the first start has found one
	proc *process
	dog  *watchdog
}

// process is one life of a daemon.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
}

func (p *process) ended() bool {
	if p == nil {
		return true
	}
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// watch sets the watchdog on the daemon; it comes before everything else that can be left behind.
func (d *daemon) watch(signal string) (err error) {
	removed := ""
	if d.remove {
		removed = d.dir
	}
	d.dog, err = newWatchdog(signal, removed)
	return err
}

// start starts the server unless it runs, and returns when it answers. The context bounds the
// waiting, not the server's life.
func (d *daemon) start(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.proc.ended() {
		return nil
	}
	if d.dog == nil {
		return fmt.Errorf("start %s: %w", d.name, os.ErrClosed)
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for attempt := 1; ; attempt++ {
		port, err := d.port, error(nil)
		if port == 0 {
			port, err = freePort()
		}
		if err == nil {
			err = d.launch(ctx, port)
		}
		if err == nil {
			if d.port == 0 { // written once, so that those who read it later need no lock
				d.port = port
			}
			d.log.Debug("server started", "server", d.name, "port", port)
			return nil
		}
		if !errors.Is(err, errPortTaken) || attempt == 20 {
			return fmt.Errorf("start %s: %w", d.name, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond): // its own port: perhaps free again in a moment
		}
	}
}

// launch tries one port.
func (d *daemon) launch(ctx context.Context, port int) error {
	logFile, err := openLog(filepath.Join(d.dir, d.name+".log"))
	if err != nil {
		return err
	}
	defer logFile.Close()
	cmd := d.command(port)
	cmd.Stdout, cmd.Stderr = logFile.File, logFile.File
	if err := cmd.Start(); err != nil {
		return err
	}
	d.dog.guard(cmd.Process.Pid)
	p := &process{cmd: cmd, done: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // how it ended is in its log
		d.dog.forget()
		close(p.done)
	}()
	d.proc = p
	for {
		err := d.probe(ctx, port, cmd.Process.Pid)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return logFile.explain()
		case <-ctx.Done():
			d.end(context.Background(), d.killSig)
			return fmt.Errorf("no answer: %w; %w", errors.Join(ctx.Err(), err), logFile.explain())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// stop ends the server with the signal and returns when it has gone.
func (d *daemon) stop(ctx context.Context, sig syscall.Signal) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.end(ctx, sig)
}

func (d *daemon) end(ctx context.Context, sig syscall.Signal) error {
	if d.proc.ended() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, stopTimeout)
	defer cancel()
	for _, s := range []syscall.Signal{sig, d.killSig} {
		if err := d.proc.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("stop %s: %w", d.name, err)
		}
		select {
		case <-d.proc.done:
			d.log.Debug("server stopped", "server", d.name, "signal", s)
			return nil
		case <-ctx.Done():
			// A server that hangs in its good order is killed, and given its time for that.
			ctx, cancel = context.WithTimeout(context.Background(), stopTimeout)
			defer cancel()
		}
	}
	_ = d.proc.cmd.Process.Kill()
	<-d.proc.done
	return fmt.Errorf("stop %s: it took kill -9", d.name)
}

// restart stops the server in good order and starts it on the same port.
func (d *daemon) restart(ctx context.Context) error {
	if err := d.stop(ctx, d.stopSig); err != nil {
		return err
	}
	return d.start(ctx)
}

// close stops the server for good and removes what is temporary. It may be called again.
func (d *daemon) close(sig syscall.Signal) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := d.end(context.Background(), sig)
	if d.dog != nil {
		d.dog.dismiss()
		d.dog = nil
	}
	if d.remove {
		err = errors.Join(err, os.RemoveAll(d.dir))
	}
	return err
}
