package crm

import (
	"fmt"

	"github.com/coursecrm/coursecrm/storage"
)

// openReplica gives the replica; nil: there is none.
func openReplica(c Config) (*storage.Replica, error) {
	if c.ReadDB == nil {
		return nil, nil
	}
	replica, err := storage.NewReplica(c.ReadDB, c.ReadDBLag, c.Logger)
	if err != nil {
		return nil, fmt.Errorf("crm.Config.ReadDB: %w", err)
	}
	return replica, nil
}
