package email

import (
	"errors"
	"slices"

	"github.com/wneessen/go-mail/smtp"
)

// errNoLogin says that the configured login cannot be used with this server.
var errNoLogin = errors.New("the mail server offers no login that is safe on this connection")

// login chooses how to log in when the server has said what it can do: go-mail's own choice takes
// a connection that we opened and secured for an open one. It serves one connection.
type login struct {
	username, password string
	smtp.Auth          // what was chosen
}

// Start implements smtp.Auth. A password is only shown to the server itself: over TLS, or to a
// server on the same machine.
func (l *login) Start(server *smtp.ServerInfo) (string, []byte, error) {
	for _, way := range []struct {
		name string
		auth smtp.Auth
	}{
		{"SCRAM-SHA-256", smtp.ScramSHA256Auth(l.username, l.password)},
		{"SCRAM-SHA-1", smtp.ScramSHA1Auth(l.username, l.password)},
		{"PLAIN", smtp.PlainAuth("", l.username, l.password, server.Name, false)},
		{"LOGIN", smtp.LoginAuth(l.username, l.password, server.Name, false)},
		{"CRAM-MD5", smtp.CRAMMD5Auth(l.username, l.password)},
	} {
		if !slices.Contains(server.Auth, way.name) {
			continue
		}
		name, first, err := way.auth.Start(server)
		if errors.Is(err, smtp.ErrUnencrypted) {
			continue
		}
		l.Auth = way.auth
		return name, first, err
	}
	return "", nil, errNoLogin
}
