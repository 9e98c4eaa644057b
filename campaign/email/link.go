package email

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"slices"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// link is a connection on which the server has greeted us. One session at a time uses it.
type link struct {
	conn       net.Conn // beneath TLS: deadlines and closing reach through
	in         *bufio.Reader
	out        *bufio.Writer
	timeout    time.Duration
	mailFrom   string
	pipelining bool
	utf8       bool // takes addresses that are not ASCII
	served     bool // has been of use, so a failure at the next MAIL may mean that it went stale
	owes       debt
	buf        []byte
}

// debt is what a connection needs before the next envelope.
type debt int

const (
	nothing debt = iota
	content      // DATA was answered 354: the message and its final dot
	loneDot      // DATA was answered 354 though the recipient was refused: RFC 2920 wants an empty end
	reset        // the envelope was refused: RSET
)

// step is a command that gets one answer.
type step int

const (
	stepEnd step = iota // what the connection owes
	stepMail
	stepRcpt
	stepData
	steps
)

// turn is one exchange: it pays what the connection owes and opens the next message.
type turn struct {
	pays    debt
	message []byte  // when content is owed
	next    *letter // whose envelope follows; nil: none
	answers [steps]reply
	ended   bool // the final dot of the message was handed to the network, or may have been
}

// patience is how many times longer the answer to content may take.
const patience = 3

var (
	errClosing = errors.New("server closes the connection")
	errTurn    = errors.New("server spoke out of turn")
)

func newLink(conn net.Conn, client *smtp.Client, d *dialer) *link {
	l := &link{conn: conn, in: client.Text.R, out: client.Text.W, timeout: d.timeout, mailFrom: d.mailFrom}
	l.pipelining, _ = client.Extension("PIPELINING")
	l.utf8, _ = client.Extension("SMTPUTF8")
	return l
}

// talk has one exchange. After an error the link is of no use; the answers that came are there.
//
// Without pipelining commands go one by one, and those that make no sense any more do not go at all.
func (l *link) talk(t *turn) error {
	var all []step
	if t.pays != nothing {
		all = append(all, stepEnd)
	}
	if t.next != nil {
		all = append(all, stepMail, stepRcpt, stepData)
	}
	size := 1
	if l.pipelining {
		size = len(all)
	}
	for group := range slices.Chunk(all, max(size, 1)) {
		if err := l.exchange(t, group); err != nil {
			return err
		}
		if last := group[len(group)-1]; last != stepEnd && !t.answers[last].is(2) {
			break
		}
	}
	return nil
}

// exchange sends commands in one write and reads an answer to each.
func (l *link) exchange(t *turn, group []step) error {
	wait, dot := l.timeout, 0
	l.buf = l.buf[:0]
	for _, s := range group {
		l.buf = l.put(l.buf, t, s)
		if s == stepEnd && t.pays == content {
			wait, dot = patience*wait, len(l.buf)-len(".\r\n")
		}
	}
	if err := l.conn.SetDeadline(time.Now().Add(wait)); err != nil {
		return err
	}
	sent, err := l.write(l.buf)
	t.ended = t.ended || dot > 0 && sent > dot
	if err != nil {
		return err
	}
	for _, s := range group {
		if t.answers[s], err = readReply(l.in); err != nil {
			return err
		}
		if t.answers[s].code == 421 {
			return errClosing
		}
	}
	return l.silent(t, group)
}

// silent checks that the server has said no more than it was asked. A last word before it closes
// is usual; anything else means that answers and questions do not match, so none is believed.
func (l *link) silent(t *turn, group []step) error {
	n := l.in.Buffered()
	if n == 0 {
		return nil
	}
	if more, err := l.in.Peek(min(n, 3)); err == nil && string(more) == "421" {
		return errClosing
	}
	for _, s := range group {
		t.answers[s] = reply{}
	}
	return errTurn
}

// write tells also how many bytes were handed to the network when it fails.
func (l *link) write(p []byte) (int, error) {
	n, err := l.out.Write(p)
	if err != nil { // p is larger than the buffer, went past it and was cut off
		return n, err
	}
	err = l.out.Flush()
	return len(p) - l.out.Buffered(), err
}

// put appends a command.
func (l *link) put(buf []byte, t *turn, s step) []byte {
	switch {
	case s == stepEnd && t.pays == content:
		return append(appendDotted(buf, t.message), ".\r\n"...)
	case s == stepEnd && t.pays == loneDot:
		return append(buf, ".\r\n"...)
	case s == stepEnd:
		return append(buf, "RSET\r\n"...)
	case s == stepMail:
		buf = append(buf, l.mailFrom...)
		if t.next.utf8 {
			buf = append(buf, " BODY=8BITMIME SMTPUTF8"...)
		}
		return append(buf, "\r\n"...)
	case s == stepRcpt:
		return append(append(append(buf, "RCPT TO:"...), t.next.to...), "\r\n"...)
	}
	return append(buf, "DATA\r\n"...)
}

// appendDotted appends a message whose lines end in CRLF, with a dot before each that begins with
// one, so that none looks like the end.
func appendDotted(buf, message []byte) []byte {
	for line := range bytes.Lines(message) {
		if line[0] == '.' {
			buf = append(buf, '.')
		}
		buf = append(buf, line...)
	}
	return buf
}

// close ends the connection at once.
func (l *link) close() { _ = l.conn.Close() }

// quit ends it as the protocol wants, as far as that can be done in time.
func (l *link) quit(by time.Time) {
	defer l.close()
	if l.conn.SetDeadline(by) != nil || l.owes == content || l.owes == loneDot {
		return
	}
	if _, err := l.write([]byte("QUIT\r\n")); err == nil {
		_, _ = readReply(l.in) // what it says does not matter any more
	}
}
