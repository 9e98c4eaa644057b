package web

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/coursecrm/coursecrm/examples/academy/school"
)

type adminPage struct {
	*visit
	Stats   school.Stats
	Refunds []school.Refund
	Mails   int64
	Texts   int64 // text messages
}

func (s *site) admin(w http.ResponseWriter, r *http.Request, v *visit) error {
	p := adminPage{visit: v}
	v.Title = v.L("管理后台", "Administration")
	var err error
	if p.Stats, err = s.School.Stats(r.Context()); err != nil {
		return err
	}
	if p.Refunds, err = s.School.OpenRefunds(r.Context(), 20); err != nil {
		return err
	}
	if p.Mails, err = s.Inbox.Count(r.Context(), ""); err != nil {
		return err
	}
	if s.Phones.DB != nil {
		if p.Texts, err = s.Phones.Count(r.Context()); err != nil {
			return err
		}
	}
	return s.render(w, http.StatusOK, "admin", p)
}

type adminUsersPage struct {
	*visit
	Query string
	Users []school.User
}

func (s *site) adminUsers(w http.ResponseWriter, r *http.Request, v *visit) error {
	p := adminUsersPage{visit: v, Query: r.FormValue("q")}
	v.Title = v.L("用户", "Users")
	var err error
	if p.Users, err = s.School.SearchUsers(r.Context(), p.Query, 50); err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "users", p)
}

type adminUserPage struct {
	*visit
	Learner    school.User
	Member     school.Membership
	Orders     []school.Order
	Seats      []school.Enrollment
	Activities []school.Activity
}

func (s *site) adminUser(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	p := adminUserPage{visit: v}
	if p.Learner, err = s.School.User(r.Context(), id); err != nil {
		return err
	}
	if p.Orders, err = s.School.Orders(r.Context(), id, 20); err != nil {
		return err
	}
	if p.Seats, err = s.School.Enrollments(r.Context(), id); err != nil {
		return err
	}
	if p.Activities, err = s.School.Activities(r.Context(), id, 20); err != nil {
		return err
	}
	if p.Member, err = s.School.Membership(r.Context(), id); err != nil && !errors.Is(err, school.ErrNotFound) {
		return err
	}
	v.Title = p.Learner.Nickname
	return s.render(w, http.StatusOK, "user", p)
}

func (s *site) adminMessage(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err == nil {
		err = s.School.SendMessage(r.Context(), v.User.ID, id, r.FormValue("content"))
	}
	if err != nil {
		return err
	}
	return done(w, r, fmt.Sprintf("/admin/users/%d", id), "sent")
}

func (s *site) adminDelete(w http.ResponseWriter, r *http.Request, _ *visit) error {
	id, err := pathID(r)
	if err == nil {
		err = s.School.DeleteUser(r.Context(), id)
	}
	if err != nil {
		return err
	}
	return done(w, r, "/admin/users", "deleted")
}

func (s *site) adminPrice(w http.ResponseWriter, r *http.Request, _ *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	price, err := fen(r.FormValue("price"))
	if err == nil {
		err = s.School.SetPrice(r.Context(), id, price)
	}
	if err != nil {
		return err
	}
	return done(w, r, fmt.Sprintf("/courses/%d", id), "saved")
}

func (s *site) adminGrant(w http.ResponseWriter, r *http.Request, _ *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	var amount int64 // nothing entered: all of it
	if text := r.FormValue("amount"); text != "" {
		if amount, err = fen(text); err != nil {
			return err
		}
	}
	if err := s.School.GrantRefund(r.Context(), id, amount); err != nil {
		return err
	}
	return done(w, r, "/admin/", "granted")
}

func (s *site) adminRefuse(w http.ResponseWriter, r *http.Request, _ *visit) error {
	id, err := pathID(r)
	if err == nil {
		err = s.School.RefuseRefund(r.Context(), id)
	}
	if err != nil {
		return err
	}
	return done(w, r, "/admin/", "refused")
}

// fen reads an amount in yuan.
func fen(text string) (int64, error) {
	yuan, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(yuan) || yuan < 0 || yuan > 1e6 {
		return 0, school.ErrBadRequest
	}
	return int64(math.Round(yuan * 100)), nil
}
