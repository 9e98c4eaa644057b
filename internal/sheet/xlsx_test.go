package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// open reads a workbook back.
func open(t *testing.T, file []byte) (f *excelize.File, sheet string) {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f, f.GetSheetName(0)
}

func readXLSX(t *testing.T, file []byte, opts ...excelize.Options) [][]string {
	t.Helper()
	f, sheet := open(t, file)
	rows, err := f.GetRows(sheet, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestXLSXRoundTrip(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	old := time.Date(1899, 5, 4, 3, 2, 1, 0, time.UTC)
	write(t, NewXLSX(&out),
		[]Cell{Text("姓名"), Text("订单"), Text("金额"), Text("日元"), Text("最近登录"), Text("备注")},
		[]Cell{Text("林小雨"), Int(-3), Money(-128050, 2), Money(980, 0), Time(evening, shanghai), Text("a\nb ")},
		[]Cell{{}, Int(1 << 40), Money(1, 3), {}, Time(old, nil), Text("007")},
	)
	same(t, readXLSX(t, out.Bytes()), [][]string{
		{"姓名", "订单", "金额", "日元", "最近登录", "备注"},
		{"林小雨", "-3", "-1280.50", "980", "2026-11-20 19:30:05", "a\nb "},
		{"", "1099511627776", "0.001", "", "1899-05-04 03:02:01", "007"},
	})

	f, sheet := open(t, out.Bytes())
	for cell, want := range map[string]excelize.CellType{
		"A2": excelize.CellTypeInlineString, "B2": excelize.CellTypeUnset, "C2": excelize.CellTypeUnset, "E2": excelize.CellTypeUnset,
		"E3": excelize.CellTypeInlineString, "F3": excelize.CellTypeInlineString,
	} {
		if got, err := f.GetCellType(sheet, cell); err != nil || got != want {
			t.Errorf("%s is of type %v, want %v (%v)", cell, got, want, err)
		}
	}
	for cell, want := range map[string]bool{"A1": true, "F1": true, "A2": false, "C2": false} {
		if got := bold(t, f, sheet, cell); got != want {
			t.Errorf("%s bold: %v", cell, got)
		}
	}
	if panes, err := f.GetPanes(sheet); err != nil || !panes.Freeze || panes.YSplit != 1 {
		t.Errorf("the header does not stay: %+v, %v", panes, err)
	}
}

func bold(t *testing.T, f *excelize.File, sheet, cell string) bool {
	t.Helper()
	id, err := f.GetCellStyle(sheet, cell)
	if err != nil {
		t.Fatal(err)
	}
	style, err := f.GetStyle(id)
	if err != nil {
		t.Fatal(err)
	}
	return style.Font != nil && style.Font.Bold
}

func TestXLSXHostile(t *testing.T) {
	t.Parallel()
	cells := append(slices.Clone(hostile), "<b>&amp;</b>]]>", "_x0041_", "_x005F_x0041_", "a\uFFFEb\xff", " \u2028 ")
	rows := [][]Cell{{Text("=A2")}}
	for _, s := range cells {
		rows = append(rows, []Cell{Text(s)})
	}
	var out bytes.Buffer
	write(t, NewXLSX(&out), rows...)
	f, sheet := open(t, out.Bytes())
	for i, row := range rows {
		at := fmt.Sprintf("A%d", i+1)
		if got, err := f.GetCellValue(sheet, at); err != nil || got != row[0].String() {
			t.Errorf("%q became %q (%v)", row[0].String(), got, err)
		}
		if formula, err := f.GetCellFormula(sheet, at); err != nil || formula != "" {
			t.Errorf("%q became the formula %q (%v)", row[0].String(), formula, err)
		}
	}
}

func TestXLSXLongText(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	write(t, NewXLSX(&out), []Cell{Text("备注")}, []Cell{Text(strings.Repeat("课", 40_000)), Text(strings.Repeat("😀", 20_000))})
	rows := readXLSX(t, out.Bytes())
	if got, want := rows[1][0], strings.Repeat("课", 32_767); got != want {
		t.Errorf("%d bytes, want %d", len(got), len(want))
	}
	// A character of two units is not cut in half.
	if got, want := rows[1][1], strings.Repeat("😀", 16_383); got != want {
		t.Errorf("%d bytes, want %d", len(got), len(want))
	}
}

func TestXLSXWithoutRows(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	write(t, NewXLSX(&out))
	same(t, readXLSX(t, out.Bytes()), nil)
}

// fill writes rows that are too many for memory's share, so that there is a temporary file.
func fill(t *testing.T, x *xlsxWriter) {
	t.Helper()
	note := Text(strings.Repeat("x", 32_000))
	for range 600 {
		if err := x.Row(note); err != nil {
			t.Fatal(err)
		}
	}
	if size, err := spooled(x.dir); err != nil || size == 0 {
		t.Fatalf("nothing is spooled: %d bytes, %v", size, err)
	}
}

func TestXLSXLeavesNoFile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		w    io.Writer
		end  func(x *xlsxWriter) error
		want error
	}{
		"closed":                   {io.Discard, func(x *xlsxWriter) error { return x.Close() }, nil},
		"given up":                 {io.Discard, func(x *xlsxWriter) error { x.Abort(); return x.Close() }, ErrClosed},
		"given up after the end":   {io.Discard, func(x *xlsxWriter) error { err := x.Close(); x.Abort(); return err }, nil},
		"reader gone":              {full{}, func(x *xlsxWriter) error { return x.Close() }, errFull},
		"closed after a bad row":   {full{}, func(x *xlsxWriter) error { x.limit = 0; _ = x.Row(); return x.Close() }, ErrTooManyRows},
		"given up after a bad row": {full{}, func(x *xlsxWriter) error { x.limit = 0; _ = x.Row(); x.Abort(); return x.Close() }, ErrTooManyRows},
		"too large to zip":         {full{}, func(x *xlsxWriter) error { x.room = 1000; return x.Close() }, ErrTooManyRows},
	} {
		t.Run(name, func(t *testing.T) {
			x := NewXLSX(c.w).(*xlsxWriter)
			x.tmp = t.TempDir()
			fill(t, x)
			if err := c.end(x); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if left, err := os.ReadDir(x.tmp); err != nil || len(left) != 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

func TestXLSXWithoutDisk(t *testing.T) {
	t.Parallel()
	x := NewXLSX(io.Discard).(*xlsxWriter)
	x.tmp = t.TempDir() + "/gone"
	for _, err := range []error{x.Row(Int(1)), x.Row(Int(1)), x.Close()} {
		if !errors.Is(err, os.ErrNotExist) {
			t.Errorf("got %v", err)
		}
	}
}

func TestXLSXTooManyRows(t *testing.T) {
	t.Parallel()
	if MaxRows != 1_048_575 {
		t.Errorf("MaxRows is %d", MaxRows)
	}
	var out bytes.Buffer
	x := NewXLSX(&out).(*xlsxWriter)
	x.limit = 3
	for i := range 4 { // the header and three rows
		if err := x.Row(Int(int64(i))); err != nil {
			t.Fatalf("row %d: %v", i, err)
		}
	}
	for _, err := range []error{x.Row(Int(4)), x.Row(Int(5)), x.Close()} {
		if !errors.Is(err, ErrTooManyRows) {
			t.Errorf("got %v", err)
		}
	}
	if out.Len() != 0 {
		t.Errorf("%d bytes of a workbook that is not whole", out.Len())
	}
}

func TestXLSXTooManyColumns(t *testing.T) {
	t.Parallel()
	x := NewXLSX(full{})
	if err := x.Row(make([]Cell, excelize.MaxColumns+1)...); !errors.Is(err, excelize.ErrColumnNumber) {
		t.Errorf("got %v", err)
	}
	x.Abort()
}

// counter watches how a workbook leaves: piece by piece, or all of it from memory.
type counter struct{ total, largest int }

func (c *counter) Write(p []byte) (int, error) {
	c.total += len(p)
	c.largest = max(c.largest, len(p))
	return len(p), nil
}

// TestXLSXMemory is not parallel: it looks at the memory of the whole process.
func TestXLSXMemory(t *testing.T) {
	const rows, allowed = 200_000, 48 << 20
	live := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before, most := live(), int64(0)
	out := &counter{}
	x := NewXLSX(out).(*xlsxWriter)
	x.tmp = t.TempDir()
	for i := range rows {
		n := int64(i)
		err := x.Row(Text(fmt.Sprintf("user%07d", i)), Text("林小雨"), Text(fmt.Sprintf("138%08d", i*7919%100_000_000)), Text(fmt.Sprintf("user%d@example.com", i)),
			Int(n%17), Money(n*100, 2), Time(evening.Add(time.Duration(n)*time.Minute), shanghai), Text("重点跟进"))
		if err != nil {
			t.Fatal(err)
		}
		if i%(rows/10) == 0 {
			most = max(most, live()-before)
		}
	}
	if size, err := spooled(x.dir); err != nil || size < allowed*3/2 {
		t.Fatalf("the sheet is too small to prove anything: %d bytes, %v", size, err)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("at most %d MB live, workbook of %d MB in pieces of at most %d kB", most>>20, out.total>>20, out.largest>>10)
	if most > allowed {
		t.Errorf("%d bytes live while writing, want at most %d", most, allowed)
	}
	if out.total < 4<<20 || out.largest > 1<<20 {
		t.Errorf("a workbook of %d bytes left in pieces of up to %d", out.total, out.largest)
	}
}
