package dossier_test

import (
	"context"
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/crm/dossier"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// cabinet holds one dossier; the real store is storage.Dossiers.
type cabinet struct{ dossier.Store }

func (cabinet) Head(_ context.Context, id segment.PersonID, _ dossier.Terms) (dossier.Dossier, error) {
	if id != 1 {
		return dossier.Dossier{}, fault.ErrNotFound
	}
	return dossier.Dossier{Person: segment.Person{ID: 1, Nickname: "xiaolin", RealName: "林晓雯"}}, nil
}

func ExampleService_Head() {
	s := dossier.NewService(cabinet{}, dossier.Site{Location: time.UTC, Currency: "CNY"}, time.Now)
	d, err := s.Head(context.Background(), 1)
	fmt.Println(d.Name(), err)
	_, err = s.Head(context.Background(), 2)
	fmt.Println(err)
	// Output:
	// 林晓雯 <nil>
	// find dossier: not found
}
