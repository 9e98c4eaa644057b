//go:build !unix

package devstack

import (
	"errors"
	"os/exec"
)

type account struct{}

// serverAccount fails: the rest of the package needs unix signals and a POSIX shell.
func serverAccount() (*account, error) {
	return nil, errors.New("devstack needs Linux or macOS; set DATABASE_URL and REDIS_URL to servers of your own")
}

func (a *account) own(string) error   { return nil }
func (a *account) reach(string) error { return nil }
func detach(*exec.Cmd, *account)      {}
