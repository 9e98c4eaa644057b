// Package demo wires the example school, its mail sink and the CRM together. The program academy
// is a thin shell around it, and tests start the whole demonstration with it.
package demo

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/coursecrm/coursecrm/crm"
	"github.com/coursecrm/coursecrm/internal/devstack"
)

// Role says which part of the demonstration a process plays.
type Role string

// Roles. A worker has no pages; it works for the process with role web on the same data.
const (
	RoleAll    Role = "all"
	RoleWeb    Role = "web"
	RoleWorker Role = "worker"
)

// Options say what to start. The zero value is a school of 20,000 learners on 127.0.0.1:8080.
type Options struct {
	Addr     string // of the site, host:port; port 0 takes a free one. Empty: 127.0.0.1:8080
	NextFree bool   // when the port is taken, take the next free one instead of failing
	MailAddr string // of the mail sink; empty: a free port of 127.0.0.1. A worker sends mail there

	SMSAddr string // of the SMS gateway; empty: a free port of 127.0.0.1

	// GatewayCommand starts the SMS gateway's own process: a program and its arguments, which calls
	// RunGateway. Empty: the gateway runs in this process.
	GatewayCommand []string

	// DataDir keeps the data between runs; empty: a directory in the user's cache. DATABASE_URL and
	// REDIS_URL in the environment name servers to use instead of private ones.
	DataDir string
	Reset   bool // throw the data away first; only with private servers

	Learners int    // to generate if there is no data; 0: 20,000
	Seed     uint64 // 0: 1
	Progress func(done, learners int)

	Lang   string // of the site, zh-CN or en; empty: zh-CN
	Role   Role   // empty: RoleAll
	Logger *slog.Logger

	// CRM changes how the CRM is configured, for tests that must not depend on the time of day; nil:
	// not at all.
	CRM func(*crm.Config)
}

// withDefaults returns a copy in which nothing is empty, or all that is wrong with it.
func (o Options) withDefaults() (Options, error) {
	var problems []error
	if o.Addr == "" {
		o.Addr = "127.0.0.1:8080"
	}
	if o.DataDir == "" {
		dir, err := devstack.DataDir("academy")
		problems, o.DataDir = append(problems, err), dir
	}
	if o.Learners == 0 {
		o.Learners = 20_000
	}
	if o.Learners < 0 || o.Learners > 5_000_000 {
		problems = append(problems, fmt.Errorf("learners: %d is not from 1 to 5,000,000", o.Learners))
	}
	if o.Seed == 0 {
		o.Seed = 1
	}
	if o.Lang == "" {
		o.Lang = "zh-CN"
	}
	if o.Lang != "zh-CN" && o.Lang != "en" {
		problems = append(problems, fmt.Errorf("lang: %q is neither zh-CN nor en", o.Lang))
	}
	switch o.Role {
	case "":
		o.Role = RoleAll
	case RoleAll, RoleWeb, RoleWorker:
	default:
		problems = append(problems, fmt.Errorf("role: %q is not all, web or worker", o.Role))
	}
	if o.CRM == nil {
		o.CRM = func(*crm.Config) {}
	}
	if o.Progress == nil {
		o.Progress = func(int, int) {}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o, errors.Join(problems...)
}
