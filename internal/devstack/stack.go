package devstack

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
)

// Stack is the addresses of a PostgreSQL and a Redis, and those of the servers that are ours to
// close.
type Stack struct {
	DatabaseURL string
	RedisURL    string // as redis.ParseURL and asynq.ParseRedisURI read it
	RedisAddr   string // host:port of RedisURL, for a Redis without password and TLS, as ours is

	close []func() error // in the order of the starts
}

// Start starts both servers. The context bounds the start, not the servers' life.
func Start(ctx context.Context, o Options) (*Stack, error) { return start(ctx, o, "", "") }

// FromEnv starts the servers that the environment does not name in DATABASE_URL and REDIS_URL; each
// of the two is decided by itself. Named servers are taken as they are: not emptied, not closed, and
// first talked to by whoever uses them.
func FromEnv(ctx context.Context, o Options) (*Stack, error) {
	return start(ctx, o, os.Getenv("DATABASE_URL"), os.Getenv("REDIS_URL"))
}

func start(ctx context.Context, o Options, databaseURL, redisURL string) (*Stack, error) {
	s := &Stack{DatabaseURL: databaseURL}
	if err := s.useRedis(redisURL); err != nil {
		return nil, err
	}
	if databaseURL == "" {
		p, err := StartPostgres(ctx, o)
		if err != nil {
			return nil, err
		}
		s.DatabaseURL = p.URL()
		s.close = append(s.close, p.Close)
	}
	if redisURL == "" {
		r, err := StartRedis(ctx, o)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.RedisURL, s.RedisAddr = r.URL(), r.Addr()
		s.close = append(s.close, r.Close)
	}
	return s, nil
}

// useRedis reads an address given as a URL or, as people also write it, as host:port.
func (s *Stack) useRedis(address string) error {
	if address == "" {
		return nil
	}
	if !strings.Contains(address, "://") {
		address = "redis://" + address
	}
	u, err := url.Parse(address)
	if err != nil {
		return errors.New("REDIS_URL is not a URL") // the parser's error would show a password
	}
	if u.Host == "" {
		return fmt.Errorf("REDIS_URL names no host (scheme %q)", u.Scheme)
	}
	s.RedisURL, s.RedisAddr = address, u.Host
	if u.Port() == "" {
		s.RedisAddr = u.Host + ":6379"
	}
	return nil
}

// Close ends the servers that Start or FromEnv started, and removes their temporary directories. It
// may be called again.
func (s *Stack) Close() error {
	var problems []error
	for i := len(s.close) - 1; i >= 0; i-- {
		problems = append(problems, s.close[i]())
	}
	return errors.Join(problems...)
}
