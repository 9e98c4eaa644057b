package web

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/coursecrm/coursecrm/examples/academy/school"
)

type homePage struct {
	*visit
	Courses    []school.Course
	Classrooms []school.Classroom
	Categories []school.Category
}

func (s *site) home(w http.ResponseWriter, r *http.Request, v *visit) error {
	p := homePage{visit: v}
	v.Title = v.L("启明网校", "Qiming Academy")
	var err error
	if p.Categories, err = s.School.Categories(r.Context()); err != nil {
		return err
	}
	if p.Courses, err = s.School.Courses(r.Context(), 0, "", 8); err != nil {
		return err
	}
	if p.Classrooms, err = s.School.Classrooms(r.Context()); err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "home", p)
}

type coursesPage struct {
	*visit
	Courses    []school.Course
	Categories []school.Category
	Category   int64
	Query      string
}

func (s *site) courses(w http.ResponseWriter, r *http.Request, v *visit) error {
	p := coursesPage{visit: v, Query: r.FormValue("q")}
	p.Category, _ = strconv.ParseInt(r.FormValue("category"), 10, 64) // anything else: all
	v.Title = v.L("全部课程", "All courses")
	var err error
	if p.Categories, err = s.School.Categories(r.Context()); err != nil {
		return err
	}
	if p.Courses, err = s.School.Courses(r.Context(), p.Category, p.Query, 100); err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "courses", p)
}

// standing is how a visitor stands with an offering.
type standing struct {
	Seat             school.Enrollment
	In               bool
	Favorite, Coupon bool
}

func (s *site) standing(r *http.Request, v *visit, t school.Target) (st standing, err error) {
	if !v.LoggedIn() {
		return st, nil
	}
	st.Seat, err = s.School.Enrollment(r.Context(), v.User.ID, t)
	if err != nil && !errors.Is(err, school.ErrNotFound) {
		return st, err
	}
	st.In = err == nil
	if st.Favorite, err = s.School.Did(r.Context(), v.User.ID, school.KindFavorite, t); err != nil {
		return st, err
	}
	st.Coupon, err = s.School.Did(r.Context(), v.User.ID, school.KindCoupon, t)
	return st, err
}

// looked records that a page was opened. The page is shown even if that fails. Staff do not count.
func (s *site) looked(r *http.Request, v *visit, t school.Target) {
	if r.Method != http.MethodGet || v.User.Staff() || v.Done != "" {
		return
	}
	if err := s.School.Record(r.Context(), v.User.ID, school.KindView, t, ""); err != nil {
		s.Logger.WarnContext(r.Context(), "view not recorded", "error", err)
	}
}

type coursePage struct {
	*visit
	standing
	Course school.Course
}

func (s *site) course(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	p := coursePage{visit: v}
	if p.Course, err = s.School.Course(r.Context(), id); err != nil {
		return err
	}
	t := school.Target{Type: school.TypeCourse, ID: id}
	if p.standing, err = s.standing(r, v, t); err != nil {
		return err
	}
	s.looked(r, v, t)
	v.Title = p.Course.Title
	return s.render(w, http.StatusOK, "course", p)
}

type classroomPage struct {
	*visit
	standing
	Classroom school.Classroom
}

func (s *site) classroom(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	p := classroomPage{visit: v}
	if p.Classroom, err = s.School.Classroom(r.Context(), id); err != nil {
		return err
	}
	t := school.Target{Type: school.TypeClassroom, ID: id}
	if p.standing, err = s.standing(r, v, t); err != nil {
		return err
	}
	s.looked(r, v, t)
	v.Title = p.Classroom.Title
	return s.render(w, http.StatusOK, "classroom", p)
}

type vipPage struct {
	*visit
	Levels []school.Level
	Member school.Membership
}

func (s *site) vip(w http.ResponseWriter, r *http.Request, v *visit) error {
	p := vipPage{visit: v}
	v.Title = v.L("会员", "Membership")
	var err error
	if p.Levels, err = s.School.Levels(r.Context()); err != nil {
		return err
	}
	if v.LoggedIn() {
		p.Member, err = s.School.Membership(r.Context(), v.User.ID)
		if err != nil && !errors.Is(err, school.ErrNotFound) {
			return err
		}
	}
	return s.render(w, http.StatusOK, "vip", p)
}
