// Package sheet writes tables for people who open them in a spreadsheet program: as CSV or as
// XLSX, row by row, however many rows there are. What is text stays text: nothing that a learner
// typed is ever run as a formula.
package sheet

import "errors"

// What can stop a table. All other errors come from the writer below or the disk.
var (
	// ErrTooManyRows says that a workbook is full: it has [MaxRows] rows below the header, or 4 GB.
	ErrTooManyRows = errors.New("too many rows for a workbook")
	// ErrClosed says that a row came after Close or Abort, or that Close came after Abort.
	ErrClosed = errors.New("table is closed")
)

// Writer takes a table from the top down; the first row is the header. It belongs to one
// goroutine at a time.
//
//	w := sheet.NewXLSX(out)
//	defer w.Abort()
//	… w.Row(…)
//	return w.Close()
type Writer interface {
	// Row writes one row. After an error every later call gives the same error.
	Row(cells ...Cell) error
	// Close writes what is left and frees everything, also after an error, which it returns
	// again; then nothing more is written. It does not close the io.Writer. A second call does
	// nothing and gives the same result.
	Close() error
	// Abort gives the table up: it frees everything and writes nothing more. After Close it does
	// nothing, so it can always be deferred.
	Abort()
}
