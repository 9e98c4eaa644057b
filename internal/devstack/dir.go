package devstack

import (
	"fmt"
	"os"
	"path/filepath"
)

// makeDir makes the directory of one server, below parent or, when parent is empty, a temporary one.
// It belongs to the account, who can also reach it.
func makeDir(parent, server string, a *account) (dir string, temporary bool, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("make directory for %s: %w", server, err)
			if temporary {
				os.RemoveAll(dir)
			}
		}
	}()
	if parent == "" {
		temporary = true
		dir, err = os.MkdirTemp(tempRoot(a), "coursecrm-"+server+"-")
	} else {
		dir, err = filepath.Abs(filepath.Join(parent, server))
		if err == nil {
			err = os.MkdirAll(filepath.Dir(dir), 0o755)
		}
		if err == nil {
			err = os.MkdirAll(dir, 0o700)
		}
	}
	if err != nil {
		return dir, temporary, err
	}
	if err = a.own(dir); err != nil {
		return dir, temporary, err
	}
	return dir, temporary, a.reach(dir)
}

// tempRoot is the system's place for temporary files, unless TMPDIR names one that is closed to the
// account, as a test runner of root's may do.
func tempRoot(a *account) string {
	if root := os.TempDir(); a.reach(root) == nil {
		return root
	}
	return "/tmp"
}
