package devstack

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
)

// StartStandby starts a second server that follows this one by streaming replication and answers
// questions, in a temporary directory that Close removes. o.Dir is not looked at; settings such as
// MaxConnections must be those of the first server or larger. The first server may be stopped and
// started meanwhile, and goes first when both end.
func (p *Postgres) StartStandby(ctx context.Context, o Options) (*Postgres, error) {
	o = o.withDefaults()
	o.Dir = ""
	bin, err := o.finder.dir("postgres", "pg_basebackup")
	if err != nil {
		return nil, err
	}
	return newPostgres(ctx, bin, o, func(dir, data string, user *account) error {
		cmd := exec.CommandContext(ctx, filepath.Join(bin, "pg_basebackup"), "-D", data, "-d", postgresURL(p.daemon.port, "postgres"),
			"--write-recovery-conf", "--checkpoint=fast", "--wal-method=stream", "--no-sync")
		if out, err := asServer(cmd, dir, user).CombinedOutput(); err != nil {
			return fmt.Errorf("pg_basebackup: %w\n%s", err, out)
		}
		return nil
	})
}
