package devstack

import (
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// Options says how the servers run. The zero value is right for tests.
type Options struct {
	// Dir is where the servers keep their data, PostgreSQL in Dir/postgres and Redis in Dir/redis.
	// What PostgreSQL holds there survives Close and is found again by the next start; Redis always
	// starts empty. The zero value means a temporary directory that Close removes.
	//
	// When we are root PostgreSQL runs as another user, who must be able to reach Dir: see DataDir.
	Dir string

	// Durable makes PostgreSQL flush to disk (fsync and full_page_writes on), so that committed data
	// survives a crash of the machine. Without it only a crash of the server is survived.
	Durable bool

	// SharedBuffers is PostgreSQL's shared_buffers. The zero value means 256MB.
	SharedBuffers string

	// MaxConnections is PostgreSQL's max_connections. The zero value means 200.
	MaxConnections int

	// Settings are further PostgreSQL settings, name to value. They win over everything above.
	Settings map[string]string

	// Logger is told of starts and stops. The zero value means silence.
	Logger *slog.Logger

	finder *finder // where to look for server programs; nil: the usual places
}

func (o Options) withDefaults() Options {
	if o.SharedBuffers == "" {
		o.SharedBuffers = "256MB"
	}
	if o.MaxConnections == 0 {
		o.MaxConnections = 200
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.finder == nil {
		o.finder = usualPlaces()
	}
	return o
}

// postgresFlags are the settings as command-line arguments, which win over postgresql.conf.
func (o Options) postgresFlags() []string {
	onOff := map[bool]string{true: "on", false: "off"}
	settings := map[string]string{
		"listen_addresses":        "127.0.0.1",
		"unix_socket_directories": "", // a long temporary path would not fit into a socket address
		"timezone":                "UTC",
		"log_timezone":            "UTC",
		"lc_messages":             "C", // start-up errors are recognised by their text
		"jit":                     "off",
		"fsync":                   onOff[o.Durable],
		"full_page_writes":        onOff[o.Durable],
		"synchronous_commit":      "on", // off would make commits faster than they are for our users
		"max_connections":         fmt.Sprint(o.MaxConnections),
		"shared_buffers":          o.SharedBuffers,
	}
	maps.Copy(settings, o.Settings)
	var flags []string
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		flags = append(flags, "-c", name+"="+settings[name])
	}
	return flags
}

// DataDir returns a directory for data that should survive from run to run, fit for Options.Dir:
// in the user's cache, or for root in /var/cache, because root's home is closed to the user that
// PostgreSQL must run as. The directory need not exist.
func DataDir(name string) (string, error) {
	if os.Geteuid() == 0 {
		return filepath.Join("/var/cache/coursecrm", name), nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a place for data: %w", err)
	}
	return filepath.Join(cache, "coursecrm", name), nil
}
