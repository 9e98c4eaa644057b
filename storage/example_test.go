package storage_test

import (
	"fmt"

	"github.com/coursecrm/coursecrm/storage"
)

func ExampleOpen() {
	_, err := storage.Open("postgres://%zz@nowhere")
	fmt.Println(err)

	pool, err := storage.Open("postgres://crm@127.0.0.1/school?search_path=crm")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	db, err := storage.New(pool) // then db.Migrate(ctx)
	fmt.Println(db != nil, err)
	// Output:
	// DSN: not a PostgreSQL address
	// true <nil>
}
