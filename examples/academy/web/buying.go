package web

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/coursecrm/coursecrm/examples/academy/school"
)

// act is what a learner does on the page of something on offer: order it, learn, leave, or one of
// the activities.
func (s *site) act(kind string) handler {
	return func(w http.ResponseWriter, r *http.Request, v *visit) error {
		id, err := pathID(r)
		if err != nil {
			return err
		}
		t := school.Target{Type: kind, ID: id}
		page := map[string]string{school.TypeCourse: "/courses/%d", school.TypeClassroom: "/classrooms/%d", school.TypeVIP: "/vip"}[kind]
		if kind != school.TypeVIP {
			page = fmt.Sprintf(page, id)
		}
		switch action := r.PathValue("action"); {
		case action == "order":
			return s.order(w, r, v, t, page)
		case kind == school.TypeVIP:
			return school.ErrNotFound
		case action == "learn" && kind == school.TypeCourse:
			err = s.School.Learn(r.Context(), v.User.ID, id)
		case action == "leave":
			err = s.School.Leave(r.Context(), v.User.ID, t, r.FormValue("note"))
		case action == school.KindFavorite, action == school.KindCoupon, action == school.KindPreview, action == school.KindAsk:
			err = s.School.Record(r.Context(), v.User.ID, action, t, r.FormValue("note"))
		default:
			return school.ErrNotFound
		}
		if err != nil {
			return err
		}
		return done(w, r, page, r.PathValue("action"))
	}
}

// order places an order and goes to the cashier, or back when there is nothing to pay.
func (s *site) order(w http.ResponseWriter, r *http.Request, v *visit, t school.Target, page string) error {
	id, err := s.School.PlaceOrder(r.Context(), v.User.ID, t)
	if err != nil {
		return err
	}
	o, err := s.School.Order(r.Context(), v.User.ID, id)
	if err != nil {
		return err
	}
	if !o.Open() {
		return done(w, r, page, "enrolled")
	}
	return done(w, r, fmt.Sprintf("/orders/%d", id), "")
}

type ordersPage struct {
	*visit
	Orders []school.Order
	Now    time.Time
}

func (s *site) orders(w http.ResponseWriter, r *http.Request, v *visit) error {
	p := ordersPage{visit: v, Now: s.Now()}
	v.Title = v.L("我的订单", "My orders")
	var err error
	if p.Orders, err = s.School.Orders(r.Context(), v.User.ID, 100); err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "orders", p)
}

type cashierPage struct {
	*visit
	Order      school.Order
	Refundable bool
}

func (s *site) cashier(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	p := cashierPage{visit: v}
	if p.Order, err = s.School.Order(r.Context(), v.User.ID, id); err != nil {
		return err
	}
	p.Refundable = p.Order.Refundable(s.Now())
	v.Title = v.L("收银台", "Checkout")
	return s.render(w, http.StatusOK, "cashier", p)
}

func (s *site) pay(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.withOrder(w, r, "paid", func(id int64) error {
		err := s.School.Pay(r.Context(), v.User.ID, id)
		if errors.Is(err, school.ErrConflict) { // a second click: what counts is that it is paid
			if o, found := s.School.Order(r.Context(), v.User.ID, id); found == nil && o.Paid > 0 {
				return nil
			}
		}
		return err
	})
}

func (s *site) cancel(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.withOrder(w, r, "cancelled", func(id int64) error { return s.School.Cancel(r.Context(), v.User.ID, id) })
}

func (s *site) askRefund(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.withOrder(w, r, "refund", func(id int64) error {
		return s.School.RequestRefund(r.Context(), v.User.ID, id, r.FormValue("reason"))
	})
}

// withOrder does something with the order of the path and goes to its page.
func (s *site) withOrder(w http.ResponseWriter, r *http.Request, word string, do func(id int64) error) error {
	id, err := pathID(r)
	if err == nil {
		err = do(id)
	}
	if err != nil {
		return err
	}
	return done(w, r, fmt.Sprintf("/orders/%d", id), word)
}
