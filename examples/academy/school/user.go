package school

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// The words in users.roles.
const (
	RoleUser     = "user"
	RoleTeacher  = "teacher"
	RoleOperator = "operator" // runs the school: everything in the CRM
	RoleViewer   = "viewer"   // looks only: no phone numbers, no sending
	RoleRobot    = "robot"
)

// The accounts of the staff, the same in every generated school.
const (
	OperatorID int64 = 1
	ViewerID   int64 = 2
	RobotID    int64 = 3
)

// The words in users.status.
const (
	UserNormal  = "normal"
	UserLocked  = "locked"
	UserDeleted = "deleted"
)

// User is an account.
type User struct {
	ID                            int64
	Nickname, RealName            string
	VerifiedMobile, ProfileMobile string
	Email                         string
	Status                        string
	Roles                         []string
	RegisteredAt, LastLoginAt     time.Time
	Source, Province, City        string
	Coins                         int64
	Accept                        Consent
}

// Consent is what a learner said about advertising; an invalid value means never asked.
type Consent struct{ SMS, Email, Message sql.NullBool }

// Is reports whether the account has one of the roles.
func (u User) Is(roles ...string) bool {
	return slices.ContainsFunc(u.Roles, func(r string) bool { return slices.Contains(roles, r) })
}

// Staff reports whether the account works for the school.
func (u User) Staff() bool { return u.Is(RoleOperator, RoleViewer) }

// StaffUsers lists the accounts that work for the school, the operator first.
func (s *School) StaffUsers(ctx context.Context) ([]User, error) {
	return list(ctx, s.db, "list staff", scanUser, selectUsers+`WHERE status = 'normal'
		AND string_to_array(roles, ' ') && '{operator,viewer}' ORDER BY id LIMIT 500`)
}

// Name is the real name, or the nickname when there is none.
func (u User) Name() string {
	if u.RealName != "" {
		return u.RealName
	}
	return u.Nickname
}

// MaskedMobile is the phone number for lists: 138****1234.
func (u User) MaskedMobile() string {
	m := u.VerifiedMobile
	if m == "" {
		m = u.ProfileMobile
	}
	if len(m) < 8 {
		return ""
	}
	return m[:3] + "****" + m[len(m)-4:]
}

const selectUsers = `SELECT id, nickname, real_name, verified_mobile, profile_mobile, email, status, roles,
	registered_at, last_login_at, source, province, city, coins, accept_sms, accept_email, accept_message FROM users `

func scanUser(row scanner) (u User, err error) {
	var roles string
	err = row.Scan(&u.ID, &u.Nickname, &u.RealName, &u.VerifiedMobile, &u.ProfileMobile, &u.Email, &u.Status, &roles,
		moment{&u.RegisteredAt}, moment{&u.LastLoginAt}, &u.Source, &u.Province, &u.City, &u.Coins,
		&u.Accept.SMS, &u.Accept.Email, &u.Accept.Message)
	u.Roles = strings.Fields(roles)
	return u, err
}

// User finds an account that is not deleted.
func (s *School) User(ctx context.Context, id int64) (User, error) {
	return one(ctx, s.db, "find user", scanUser, selectUsers+"WHERE id = $1 AND status <> 'deleted'", id)
}

// SearchUsers finds learners by a part of their name or the last four digits of their phone
// number; an empty query gives those who were here last.
func (s *School) SearchUsers(ctx context.Context, query string, limit int) ([]User, error) {
	query = strings.TrimSpace(query)
	if query == "" {
		return list(ctx, s.db, "list users", scanUser, selectUsers+`WHERE roles = 'user' AND status = 'normal'
			AND last_login_at IS NOT NULL ORDER BY last_login_at DESC LIMIT $1`, limit)
	}
	if regexp.MustCompile(`^\d{4}$`).MatchString(query) {
		return list(ctx, s.db, "search users", scanUser, selectUsers+`WHERE right(verified_mobile, 4) = $1 AND verified_mobile <> ''
			AND roles = 'user' AND status = 'normal' ORDER BY id DESC LIMIT $2`, query, limit)
	}
	like := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(query) + "%"
	return list(ctx, s.db, "search users", scanUser, selectUsers+`WHERE (nickname LIKE $1 OR real_name LIKE $1)
		AND roles = 'user' AND status = 'normal' ORDER BY id DESC LIMIT $2`, like, limit)
}

var mobilePattern = regexp.MustCompile(`^1[3-9]\d{9}$`)

// Register opens an account with a phone number. The school makes up an e-mail address, as many
// platforms do whose accounts need one. It returns ErrBadRequest for a number that cannot be,
// ErrConflict for one that has an account already.
func (s *School) Register(ctx context.Context, nickname, mobile string) (id int64, err error) {
	nickname = strings.TrimSpace(nickname)
	if nickname == "" || len([]rune(nickname)) > 30 || !mobilePattern.MatchString(mobile) {
		return 0, fmt.Errorf("register: %w", ErrBadRequest)
	}
	err = s.change(ctx, "register", func(tx *sql.Tx, c *Change) error {
		// Two requests with one number must not both find it free.
		if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock(hashtext($1))", mobile); err != nil {
			return err
		}
		var taken bool
		if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM users WHERE verified_mobile = $1
			AND right(verified_mobile, 4) = right($1, 4) AND verified_mobile <> '')`, mobile).Scan(&taken); err != nil {
			return err
		}
		if taken {
			return ErrConflict
		}
		err := tx.QueryRowContext(ctx, `INSERT INTO users (nickname, verified_mobile, registered_at, source, device, updated_at)
			VALUES ($1, $2, $3, 'site', 'web', $3) RETURNING id`, nickname, mobile, s.now()).Scan(&id)
		if err != nil {
			return err
		}
		c.Users = append(c.Users, id)
		_, err = tx.ExecContext(ctx, "UPDATE users SET email = 'u' || id || '@' || $2, updated_at = $3 WHERE id = $1", id, PlaceholderDomain, s.now())
		return err
	})
	return id, err
}

// SetConsent keeps what a learner says about advertising.
func (s *School) SetConsent(ctx context.Context, id int64, accept Consent) error {
	return s.change(ctx, "set consent", func(tx *sql.Tx, c *Change) error {
		c.Users = append(c.Users, id)
		return mustTouch(tx.ExecContext(ctx, `UPDATE users SET accept_sms = $2, accept_email = $3, accept_message = $4, updated_at = $5
			WHERE id = $1 AND status <> 'deleted'`, id, accept.SMS, accept.Email, accept.Message, s.now()))
	})
}

// DeleteUser closes an account: its personal fields are wiped and the row stays, because orders
// point to it. Staff cannot be deleted.
func (s *School) DeleteUser(ctx context.Context, id int64) error {
	return s.change(ctx, "delete user", func(tx *sql.Tx, c *Change) error {
		c.Users = append(c.Users, id)
		if _, err := tx.ExecContext(ctx, "DELETE FROM sessions WHERE user_id = $1", id); err != nil {
			return err
		}
		return mustTouch(tx.ExecContext(ctx, `UPDATE users SET status = 'deleted', nickname = '已注销用户', real_name = '',
			birthday = NULL, verified_mobile = '', profile_mobile = '', email = '', occupation = '', updated_at = $2
			WHERE id = $1 AND roles = 'user' AND status <> 'deleted'`, id, s.now()))
	})
}

// mustTouch turns an update that met no row into ErrNotFound.
func mustTouch(res sql.Result, err error) error {
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return ErrNotFound
}
