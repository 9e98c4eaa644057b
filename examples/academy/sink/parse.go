package sink

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
)

// Header is a line of a mail's head, decoded.
type Header struct{ Name, Value string }

// Content is what a mail says.
type Content struct {
	Headers     []Header
	Text, HTML  string
	Attachments []string // names
	Problem     string   // why the mail could not be read whole; empty: it could
}

// maxDepth bounds how deep multiparts may be nested.
const maxDepth = 8

// Parse reads a mail's source. It shows what it can of a malformed one.
func Parse(raw []byte) Content {
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Content{Text: clean(string(raw)), Problem: err.Error()}
	}
	var c Content
	for _, name := range slices.Sorted(maps.Keys(msg.Header)) {
		for _, value := range msg.Header[name] {
			c.Headers = append(c.Headers, Header{name, decode(value)})
		}
	}
	if err := c.part(msg.Header.Get("Content-Type"), msg.Header.Get("Content-Transfer-Encoding"), "", msg.Body, 0); err != nil {
		c.Problem = err.Error()
	}
	return c
}

// part reads a part and the parts inside it. The first text and the first HTML are what is shown.
func (c *Content) part(contentType, encoding, filename string, body io.Reader, depth int) error {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		kind = "text/plain" // RFC 2045, 5.2: so is mail without a (readable) type
	}
	if strings.HasPrefix(kind, "multipart/") {
		return c.parts(body, params["boundary"], depth)
	}
	content, err := io.ReadAll(decoded(encoding, body))
	switch {
	case filename != "":
		c.Attachments = append(c.Attachments, clean(filename))
	case kind == "text/html" && c.HTML == "":
		c.HTML = clean(string(content))
	case kind == "text/plain" && c.Text == "":
		c.Text = clean(string(content))
	default:
		c.Attachments = append(c.Attachments, kind)
	}
	return err
}

// parts reads the parts of a multipart.
func (c *Content) parts(body io.Reader, boundary string, depth int) error {
	if depth == maxDepth {
		return errors.New("nested too deep")
	}
	reader := multipart.NewReader(body, boundary)
	for n := 0; ; n++ {
		p, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) && n > 0 {
			return nil
		}
		if err == nil {
			err = c.part(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p.FileName(), p, depth+1)
		}
		if err != nil {
			return err
		}
	}
}

// decoded undoes a transfer encoding.
func decoded(encoding string, body io.Reader) io.Reader {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body)
	}
	return body
}

// decode undoes the encoding of a header.
func decode(value string) string {
	text, err := new(mime.WordDecoder).DecodeHeader(value)
	if err != nil {
		text = value
	}
	return clean(text)
}

// head are the lines of a mail's head that are kept beside its source.
type head struct{ from, subject, messageID string }

func parseHead(raw []byte) head {
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return head{}
	}
	h := msg.Header
	return head{from: decode(h.Get("From")), subject: decode(h.Get("Subject")), messageID: decode(h.Get("Message-Id"))}
}
