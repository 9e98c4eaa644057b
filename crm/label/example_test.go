package label_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/crm/label"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// drawer keeps the names of tags; the real store is storage.Labels.
type drawer struct {
	label.Store
	names *[]string
}

func (d drawer) Create(_ context.Context, name string, _ label.Deed) (label.ID, error) {
	*d.names = append(*d.names, name)
	return label.ID(len(*d.names)), nil
}

func ExampleService_Create() {
	var names []string
	segments := segment.NewService(nil, segment.DefaultCatalog(), segment.Site{Location: time.UTC, Currency: "CNY"}, time.Now)
	s := label.NewService(drawer{names: &names}, segments, time.Now)
	by := hostadapter.Staff{ID: "7", Name: "周敏"}
	id, err := s.Create(context.Background(), by, " 价格敏感 ")
	fmt.Println(id, err, names)
	_, err = s.Create(context.Background(), by, "")
	fmt.Println(errors.Is(err, fault.ErrInvalid))
	// Output:
	// 1 <nil> [价格敏感]
	// true
}
