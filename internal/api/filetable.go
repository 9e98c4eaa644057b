package api

import (
	"math"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/sheet"
)

// fileColumn is a column of a file, under a name that programs read.
type fileColumn[T any] struct {
	key  string
	cell func(a *API, x T) sheet.Cell
}

func textColumn[T any](key string, of func(T) string) fileColumn[T] {
	return fileColumn[T]{key, func(_ *API, x T) sheet.Cell { return sheet.Text(of(x)) }}
}

func countColumn[T any](key string, of func(T) int64) fileColumn[T] {
	return fileColumn[T]{key, func(_ *API, x T) sheet.Cell { return sheet.Int(of(x)) }}
}

// moneyColumn gives sums of the site's currency.
func moneyColumn[T any](key string, of func(T) int64) fileColumn[T] {
	return fileColumn[T]{key, func(a *API, x T) sheet.Cell { return sheet.Money(of(x), campaign.MinorDigits(a.Currency)) }}
}

func momentColumn[T any](key string, of func(T) time.Time) fileColumn[T] {
	return fileColumn[T]{key, func(a *API, x T) sheet.Cell { return sheet.Time(of(x), a.Location) }}
}

// shareDigits is how many digits of a share a file has behind the point.
const shareDigits = 6

// shareColumn gives shares from 0 to 1 as numbers; one that is not known is an empty cell.
func shareColumn[T any](key string, of func(T) (float64, bool)) fileColumn[T] {
	return fileColumn[T]{key, func(_ *API, x T) sheet.Cell {
		share, known := of(x)
		if !known {
			return sheet.Cell{}
		}
		return sheet.Money(int64(math.Round(share*math.Pow10(shareDigits))), shareDigits)
	}}
}

// when leaves the cells of a column empty where something is not so.
func (f fileColumn[T]) when(so func(T) bool) fileColumn[T] {
	return fileColumn[T]{f.key, func(a *API, x T) sheet.Cell {
		if !so(x) {
			return sheet.Cell{}
		}
		return f.cell(a, x)
	}}
}

// sendTable records that a table is exported, and gives its file. Its name is the entry's object too.
func sendTable[T any](c *call, name, format string, columns []fileColumn[T], rows []T) (file, error) {
	err := c.record(audit.Exported, name, map[string]any{"format": format, "rows": len(rows)})
	return file{name, format, func(table sheet.Writer) (int, error) { return len(rows), fillTable(c.api, table, columns, rows) }}, err
}

func fillTable[T any](a *API, table sheet.Writer, columns []fileColumn[T], rows []T) error {
	cells := make([]sheet.Cell, len(columns))
	for i, column := range columns {
		cells[i] = sheet.Text(column.key)
	}
	if err := table.Row(cells...); err != nil {
		return err
	}
	for _, x := range rows {
		for i, column := range columns {
			cells[i] = column.cell(a, x)
		}
		if err := table.Row(cells...); err != nil {
			return err
		}
	}
	return nil
}
