package email_test

import (
	"fmt"

	"github.com/coursecrm/coursecrm/campaign/email"
)

func ExampleNew() {
	_, err := email.New(email.Config{Addr: "smtp.example", From: "School <hello@mail.example>"})
	fmt.Println(err)

	c, err := email.New(email.Config{Addr: "smtp.example:587", From: "School <hello@mail.example>"})
	fmt.Println(c.Name(), err)
	// Output:
	// field Addr: "smtp.example" is not host:port
	// email <nil>
}
