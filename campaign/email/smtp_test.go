package email

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
)

// server is a mail server that does what a test tells it to. It speaks enough SMTP for one
// recipient a message, and notes what no mail client may do.
type server struct {
	// answer gives the reply to a command ("CONNECT", "MAIL", "RCPT", "DATA", "." …) with its
	// argument, for "." the message; empty: the usual one. "cut" closes the connection instead and
	// "hang" says nothing more; "keep cut" and "keep hang" take the message before. What ends in
	// " then cut" is said before closing.
	answer     func(verb, arg string) string
	pipelining bool
	utf8       bool
	secure     *tls.Config // offered as STARTTLS
	implicit   bool        // TLS from the first byte
	password   string      // of user "u"; empty: no login

	addr  string
	close chan struct{}
	ended chan struct{} // a word for each connection that is over
	mu    sync.Mutex

	got         []string // messages taken
	reached     map[string]int
	wrong       []string // what a client did and may not
	connections int
	groups      int // commands that came together with the one before
}

// start makes it listen until the test ends.
func start(t testing.TB, s *server) *server {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr, s.close, s.reached = ln.Addr().String(), make(chan struct{}), map[string]int{}
	s.ended = make(chan struct{}, 1000)
	if s.answer == nil {
		s.answer = func(string, string) string { return "" }
	}
	if s.implicit {
		ln = tls.NewListener(ln, s.secure)
	}
	var wg sync.WaitGroup
	t.Cleanup(func() {
		ln.Close()
		close(s.close)
		wg.Wait()
		for _, w := range s.wrong {
			t.Error("the client did wrong:", w)
		}
	})
	wg.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.connections++
			s.mu.Unlock()
			wg.Go(func() { s.talk(conn) })
		}
	})
	return s
}

// talk serves one connection. It ends with the test at the latest.
func (s *server) talk(conn net.Conn) {
	done := make(chan struct{})
	defer func() { close(done); s.ended <- struct{}{} }()
	go func() {
		select {
		case <-s.close:
		case <-done:
		}
		conn.Close()
	}()
	c := &conversation{server: s, conn: conn, in: bufio.NewReader(conn)}
	defer func() { c.conn.Close() }()
	if !c.reply("CONNECT", "", "220 test ESMTP") {
		return
	}
	for {
		line, err := c.in.ReadString('\n')
		if err != nil {
			return
		}
		if c.in.Buffered() > 0 {
			s.mu.Lock()
			s.groups++
			s.mu.Unlock()
		}
		verb, arg, _ := strings.Cut(strings.TrimSuffix(line, "\r\n"), " ")
		if !c.command(verb, arg) {
			return
		}
	}
}

// conversation is a connection with where its transaction stands.
type conversation struct {
	*server
	conn       net.Conn
	in         *bufio.Reader
	login      bool
	mail, rcpt bool
	to         string
}

func (c *conversation) wrongly(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrong = append(c.wrong, what)
}

// say answers; false: the connection is over.
func (c *conversation) say(text string) bool {
	text, over := strings.CutSuffix(text, " then cut")
	switch text {
	case "cut", "keep cut":
		return false
	case "hang", "keep hang":
		<-c.close
		return false
	}
	fmt.Fprintf(c.conn, "%s\r\n", text)
	return !over && !strings.HasPrefix(text, "421")
}

func (c *conversation) reply(verb, arg, usual string) bool {
	if text := c.answer(verb, arg); text != "" {
		return c.say(text)
	}
	return c.say(usual)
}

func (c *conversation) command(verb, arg string) bool {
	usual := "250 2.0.0 ok"
	switch verb {
	case "EHLO":
		usual = c.hello()
	case "STARTTLS":
		if !c.say("220 go on") {
			return false
		}
		c.conn = tls.Server(c.conn, c.secure)
		c.in = bufio.NewReader(c.conn)
		return true
	case "AUTH":
		want := base64.StdEncoding.EncodeToString([]byte("\x00u\x00" + c.password))
		c.login = arg == "PLAIN "+want
		if usual = "235 2.7.0 welcome"; !c.login {
			usual = "535 5.7.8 no"
		}
	case "MAIL":
		if c.mail {
			return c.say("503 5.5.1 nested MAIL")
		}
		if usual = "250 2.1.0 ok"; c.password != "" && !c.login {
			usual = "530 5.7.0 who are you"
		}
		c.mail = c.taken250(verb, arg, &usual)
		return c.say(usual)
	case "RCPT":
		if !c.mail {
			usual = "503 5.5.1 need MAIL"
			return c.say(usual)
		}
		usual = "250 2.1.5 ok"
		c.rcpt = c.taken250(verb, arg, &usual)
		c.to = strings.Trim(strings.TrimPrefix(arg, "TO:"), "<>")
		return c.say(usual)
	case "DATA":
		return c.data()
	case "RSET":
		if c.taken250(verb, arg, &usual) {
			c.mail, c.rcpt = false, false
		}
		return c.say(usual)
	case "QUIT":
		c.say("221 bye")
		return false
	}
	return c.reply(verb, arg, usual)
}

// taken250 puts the test's answer in place and tells whether it takes the command.
func (c *conversation) taken250(verb, arg string, usual *string) bool {
	if text := c.answer(verb, arg); text != "" {
		*usual = text
	}
	return strings.HasPrefix(*usual, "25")
}

func (c *conversation) hello() string {
	lines := []string{"250-test"}
	for name, on := range map[string]bool{"PIPELINING": c.pipelining, "8BITMIME": c.utf8, "SMTPUTF8": c.utf8,
		"AUTH LOGIN PLAIN": c.password != "", "STARTTLS": c.secure != nil && !c.implicit && c.in.Buffered() == 0} {
		if _, secured := c.conn.(*tls.Conn); on && !(secured && name == "STARTTLS") {
			lines = append(lines, "250-"+name)
		}
	}
	return strings.Join(append(lines, "250 ENHANCEDSTATUSCODES"), "\r\n")
}

// data takes a message. A test may have DATA answered 354 though there is no recipient.
func (c *conversation) data() bool {
	usual := "354 go on"
	if !c.rcpt {
		usual = "554 5.5.1 no valid recipients"
		if !c.pipelining {
			c.wrongly("DATA for nobody")
		}
	}
	if text := c.answer("DATA", c.to); text != "" {
		usual = text
	}
	if !c.say(usual) {
		return false
	}
	if !strings.HasPrefix(usual, "354") {
		return true
	}
	var b strings.Builder
	for {
		line, err := c.in.ReadString('\n')
		if line != ".\r\n" && line != "" && !c.rcpt {
			c.wrongly("content for nobody")
		}
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
	valid := c.rcpt
	c.mail, c.rcpt = false, false
	if !valid {
		return c.reply("LONE", "", "554 5.5.1 no valid recipients")
	}
	text := c.answer(".", b.String())
	if text == "" {
		text = "250 2.0.0 Ok: queued as 4AbC"
	}
	if strings.HasPrefix(text, "2") || strings.HasPrefix(text, "keep ") {
		c.mu.Lock()
		c.got = append(c.got, b.String())
		c.reached[c.to]++
		c.mu.Unlock()
	}
	return c.say(text)
}

func (s *server) taken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}
