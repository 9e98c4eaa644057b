package crm_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"github.com/hibiken/asynq"

	"github.com/coursecrm/coursecrm/crm"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/devstack"
)

// Example mounts the CRM in a host. A real host has its own database, Redis and adapter; here
// they are thrown away at the end.
func Example() {
	ctx := context.Background()
	servers, err := devstack.Start(ctx, devstack.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer servers.Close()
	var academy hostadapter.HostAdapter = school()
	mux := http.NewServeMux()

	config := crm.Config{
		DSN: servers.DatabaseURL, Redis: asynq.RedisClientOpt{Addr: servers.RedisAddr}, Host: academy,
		BasePath: "/admin/crm", PublicURL: "https://learn.example/go",
		Logger: slog.New(slog.DiscardHandler),
	}
	if err := crm.Migrate(ctx, config); err != nil { // when deploying
		log.Fatal(err)
	}
	c, err := crm.New(config)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	mux.Handle("/admin/crm/", c.Admin()) // the slash at the end mounts the whole tree
	mux.Handle("/go/", c.Public())       // never behind a login
	// and in the background: go c.Run(ctx)

	fmt.Println(get(mux, "/admin/crm/audience"))
	fmt.Println(get(mux, "/go/unknown1"))
	// Output:
	// 200 OK
	// 404 Not Found
}

func get(h http.Handler, path string) string {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
	return rec.Result().Status
}
