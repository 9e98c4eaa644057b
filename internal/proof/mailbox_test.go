package proof

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// mailbox is a mail server that counts what reaches whom.
type mailbox struct {
	mu     sync.Mutex
	got    map[string]int
	put    map[string]bool      // who was put off once already
	putOff func(to string) bool // nil: nobody is
	slow   time.Duration
}

// NewSession implements smtp.Backend.
func (m *mailbox) NewSession(*smtp.Conn) (smtp.Session, error) { return &letter{box: m}, nil }

// letter is one connection's conversation.
type letter struct {
	box *mailbox
	to  string
}

func (l *letter) Reset()                               {}
func (l *letter) Logout() error                        { return nil }
func (l *letter) Mail(string, *smtp.MailOptions) error { return nil }

// Rcpt puts some off, once.
func (l *letter) Rcpt(to string, _ *smtp.RcptOptions) error {
	l.to = to
	b := l.box
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.putOff == nil || !b.putOff(to) || b.put[to] {
		return nil
	}
	b.put[to] = true
	return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "later"}
}

func (l *letter) Data(r io.Reader) error {
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	l.box.mu.Lock()
	l.box.got[l.to]++
	l.box.mu.Unlock()
	time.Sleep(l.box.slow) // the answer is on its way: a kill here leaves an unknown
	return nil
}

func startMailbox(t testing.TB) (*mailbox, string) {
	t.Helper()
	box := &mailbox{got: map[string]int{}, put: map[string]bool{}, slow: 2 * time.Millisecond}
	listener := listen(t)
	box.serve(t, listener)
	return box, listener.Addr().String()
}

// serve answers until the test ends or stop is called.
func (m *mailbox) serve(t testing.TB, listener net.Listener) (stop func()) {
	server := smtp.NewServer(m)
	server.Domain, server.ErrorLog = "test", quiet{} // killed clients reset their connections
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }() // it says that it was closed
	var once sync.Once
	stop = func() { once.Do(func() { server.Close(); <-done }) }
	t.Cleanup(stop)
	return stop
}

// twice lists who got more than one mail.
func (m *mailbox) twice() (out []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for to, n := range m.got {
		if n > 1 {
			out = append(out, to)
		}
	}
	return out
}

func (m *mailbox) reached() int { m.mu.Lock(); defer m.mu.Unlock(); return len(m.got) }

// quiet keeps the mail server's complaints to itself.
type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}
