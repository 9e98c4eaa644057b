package followup_test

import (
	"context"
	"fmt"

	"github.com/coursecrm/coursecrm/crm/followup"
	h "github.com/coursecrm/coursecrm/hostadapter"
)

func ExampleService_Add() {
	s := newService(&drawer{})
	staff := h.Staff{ID: "7", Permissions: []h.Permission{h.PermFollowup}}
	id, err := s.Add(context.Background(), staff, followup.Entry{Learner: 1, Method: followup.Phone, Content: "Asked for instalments."})
	fmt.Println(id, err)
	_, err = s.Add(context.Background(), staff, followup.Entry{Learner: 1, Method: followup.Plan})
	fmt.Println(err)
	// Output:
	// 1 <nil>
	// invalid input: next: problem.missing
}
