package funnel

import (
	"errors"
	"fmt"
	"testing"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
)

func TestListOfOfferings(t *testing.T) {
	t.Parallel()
	row := func(id OfferingID, title string, status h.OfferingStatus, price int64, f Figures, categories ...string) Row {
		return Row{Offering: Offering{ID: id, Title: title, Status: status, Price: price, Currency: "CNY", Categories: categories}, Figures: f}
	}
	all := Listing{Recent: 5, Closing: 6, Ready: true, Rows: []Row{
		row(1, "考研数学", h.OfferingPublished, 100, Figures{Potential: 10, Gross: 500, Refunded: 100, Open: 200, Refunding: 101, Pending: 2}, "考研", "数学"),
		row(2, "Python 入门", h.OfferingPublished, 50, Figures{Potential: 30, Gross: 900, Enrolled: 9, Touched30: 10, Paid30: 3}, "编程"),
		row(3, "考研英语", h.OfferingClosed, 1000, Figures{Withdrawn: 4, Gross: 50}, "考研"),
		row(4, "abroad", h.OfferingPublished, 1000, Figures{Potential: 100}),
	}}
	all.Rows[3].Currency = "USD" // brings nothing in the site's currency
	service := newTestService(&shelf{listing: all})
	for _, tt := range []struct {
		q    Query
		want string
	}{
		{Query{Desc: true}, "[2 1 3 4]"},
		{Query{}, "[3 4 1 2]"},
		{Query{Sort: SortRevenue, Desc: true}, "[2 1 3 4]"},
		{Query{Sort: SortLosing, Desc: true}, "[1 2 3 4]"},
		{Query{Sort: SortPotential, Desc: true}, "[4 2 1 3]"},
		{Query{Sort: SortPending, Desc: true}, "[1 2 3 4]"},
		{Query{Sort: SortEnrolled, Desc: true}, "[2 1 3 4]"},
		{Query{Sort: SortWithdrawn, Desc: true}, "[3 1 2 4]"},
		{Query{Sort: SortConversion, Desc: true}, "[2 1 3 4]"},
		{Query{Sort: SortTitle}, "[4 2 1 3]"},
		{Query{Search: "PYTHON"}, "[2]"},
		{Query{Category: "数学"}, "[1]"},
		{Query{Status: h.OfferingClosed}, "[3]"},
		{Query{OnlyOpen: true}, "[1]"},
		{Query{Search: "考研", Status: h.OfferingPublished, Category: "编程"}, "[]"},
	} {
		tt.q.Kind = h.TargetCourse
		got, err := service.List(t.Context(), tt.q)
		if err != nil {
			t.Fatal(err)
		}
		ids := []OfferingID{}
		for _, l := range got.Lines {
			ids = append(ids, l.ID)
		}
		if fmt.Sprint(ids) != tt.want {
			t.Errorf("%+v: %v, want %s", tt.q, ids, tt.want)
		}
		want := Totals{Offerings: 4, OnSale: 3, Revenue: 1350, Developable: 2500, Losing: 301, Potential: 140, Recent: 5, Closing: 6}
		if got.Totals != want || fmt.Sprint(got.Categories) != "[数学 编程 考研]" || !got.Ready {
			t.Errorf("%+v: %+v %v", tt.q, got.Totals, got.Categories)
		}
		for _, l := range got.Lines {
			if l.Alarming() != (l.ID == 1) { // 301 of 1000
				t.Errorf("offering %d: alarming %v", l.ID, l.Alarming())
			}
		}
	}
	for _, bad := range []Query{{}, {Kind: h.TargetMembership}, {Kind: h.TargetCourse, Sort: "x"}} {
		if _, err := service.List(t.Context(), bad); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}
