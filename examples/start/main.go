// Command start is the smallest school that has the CRM in its admin panel: the program of
// docs/integrate.md.
package main

import (
	"cmp"
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/hibiken/asynq"
	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/coursecrm/coursecrm/crm"
)

//go:embed school.sql
var schoolSQL string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	addr := cmp.Or(os.Getenv("ADDR"), "127.0.0.1:8090")
	db, err := sql.Open("pgx", os.Getenv("DATABASE_URL"))
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, schoolSQL); err != nil { // your school has its tables already
		return fmt.Errorf("make the school: %w", err)
	}

	config := crm.Config{
		DB:        db,
		Redis:     asynq.RedisClientOpt{Addr: cmp.Or(os.Getenv("REDIS_ADDR"), "127.0.0.1:6379")},
		Host:      adapter{db},
		BasePath:  "/admin/crm",
		PublicURL: "http://" + addr + "/go",
		SiteName:  "画室网校",
	}
	if err := crm.Migrate(ctx, config); err != nil { // where you deploy, if you have several processes
		return err
	}
	c, err := crm.New(config)
	if err != nil {
		return err
	}
	defer c.Close()

	mux := http.NewServeMux()
	mux.Handle("/admin/crm/", c.Admin()) // the slash at the end mounts the whole tree
	mux.Handle("/go/", c.Public())       // short links and unsubscribing; never behind a login
	mux.HandleFunc("/login", login)

	server := &http.Server{Addr: addr, Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	served := make(chan error, 1)
	go func() {
		served <- server.ListenAndServe()
		cancel()
	}()
	log.Printf("open http://%s/admin/crm/", addr)
	if err := c.Run(ctx); err != nil { // reads the school and sends, until ctx ends
		return err
	}
	if err := server.Shutdown(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// login stands for the login of your school.
func login(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: "session", Value: "owner", Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, "/admin/crm/", http.StatusSeeOther)
}
