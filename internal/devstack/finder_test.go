package devstack

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFinder(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for path, mode := range map[string]os.FileMode{
		"lib/9.6/bin/postgres": 0o755, "lib/9.6/bin/initdb": 0o755,
		"lib/15/bin/postgres": 0o755, "lib/15/bin/initdb": 0o755,
		"lib/17/bin/postgres": 0o755, // a client package without initdb
		"lib/18/bin/postgres": 0o755, "lib/18/bin/initdb": 0o644,
		"path/postgres": 0o755, "path/initdb": 0o755,
	} {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	globs := []string{filepath.Join(root, "lib/*/bin")}
	for name, test := range map[string]struct {
		finder finder
		want   string
	}{
		"newest whole version": {finder{globs: globs}, "lib/15/bin"},
		"PATH comes first":     {finder{path: filepath.Join(root, "path"), globs: globs}, "path"},
		"PATH without it":      {finder{path: root + ":relative::", globs: globs}, "lib/15/bin"},
	} {
		got, err := test.finder.dir("postgres", "initdb")
		if err != nil || got != filepath.Join(root, test.want) {
			t.Errorf("%s: found %s, %v", name, got, err)
		}
	}
}

func TestMissingProgramsSayWhatToInstall(t *testing.T) {
	t.Parallel()
	nowhere := Options{finder: &finder{globs: []string{filepath.Join(t.TempDir(), "*")}}}
	_, postgres := StartPostgres(t.Context(), nowhere)
	_, redis := StartRedis(t.Context(), nowhere)
	_, stack := Start(t.Context(), nowhere)
	for name, err := range map[string]error{"postgres": postgres, "redis-server": redis, "initdb": stack} {
		if !errors.Is(err, ErrNotInstalled) {
			t.Errorf("%s: error is %v", name, err)
			continue
		}
		for _, words := range []string{name, "apt-get install postgresql redis-server", "brew install postgresql@15 redis"} {
			if !strings.Contains(err.Error(), words) {
				t.Errorf("error does not say %q: %v", words, err)
			}
		}
	}
}
