package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
)

// mailSink is postfix's smtp-sink: it takes all mail and keeps none.
type mailSink struct {
	cmd  *exec.Cmd
	addr string
}

func startSink(ctx context.Context) (*mailSink, error) {
	program, err := exec.LookPath("smtp-sink")
	if err != nil { // it is not on every user's path
		program = "/usr/sbin/smtp-sink"
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := listener.Addr().String()
	if err := listener.Close(); err != nil {
		return nil, err
	}
	args := []string{addr, "1000"}
	if os.Geteuid() == 0 { // it wants to be told as whom to go on
		args = append([]string{"-u", "root"}, args...)
	}
	s := &mailSink{cmd: exec.Command(program, args...), addr: addr}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start smtp-sink: %w", err)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err == nil {
			return s, conn.Close()
		}
		if time.Now().After(end) {
			s.stop()
			return nil, fmt.Errorf("smtp-sink does not answer: %w", err)
		}
	}
}

func (s *mailSink) stop() {
	_ = s.cmd.Process.Kill() // it may be gone already
	_ = s.cmd.Wait()
}

// mails is how many each side sends in a round: so many that what happens once for a campaign does
// not count for much.
func (b *bench) mails() int { return max(b.n(100_000), 20_000) }

// people is how many there are: enough that nobody gets two mails in the measured rounds.
func (b *bench) people() int { return max(b.n(1_000_000), (mailRounds+1)*b.mails()) }

// mailing compares a campaign, from its launch to the receipt of its last mail, with a bare program
// that writes the same mails over as many kept connections.
func (s *audience) mailing(ctx context.Context, b *bench, sink *mailSink) error {
	n := b.mails()
	mails, err := s.sample(ctx, b)
	if err != nil {
		return err
	}
	w, err := b.startMailer(ctx, sink.addr)
	if err != nil {
		return err
	}
	defer w.stop()
	// One small campaign and a few bare mails first: connections, caches and code are warm for both.
	if err := s.send(ctx, 0, n, 0); err != nil {
		return err
	}
	var ours, inStep, ahead []time.Duration
	for round := range mailRounds {
		began := time.Now()
		if err := s.send(ctx, (round+1)*n, n, 7); err != nil {
			return err
		}
		ours = append(ours, time.Since(began))
		for _, way := range []struct {
			times     *[]time.Duration
			pipelined bool
		}{{&inStep, false}, {&ahead, true}} {
			began = time.Now()
			if err := writeBare(ctx, sink.addr, mails, n, way.pipelined); err != nil {
				return err
			}
			*way.times = append(*way.times, time.Since(began))
		}
	}
	speed := func(d []time.Duration) float64 { return float64(n) / median(d) }
	b.atLeast("e-mails end to end / bare program", speed(ours), speed(inStep), "mails/s", 0.7)
	b.fact("… the bare program, waiting for no answer", speed(ahead), "mails/s")
	return nil
}

// send launches a campaign and waits until its last mail is accounted for.
func (s *audience) send(ctx context.Context, from, n, days int) error {
	id, err := s.launch(ctx, from, n, days)
	if err != nil {
		return err
	}
	for {
		c, err := s.service.Find(ctx, id)
		if err != nil {
			return err
		}
		if c.State == campaign.Done {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	r, err := s.service.Result(ctx, id)
	if err == nil && r.ByState[campaign.Accepted] != int64(n) {
		err = fmt.Errorf("%d of %d mails are accepted: %v", r.ByState[campaign.Accepted], n, r.ByState)
	}
	return err
}

// writeBare writes n mails over kept connections. Pipelined, the end of a mail and the envelope of
// the next travel together; else each answer is waited for.
func writeBare(ctx context.Context, addr string, mails []mail, n int, pipelined bool) error {
	errs := make(chan error, connections)
	var wg sync.WaitGroup
	for i := range connections {
		wg.Go(func() {
			errs <- bareConnection(ctx, addr, mails, i, n, pipelined)
		})
	}
	wg.Wait()
	close(errs)
	var all []error
	for err := range errs {
		all = append(all, err)
	}
	return errors.Join(all...)
}

func bareConnection(ctx context.Context, addr string, mails []mail, first, n int, pipelined bool) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	buf := make([]byte, 4096)
	pending := ""
	answers := func(count int) error { // each answer but that to EHLO is one line
		for ; count > 0; count-- {
			for !strings.Contains(pending, "\n") {
				k, err := conn.Read(buf)
				if err != nil {
					return err
				}
				pending += string(buf[:k])
			}
			line, rest, _ := strings.Cut(pending, "\n")
			pending = rest
			if line[0] > '3' {
				return fmt.Errorf("smtp-sink: %s", line)
			}
			if len(line) > 3 && line[3] == '-' {
				count++
			}
		}
		return nil
	}
	say := func(text string, count int) error {
		if _, err := conn.Write([]byte(text)); err != nil {
			return err
		}
		return answers(count)
	}
	if err := say("EHLO bench\r\n", 2); err != nil { // the greeting too
		return err
	}
	const from, data = "MAIL FROM:<hello@mail.example.com>\r\n", "DATA\r\n"
	opened := false
	for i := first; i < n; i += connections {
		m := mails[i%len(mails)]
		rcpt := "RCPT TO:<" + m.to + ">\r\n"
		if !pipelined {
			for _, step := range []string{from, rcpt, data, m.content + "\r\n.\r\n"} {
				if err := say(step, 1); err != nil {
					return err
				}
			}
			continue
		}
		if !opened {
			if err := say(from+rcpt+data, 3); err != nil {
				return err
			}
			opened = true
		}
		if next := i + connections; next < n {
			err = say(m.content+"\r\n.\r\n"+from+"RCPT TO:<"+mails[next%len(mails)].to+">\r\n"+data, 4)
		} else {
			err = say(m.content+"\r\n.\r\n", 1)
		}
		if err != nil {
			return err
		}
	}
	return say("QUIT\r\n", 1)
}

// memory compares the peaks of a worker that sends few mails and of one that sends a hundred times
// as many.
func (s *audience) memory(ctx context.Context, b *bench, sink *mailSink) error {
	few, many := 10_000, b.people()
	peak := func(n, times int) (float64, error) {
		w, err := b.startMailer(ctx, sink.addr)
		if err != nil {
			return 0, err
		}
		defer w.stop()
		for range times {
			if err := s.send(ctx, 0, n, 0); err != nil {
				return 0, err
			}
		}
		return w.peak()
	}
	// Several small campaigns, so that both processes live long enough to reach what they need.
	small, err := peak(few, 5)
	if err != nil {
		return err
	}
	large, err := peak(many, 1)
	if err != nil {
		return err
	}
	b.atMost(fmt.Sprintf("peak memory at %d / at %d recipients", many, few), large, small, "MB", 1.3)
	return nil
}
