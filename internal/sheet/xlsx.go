package sheet

import (
	"archive/zip"
	"cmp"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

// MaxRows is how many rows a workbook holds below its header.
const MaxRows = excelize.TotalRows - 1

// NewXLSX writes a table as a workbook of one sheet: a bold header that stays on top, text as
// text, sums and times as numbers. Text is cut after 32,767 characters, the most that a cell
// holds. Rows beyond [MaxRows] give [ErrTooManyRows], and so does Close when the sheet has more than
// 4 GB before it is zipped; then there is no workbook.
//
// A workbook can only be written whole, so w gets everything on Close. Until then the rows wait in
// a temporary file, which is gone after Close or Abort.
func NewXLSX(w io.Writer) Writer { return &xlsxWriter{w: w, limit: MaxRows, room: math.MaxUint32} }

type xlsxWriter struct {
	w     io.Writer
	limit int    // rows below the header
	room  int64  // bytes of the sheet: Excel wants larger ones zipped in a way Go's zip does not know
	tmp   string // where temporary files go; empty: the system's place

	dir    string // of our own in tmp: removing it leaves nothing behind, whatever was in it
	file   *excelize.File
	stream *excelize.StreamWriter
	bold   int
	clock  int
	sums   map[int]int // styles, by digits behind the point
	rows   int
	values []any // of the row being written
	err    error
	done   bool
}

func (x *xlsxWriter) Row(cells ...Cell) error {
	switch {
	case x.err != nil:
		return x.err
	case x.done:
		return ErrClosed
	}
	x.err = x.row(cells)
	return x.err
}

func (x *xlsxWriter) row(cells []Cell) error {
	if x.rows > x.limit {
		return ErrTooManyRows
	}
	if x.file == nil {
		if err := x.start(len(cells)); err != nil {
			return fmt.Errorf("start a workbook: %w", err)
		}
	}
	x.values = x.values[:0]
	for _, c := range cells {
		v, err := x.value(c)
		if err != nil {
			return err
		}
		x.values = append(x.values, v)
	}
	x.rows++
	if err := x.stream.SetRow("A"+strconv.Itoa(x.rows), x.values); err != nil {
		return fmt.Errorf("row %d of a workbook: %w", x.rows, err)
	}
	return nil
}

// start opens the workbook. The directory is made here because excelize would silently keep all
// rows in memory if it could not make its file.
func (x *xlsxWriter) start(columns int) (err error) {
	if x.dir, err = os.MkdirTemp(x.tmp, "coursecrm-sheet-"); err != nil {
		return err
	}
	x.file = excelize.NewFile(excelize.Options{TmpDir: x.dir})
	if x.bold, err = x.file.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}}); err != nil {
		return err
	}
	if x.clock, err = x.format("yyyy-mm-dd hh:mm:ss"); err != nil {
		return err
	}
	x.sums = map[int]int{}
	if x.stream, err = x.file.NewStreamWriter(x.file.GetSheetName(0)); err != nil {
		return err
	}
	if columns > 0 { // in a column of the usual width a time shows as ########
		if err = x.stream.SetColWidth(1, columns, 20); err != nil {
			return err
		}
	}
	return x.stream.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"})
}

func (x *xlsxWriter) format(code string) (int, error) {
	return x.file.NewStyle(&excelize.Style{CustomNumFmt: &code})
}

// value gives what excelize writes for a cell; nil is no cell at all.
func (x *xlsxWriter) value(c Cell) (any, error) {
	v := excelize.Cell{}
	switch c.kind {
	case empty:
		return nil, nil
	case text:
		v.Value = c.text
	case whole:
		v.Value = c.number
	case money:
		n, err := strconv.ParseFloat(c.String(), 64)
		if err != nil {
			return nil, err
		}
		if v.StyleID, err = x.sum(c.digits); err != nil {
			return nil, err
		}
		v.Value = n
	case moment:
		// A spreadsheet knows no years before 1900 and rounds parts of a second up.
		v.Value, v.StyleID = c.at.Truncate(time.Second), x.clock
		if year := c.at.Year(); year < 1900 || year > 9999 {
			v.Value, v.StyleID = c.String(), 0
		}
	}
	if x.rows == 0 {
		v.StyleID, v.Value = x.bold, c.String()
	}
	return v, nil
}

// sum gives the style of sums with that many digits behind the point; a format has at most 30.
func (x *xlsxWriter) sum(digits int) (int, error) {
	if style, ok := x.sums[digits]; ok {
		return style, nil
	}
	code := "0"
	if digits > 0 {
		code += "." + strings.Repeat("0", min(digits, 30))
	}
	style, err := x.format(code)
	if err == nil {
		x.sums[digits] = style
	}
	return style, err
}

func (x *xlsxWriter) Close() error {
	if x.done {
		return x.err
	}
	x.done = true
	if x.err == nil {
		x.err = x.finish()
	}
	if err := x.clear(); x.err == nil {
		x.err = err
	}
	return x.err
}

func (x *xlsxWriter) finish() error {
	if x.file == nil { // no rows: an empty workbook, but a workbook
		if err := x.start(0); err != nil {
			return fmt.Errorf("start a workbook: %w", err)
		}
	}
	if err := x.stream.Flush(); err != nil {
		return fmt.Errorf("spool a workbook: %w", err)
	}
	if size, err := spooled(x.dir); err != nil || size > x.room {
		return cmp.Or(err, ErrTooManyRows)
	}
	// excelize would zip into a buffer of its own and write that to the writer it is given; we
	// zip straight into ours, and nothing is left for that buffer.
	x.file.SetZipWriter(func(io.Writer) excelize.ZipWriter { return zip.NewWriter(x.w) })
	if err := x.file.Write(io.Discard); err != nil {
		return fmt.Errorf("write a workbook: %w", err)
	}
	return nil
}

// spooled is the size of the files in dir; a small sheet has none, it is still in memory.
func spooled(dir string) (size int64, err error) {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		info, problem := e.Info()
		if problem != nil {
			return 0, problem
		}
		size += info.Size()
	}
	return size, err
}

func (x *xlsxWriter) Abort() {
	if x.done {
		return
	}
	x.done = true
	if x.err == nil {
		x.err = ErrClosed
	}
	_ = x.clear() // best effort: whoever gives up has an error of their own to tell
}

// clear removes the temporary file.
func (x *xlsxWriter) clear() error {
	var err error
	if x.file != nil {
		err = x.file.Close()
		x.file, x.stream = nil, nil
	}
	if x.dir != "" {
		if gone := os.RemoveAll(x.dir); err == nil {
			err = gone
		}
	}
	return err
}
