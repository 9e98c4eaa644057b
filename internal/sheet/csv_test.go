package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"slices"
	"strings"
	"testing"
)

// readCSV gives the rows, after the mark at the beginning.
func readCSV(t *testing.T, file []byte) [][]string {
	t.Helper()
	rest, ok := bytes.CutPrefix(file, []byte("\xEF\xBB\xBF"))
	if !ok {
		t.Fatalf("no byte order mark in %.20q", file)
	}
	r := csv.NewReader(bytes.NewReader(rest))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// write makes a table with the constructor under test.
func write(t *testing.T, w Writer, rows ...[]Cell) {
	t.Helper()
	defer w.Abort()
	for _, row := range rows {
		if err := w.Row(row...); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Row(Int(1)); !errors.Is(err, ErrClosed) {
		t.Errorf("a row after Close gave %v", err)
	}
}

func same(t *testing.T, got, want [][]string) {
	t.Helper()
	if !slices.EqualFunc(got, want, slices.Equal[[]string]) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestCSVRoundTrip(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	write(t, NewCSV(&out),
		[]Cell{Text("姓名"), Text("订单"), Text("金额"), Text("最近登录")},
		[]Cell{Text("林小雨"), Int(-3), Money(-1280, 2), Time(evening, shanghai)},
		[]Cell{Text("say \"hi\", twice"), {}, Text("two\nlines"), {}},
	)
	same(t, readCSV(t, out.Bytes()), [][]string{
		{"姓名", "订单", "金额", "最近登录"},
		{"林小雨", "-3", "-12.80", "2026-11-20 19:30:05"},
		{"say \"hi\", twice", "", "two\nlines", ""},
	})
	if n := strings.Count(out.String(), "\r\n"); n != 4 || strings.Count(out.String(), "\n") != n {
		t.Errorf("line ends are not all CRLF: %q", out.String())
	}
}

func TestCSVHostile(t *testing.T) {
	t.Parallel()
	for _, s := range hostile {
		var out bytes.Buffer
		write(t, NewCSV(&out), []Cell{Text("x"), Text(s), Text(s)})
		same(t, readCSV(t, out.Bytes()), [][]string{{"x", "'" + clean(s), "'" + clean(s)}})
	}
}

func TestCSVWithoutRows(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	write(t, NewCSV(&out))
	same(t, readCSV(t, out.Bytes()), nil)
}

// full is a disk without room.
type full struct{}

var errFull = errors.New("no room")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestCSVToFullDisk(t *testing.T) {
	t.Parallel()
	w := NewCSV(full{})
	var err error
	for i := 0; err == nil && i < 10_000; i++ {
		err = w.Row(Text("学员"), Int(int64(i)))
	}
	for _, err := range []error{err, w.Row(Int(1)), w.Close(), w.Close()} {
		if !errors.Is(err, errFull) {
			t.Errorf("got %v", err)
		}
	}
}

func TestCSVAbort(t *testing.T) {
	t.Parallel()
	w := NewCSV(full{})
	w.Abort()
	for _, err := range []error{w.Row(Int(1)), w.Close()} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("after Abort: %v", err)
		}
	}
}

// FuzzCSV: a row is read back as one row of as many cells, each as it was but for the apostrophe,
// and no text among them is run.
func FuzzCSV(f *testing.F) {
	for _, s := range hostile {
		f.Add(s, "", int64(-1))
	}
	f.Add("", "a\r\nb\"c,d", int64(0))
	f.Fuzz(func(t *testing.T, a, b string, n int64) {
		rows := [][]Cell{{Text(a)}, {Text(a), Int(n), Text(b), Money(n, 2), {}}, {Text(b), Text(a)}}
		for _, row := range rows {
			var out bytes.Buffer
			write(t, NewCSV(&out), row)
			got := readCSV(t, out.Bytes())
			if len(got) != 1 || len(got[0]) != len(row) {
				t.Fatalf("%d cells became %q", len(row), got)
			}
			for i, field := range got[0] {
				want := row[i].String()
				if row[i].kind == text {
					if dangerous(field) {
						t.Errorf("%q is run", field)
					}
					want = strings.TrimPrefix(want, "'")
					field = strings.TrimPrefix(field, "'")
				}
				if field != want {
					t.Errorf("got %q, want %q", field, want)
				}
			}
		}
	})
}
