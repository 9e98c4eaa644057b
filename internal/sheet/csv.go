package sheet

import (
	"bufio"
	"encoding/csv"
	"io"
)

// NewCSV writes a table as UTF-8 with a byte order mark, without which Excel takes the file for
// the system's old encoding, and with CRLF. Text that would be run as a formula gets an
// apostrophe in front; numbers and times are left as they are.
func NewCSV(w io.Writer) Writer {
	out := bufio.NewWriter(w)
	c := &csvWriter{out: out, rows: csv.NewWriter(out)}
	c.rows.UseCRLF = true
	_, c.err = out.WriteString("\uFEFF")
	return c
}

type csvWriter struct {
	out    *bufio.Writer
	rows   *csv.Writer
	record []string // of the row being written
	err    error
	done   bool
}

func (c *csvWriter) Row(cells ...Cell) error {
	if c.err != nil {
		return c.err
	}
	if c.done {
		return ErrClosed
	}
	if len(cells) == 1 && cells[0].String() == "" {
		// encoding/csv would write an empty line, which every reader skips.
		c.rows.Flush()
		_, c.err = c.out.WriteString("\"\"\r\n")
		return c.err
	}
	c.record = c.record[:0]
	for _, cell := range cells {
		s := cell.String()
		if cell.kind == text {
			s = guard(s)
		}
		c.record = append(c.record, s)
	}
	c.err = c.rows.Write(c.record)
	return c.err
}

func (c *csvWriter) Close() error {
	if c.done || c.err != nil {
		c.done = true
		return c.err
	}
	c.done = true
	c.rows.Flush()
	if c.err = c.rows.Error(); c.err == nil {
		c.err = c.out.Flush()
	}
	return c.err
}

func (c *csvWriter) Abort() {
	if !c.done && c.err == nil {
		c.err = ErrClosed
	}
	c.done = true
}
