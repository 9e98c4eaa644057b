package devstack

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

// errPortTaken means that somebody took the port between our look and the server's bind.
var errPortTaken = errors.New("port taken")

// Ports come from below the range that systems hand out to outgoing connections. A stopped server
// then finds its port free when it starts again, and a client that keeps dialling meanwhile cannot
// be given that very port as its own end and so connect to itself.
const firstPort, lastPort = 20000, 32000

// freePort returns a port on 127.0.0.1 that nobody listens on right now.
func freePort() (int, error) {
	var last error
	for range 100 {
		port := firstPort + rand.IntN(lastPort-firstPort)
		l, err := net.Listen("tcp", address(port))
		if err != nil {
			last = err
			continue
		}
		return port, l.Close()
	}
	return 0, fmt.Errorf("find a free port: %w", last)
}

func address(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
