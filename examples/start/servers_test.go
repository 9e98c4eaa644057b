package main

import (
	"context"
	"log"
	"os"
	"testing"

	"github.com/coursecrm/coursecrm/internal/devstack"
)

// TestMain gives the guide's test the database that its reader has at hand.
func TestMain(m *testing.M) {
	if os.Getenv("DATABASE_URL") == "" {
		server, err := devstack.StartPostgres(context.Background(), devstack.Options{})
		if err != nil {
			log.Fatal(err)
		}
		os.Setenv("DATABASE_URL", server.URL())
		defer server.Close()
	}
	m.Run()
}
