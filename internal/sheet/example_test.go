package sheet_test

import (
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/internal/sheet"
)

// Example exports two learners; with NewXLSX instead it is a workbook.
func Example() {
	var out strings.Builder
	w := sheet.NewCSV(&out)
	defer w.Abort() // when the rows end with an error

	paid := time.Date(2026, 11, 20, 11, 30, 0, 0, time.UTC)
	rows := [][]sheet.Cell{
		{sheet.Text("昵称"), sheet.Text("订单数"), sheet.Text("实付 (CNY)"), sheet.Text("最近付款")},
		{sheet.Text("小雨"), sheet.Int(2), sheet.Money(128000, 2), sheet.Time(paid, time.FixedZone("CST", 8*3600))},
		{sheet.Text("=1+1"), sheet.Int(0), sheet.Money(-500, 2), sheet.Time(time.Time{}, nil)},
	}
	for _, row := range rows {
		if err := w.Row(row...); err != nil {
			log.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	fmt.Print(strings.TrimPrefix(strings.ReplaceAll(out.String(), "\r\n", "\n"), "\uFEFF"))
	// Output:
	// 昵称,订单数,实付 (CNY),最近付款
	// 小雨,2,1280.00,2026-11-20 19:30:00
	// '=1+1,0,-5.00,
}
