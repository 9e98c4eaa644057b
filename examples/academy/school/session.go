package school

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"time"
)

// SessionCookie is the name of the cookie that holds a session's token.
const SessionCookie = "academy_session"

// SessionLife is how long a login lasts.
const SessionLife = 30 * 24 * time.Hour

// Login opens a session and returns its token. There is no password: this is a demonstration.
func (s *School) Login(ctx context.Context, userID int64) (token string, err error) {
	token = rand.Text()
	hash := sha256.Sum256([]byte(token))
	err = s.change(ctx, "log in", func(tx *sql.Tx, c *Change) error {
		now := s.now()
		err := mustTouch(tx.ExecContext(ctx, `UPDATE users SET last_login_at = $2, updated_at = $2
			WHERE id = $1 AND status = 'normal'`, userID, now))
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM sessions WHERE user_id = $1 AND expires_at < $2", userID, now); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO sessions (token_hash, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
			hash[:], userID, now, now.Add(SessionLife))
		if err != nil {
			return err
		}
		c.Users = append(c.Users, userID)
		return s.record(ctx, tx, c, userID, KindSignin, Target{}, "")
	})
	return token, err
}

// SessionUser finds who holds a session; ErrNotFound when nobody does.
func (s *School) SessionUser(ctx context.Context, token string) (User, error) {
	if token == "" {
		return User{}, fmt.Errorf("find session: %w", ErrNotFound)
	}
	hash := sha256.Sum256([]byte(token))
	return one(ctx, s.db, "find session", scanUser, selectUsers+`WHERE status = 'normal'
		AND id = (SELECT user_id FROM sessions WHERE token_hash = $1 AND expires_at > $2)`, hash[:], s.now())
}

// Logout closes a session.
func (s *School) Logout(ctx context.Context, token string) error {
	hash := sha256.Sum256([]byte(token))
	if _, err := s.db.ExecContext(ctx, "DELETE FROM sessions WHERE token_hash = $1", hash[:]); err != nil {
		return fmt.Errorf("log out: %w", err)
	}
	return nil
}
