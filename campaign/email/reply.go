package email

import (
	"bufio"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// reply is a server's answer to one command. The zero value: there was none.
type reply struct {
	code     int
	enhanced string // RFC 3463, like "5.1.1"; empty: none
	text     string // without codes, lines joined by a space
}

// is tells whether the answer is of a class: 2 done, 3 go on, 4 not now, 5 never.
func (r reply) is(class int) bool { return r.code/100 == class }

// maxLines bounds an answer; a line is bounded by the reader's buffer. Real ones have up to ten.
const maxLines = 50

var errReply = errors.New("not an SMTP reply")

// enhanced is a status code at the start of a line; Cisco writes "#5.1.0".
var enhanced = regexp.MustCompile(`^#?([245]\.\d{1,3}\.\d{1,3})(?:[ :-]+|$)`)

// readReply reads one answer.
func readReply(in *bufio.Reader) (reply, error) {
	var r reply
	for range maxLines {
		raw, err := in.ReadSlice('\n')
		if err != nil {
			return reply{}, fmt.Errorf("reading a reply: %w", err)
		}
		line := strings.TrimRight(string(raw), "\r\n")
		code, err := strconv.Atoi(line[:min(3, len(line))])
		if err != nil || code < 200 || code > 599 || r.code != 0 && code != r.code {
			return reply{}, errReply
		}
		r.code = code
		more := len(line) > 3 && line[3] == '-'
		if len(line) > 3 && !more && line[3] != ' ' {
			return reply{}, errReply
		}
		r.add(line[min(4, len(line)):])
		if !more {
			return r, nil
		}
	}
	return reply{}, errReply
}

// add takes in a line without its code.
func (r *reply) add(line string) {
	if r.is(2) || r.is(3) { // nobody looks at an enhanced code of success
		r.text = line
		return
	}
	if m := enhanced.FindStringSubmatch(line); m != nil && int(m[1][0]-'0') == r.code/100 {
		r.enhanced = m[1]
		line = line[len(m[0]):]
	}
	if r.text != "" {
		r.text += " "
	}
	r.text += line
}

// queued finds the name under which the server took a message, in the words of Postfix, Exim and
// their like: what to look for in its logs. Empty: it named none.
func (r reply) queued() string {
	for _, before := range []string{"queued as ", "id="} {
		if _, rest, ok := strings.Cut(r.text, before); ok {
			name, _, _ := strings.Cut(strings.TrimLeft(rest, " <"), " ")
			if name = strings.TrimRight(name, ">.;,)"); len(name) <= 100 && isPrintable(name) {
				return name
			}
		}
	}
	return ""
}
