package devstack

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// install runs install.sh on a machine made of the given scripts and the few real programs that it
// needs, and returns what it says, the commands that the scripts noted, and its exit code.
func install(t *testing.T, scripts map[string]string, needs ...string) (says, noted string, code int) {
	t.Helper()
	machine, notes := t.TempDir(), filepath.Join(t.TempDir(), "notes")
	for _, program := range []string{"env", "grep", "sed", "tee", "sh"} {
		real, err := exec.LookPath(program)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(real, filepath.Join(machine, program)); err != nil {
			t.Fatal(err)
		}
	}
	for name, body := range scripts {
		script := "#!/bin/sh\necho " + name + " \"$@\" >>\"$NOTES\"\n" + body + "\n"
		if err := os.WriteFile(filepath.Join(machine, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("/bin/sh", append([]string{"install.sh"}, needs...)...)
	cmd.Env = []string{"PATH=" + machine, "NOTES=" + notes}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	commands, err := os.ReadFile(notes)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(out), string(commands), cmd.ProcessState.ExitCode()
}

func TestInstall(t *testing.T) {
	t.Parallel()
	const root, user = "echo 0", "echo 1000"
	for name, test := range map[string]struct {
		scripts map[string]string
		needs   []string
		code    int
		says    string // "" means nothing at all
		runs    []string
		never   string
	}{
		"all there": {
			scripts: map[string]string{"wrk": "", "chromium": "", "id": root, "apt-get": ""},
			needs:   []string{"wrk", "chromium"},
			never:   "apt-get",
		},
		"missing, as root": {
			scripts: map[string]string{"chromium": "", "id": root, "apt-get": ""},
			needs:   []string{"wrk", "chromium"},
			says:    "installing wrk",
			runs:    []string{"install --no-install-recommends wrk\n"},
			never:   "update",
		},
		"package lists missing": {
			scripts: map[string]string{"id": root, "apt-get": `case $* in *install*) grep -q update "$NOTES";; esac`},
			needs:   []string{"wrk"},
			says:    "installing wrk",
			runs:    []string{"update\n", "install --no-install-recommends wrk\n"},
		},
		"install fails": {
			scripts: map[string]string{"id": root, "apt-get": "echo no such package; exit 100"},
			needs:   []string{"wrk"},
			code:    100,
			says:    "no such package",
		},
		"through sudo": {
			scripts: map[string]string{"id": user, "sudo": `case $1 in -n) ;; *) exec "$@";; esac`, "apt-get": ""},
			needs:   []string{"wrk"},
			says:    "installing wrk",
			runs:    []string{"sudo -n true\n", "install --no-install-recommends wrk\n"},
		},
		"without rights": {
			scripts: map[string]string{"id": user, "apt-get": ""},
			needs:   []string{"wrk"},
			code:    1,
			says:    "Run as root: apt-get update && apt-get install -y --no-install-recommends wrk",
			never:   "apt-get",
		},
		"Homebrew": {
			scripts: map[string]string{"id": user, "brew": "", "uname": "echo Darwin"},
			needs:   []string{"wrk", "fonts"},
			says:    "installing wrk",
			runs:    []string{"brew install wrk\n"},
		},
		"another system": {
			scripts: map[string]string{"id": root},
			needs:   []string{"wrk"},
			code:    1,
			says:    "Neither apt-get nor brew",
		},
		"unknown need": {
			scripts: map[string]string{"id": root, "apt-get": ""},
			needs:   []string{"mysql"},
			code:    2,
			says:    "usage:",
			never:   "apt-get",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			says, noted, code := install(t, test.scripts, test.needs...)
			if code != test.code || !strings.Contains(says, test.says) || (test.says == "") != (says == "") {
				t.Errorf("exit code %d, says %q; want %d, %q", code, says, test.code, test.says)
			}
			for _, run := range test.runs {
				if !strings.Contains(noted, run) {
					t.Errorf("did not run %q, but\n%s", run, noted)
				}
			}
			if test.never != "" && strings.Contains(noted, test.never) {
				t.Errorf("ran %s:\n%s", test.never, noted)
			}
		})
	}
}
