package mounts_test

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/hibiken/asynq"

	"github.com/coursecrm/coursecrm/crm"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/internal/devstack"
)

// theCRM is one CRM for all routers, on servers that TestMain stops.
var theCRM = sync.OnceValue(func() *crm.CRM {
	var err error
	if servers, err = devstack.Start(context.Background(), devstack.Options{}); err != nil {
		log.Fatal(err)
	}
	host := hosttest.NewMemory(hosttest.SmallSeed())
	host.SetStaff(func(*http.Request) (hostadapter.Staff, error) {
		return hostadapter.Staff{ID: "1", Name: "周敏", Permissions: hostadapter.AllPermissions(), Scope: hostadapter.ScopeAll}, nil
	})
	config := crm.Config{DSN: servers.DatabaseURL, Redis: asynq.RedisClientOpt{Addr: servers.RedisAddr}, Host: host,
		BasePath: "/admin/crm", PublicURL: "https://learn.example/go", Logger: slog.New(slog.DiscardHandler)}
	if err := crm.Migrate(context.Background(), config); err != nil {
		log.Fatal(err)
	}
	c, err := crm.New(config)
	if err != nil {
		log.Fatal(err)
	}
	return c
})

var servers *devstack.Stack

func TestMain(m *testing.M) {
	code := m.Run()
	if servers != nil {
		_ = theCRM().Close()
		_ = servers.Close()
	}
	os.Exit(code)
}

// visitor goes to a site and does not follow redirects.
type visitor struct {
	client *http.Client
	site   string
}

// answer is what a visit brought.
type answer struct {
	status               int
	kind, location, body string
}

// do asks for a path; a page of another site, when given, is where the request comes from.
func (v visitor) do(method, path, from string) answer {
	r, err := http.NewRequest(method, v.site+path, nil)
	if err != nil {
		log.Fatal(err)
	}
	r.Header.Set("Accept-Language", "zh-CN")
	r.Header.Set("Origin", cmp.Or(from, v.site))
	got, err := v.client.Do(r)
	if err != nil {
		log.Fatal(err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		log.Fatal(err)
	}
	return answer{got.StatusCode, got.Header.Get("Content-Type"), got.Header.Get("Location"), string(body)}
}

func (a answer) short() string {
	if a.location != "" {
		return "leads to " + a.location
	}
	return fmt.Sprint(a.status)
}

func (a answer) whole() string {
	if strings.Contains(a.body, "</html>") {
		return fmt.Sprint(a.status, ", a page")
	}
	return fmt.Sprint(a.status, ", no page")
}

var styleSheet = regexp.MustCompile(`<link[^>]* href="([^"]+\.css)"`)

// styleSheet is the address of a page's style sheet.
func (a answer) styleSheet() string {
	found := styleSheet.FindStringSubmatch(a.body)
	if found == nil {
		log.Fatal("the page has no style sheet")
	}
	return found[1]
}
