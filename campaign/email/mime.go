package email

import (
	"encoding/base64"
	"mime"
	"mime/quotedprintable"
	"strings"
	"unicode/utf8"
)

// mimeWriter builds a message, every line of it ending in CRLF.
type mimeWriter struct{ b []byte }

// boundary stands between the parts. Neither base64 nor quoted-printable ever writes "=_".
const boundary = "=_coursecrm_part"

func (w *mimeWriter) line(s string) { w.b = append(append(w.b, s...), "\r\n"...) }

// header writes a header whose value is fit to stand there.
func (w *mimeWriter) header(name, value string) {
	w.b = append(append(append(append(w.b, name...), ": "...), value...), "\r\n"...)
}

// part writes a text with its headers, in the encoding that suits it: base64 where a good deal is
// not ASCII, for it is short and quick then, and else quoted-printable.
func (w *mimeWriter) part(kind, text string) {
	w.header("Content-Type", kind+"; charset=UTF-8")
	other := 0
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			other++
		}
	}
	if other*50 > len(text) {
		w.header("Content-Transfer-Encoding", "base64")
		w.line("")
		w.base64(text)
		return
	}
	w.header("Content-Transfer-Encoding", "quoted-printable")
	w.line("")
	q := quotedprintable.NewWriter(w)
	_, _ = q.Write([]byte(text)) // into memory, which does not fail
	_ = q.Close()
	w.line("")
}

// Write implements io.Writer.
func (w *mimeWriter) Write(p []byte) (int, error) {
	w.b = append(w.b, p...)
	return len(p), nil
}

// lineBytes fill a line of 76 characters of base64.
const lineBytes = 57

func (w *mimeWriter) base64(text string) {
	in := []byte(text)
	for len(in) > 0 {
		n := min(lineBytes, len(in))
		w.b = append(base64.StdEncoding.AppendEncode(w.b, in[:n]), "\r\n"...)
		in = in[n:]
	}
}

// encodedWords makes a text fit for a header (RFC 2047), a word on each line.
func encodedWords(text string) string {
	word := mime.BEncoding.Encode("UTF-8", text)
	if word == text { // ASCII: nothing to encode; folded where it is long
		return fold(text)
	}
	return strings.ReplaceAll(word, "?= =?", "?=\r\n =?")
}

// fold breaks a line of ASCII at blanks, at 76 characters where it can (RFC 5322).
func fold(text string) string {
	const least, most = 40, 66 // the name of the header is in front of the first line
	var b strings.Builder
	for len(text) > most {
		at := strings.LastIndexByte(text[:most], ' ')
		if at < least {
			if at = strings.IndexByte(text[most:], ' '); at < 0 {
				break
			}
			at += most
		}
		b.WriteString(text[:at])
		b.WriteString("\r\n")
		text = text[at:]
	}
	b.WriteString(text)
	return b.String()
}
