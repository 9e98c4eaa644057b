package email

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
)

// server is a mail server that does what a test tells it to. It speaks enough SMTP for one
// recipient a message.
type server struct {
	addr string
	mu   sync.Mutex
	// answer gives the reply to a command ("MAIL", "RCPT", "DATA", "." …) with its argument;
	// empty: the usual one. "cut" closes the connection instead.
	answer      func(verb, arg string) string
	got         []string // messages taken
	connections int
}

func serve(t *testing.T, answer func(verb, arg string) string) *server {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{addr: ln.Addr().String(), answer: answer}
	var wg sync.WaitGroup
	t.Cleanup(func() { ln.Close(); wg.Wait() })
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

func (s *server) talk(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	reply := func(verb, arg, usual string) bool {
		text := s.answer(verb, arg)
		if text == "" {
			text = usual
		}
		if text == "cut" {
			return false
		}
		fmt.Fprintf(conn, "%s\r\n", text)
		return !strings.HasPrefix(text, "421")
	}
	if !reply("CONNECT", "", "220 test ESMTP") {
		return
	}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		verb, arg, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch verb = strings.ToUpper(verb); verb {
		case "QUIT":
			fmt.Fprint(conn, "221 bye\r\n")
			return
		case "DATA":
			if !reply("DATA", "", "354 go on") {
				return
			}
			var b strings.Builder
			for {
				line, err := in.ReadString('\n')
				if err != nil {
					return
				}
				if line == ".\r\n" {
					break
				}
				b.WriteString(line)
			}
			text := s.answer(".", b.String())
			if text == "" || strings.HasPrefix(text, "keep ") {
				s.mu.Lock()
				s.got = append(s.got, b.String())
				s.mu.Unlock()
			}
			switch text {
			case "":
				fmt.Fprint(conn, "250 taken\r\n")
			case "cut", "keep cut":
				return
			default:
				fmt.Fprintf(conn, "%s\r\n", text)
			}
		default:
			if !reply(verb, arg, "250 ok") {
				return
			}
		}
	}
}

func (s *server) taken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.got...)
}
