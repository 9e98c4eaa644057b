package devstack

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ErrNotInstalled means that a server program is not on this machine. The error that wraps it says
// which, where we looked and what to install.
var ErrNotInstalled = errors.New("server programs not found")

const howToInstall = "install them on Debian or Ubuntu with: apt-get install postgresql redis-server; " +
	"on macOS with: brew install postgresql@15 redis"

// finder looks for server programs: on PATH first, so that the user can choose, then in the places
// where packages put them without adding them to PATH.
type finder struct {
	path  string
	globs []string
}

func usualPlaces() *finder {
	return &finder{
		path: os.Getenv("PATH"),
		globs: []string{
			"/usr/lib/postgresql/*/bin", // Debian, Ubuntu
			"/usr/pgsql-*/bin",          // Fedora, RHEL
			"/opt/homebrew/opt/postgresql@*/bin",
			"/usr/local/opt/postgresql@*/bin",
			"/opt/homebrew/bin",
			"/usr/local/bin",
		},
	}
}

// dir returns the first directory that holds all the programs, the newest version first.
func (f *finder) dir(programs ...string) (string, error) {
	dirs := slices.DeleteFunc(filepath.SplitList(f.path), func(dir string) bool { return !filepath.IsAbs(dir) })
	for _, glob := range f.globs {
		found, err := filepath.Glob(glob)
		if err != nil {
			return "", fmt.Errorf("look in %s: %w", glob, err)
		}
		slices.SortFunc(found, func(a, b string) int { return cmp.Compare(version(b), version(a)) })
		dirs = append(dirs, found...)
	}
	for _, dir := range dirs {
		if holds(dir, programs) {
			return dir, nil
		}
	}
	return "", fmt.Errorf("%w: %s (looked on PATH and in %s); %s",
		ErrNotInstalled, strings.Join(programs, ", "), strings.Join(f.globs, ", "), howToInstall)
}

func holds(dir string, programs []string) bool {
	for _, program := range programs {
		info, err := os.Stat(filepath.Join(dir, program))
		if err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
			return false
		}
	}
	return true
}

var number = regexp.MustCompile(`\d+(\.\d+)?`)

// version is the number in a directory name such as postgresql@15, so that 15 is newer than 9.6.
func version(dir string) float64 {
	v, _ := strconv.ParseFloat(number.FindString(dir), 64) // no number is version 0
	return v
}
