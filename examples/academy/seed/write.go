package seed

import (
	"context"
	"strings"

	"github.com/coursecrm/coursecrm/examples/academy/school"
)

// writer turns lives into rows of the tables' streams.
type writer struct {
	users, orders, items, refunds, enrollments, members, activities, messages *stream

	students map[school.Target]int // who is in, for the counters on the offerings
}

func newWriter() *writer {
	return &writer{
		users: newStream("users", split(`id nickname real_name gender birthday verified_mobile profile_mobile email email_verified status roles
			registered_at source device last_login_at province city occupation coins inviter_id accept_sms accept_email accept_message updated_at`)...),
		orders: newStream("orders", split(`id sn user_id title status source price_amount pay_amount paid_cash paid_coins coupon
			created_at paid_at closed_at close_deadline updated_at`)...),
		items:   newStream("order_items", split("order_id target_type target_id title num amount")...),
		refunds: newStream("refunds", split("order_id user_id status amount reason created_at handled_at")...),
		enrollments: newStream("enrollments", split(`user_id target_type target_id classroom_id role status joined_by joined_at deadline order_id
			learned learned_required last_learn_at finished_at exited_at exit_reason exit_note updated_at`)...),
		members:    newStream("memberships", split("user_id level_id created_at deadline updated_at")...),
		activities: newStream("activities", split("user_id kind target_type target_id occurred_at")...),
		messages:   newStream("messages", split("from_id to_id content created_at")...),
		students:   map[school.Target]int{},
	}
}

func (w *writer) streams() []*stream {
	return []*stream{w.users, w.orders, w.items, w.refunds, w.enrollments, w.members, w.activities, w.messages}
}

// write queues all rows of a life.
func (w *writer) write(ctx context.Context, l *life) error {
	if err := w.user(ctx, l); err != nil {
		return err
	}
	firstOrder := w.orders.next
	for i := range l.orders {
		if err := w.order(ctx, l.user.id, &l.orders[i]); err != nil {
			return err
		}
	}
	for i := range l.enrollments {
		if err := w.enrollment(ctx, l.user.id, firstOrder, &l.enrollments[i]); err != nil {
			return err
		}
	}
	for _, a := range l.activities {
		var user any = l.user.id
		if a.guest {
			user = nil
		}
		if err := w.activities.add(ctx, user, a.kind, a.target.Type, a.target.ID, a.at); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) user(ctx context.Context, l *life) error {
	u := &l.user
	var inviter any
	if u.inviter != 0 {
		inviter = u.inviter
	}
	err := w.users.add(ctx, u.id, u.nickname, u.realName, u.gender, orNull(u.birthday), u.verifiedMobile, u.profileMobile, u.email, u.emailVerified,
		u.status, u.roles, u.registered, u.source, u.device, orNull(u.lastLogin), u.province, u.city, u.occupation, u.coins, inviter,
		u.acceptSMS, u.acceptEmail, u.acceptMessage, u.updated)
	if err == nil && l.member != nil {
		m := l.member
		err = w.members.add(ctx, u.id, m.level, m.since, m.deadline, m.updated)
	}
	if err == nil && !l.welcome.IsZero() {
		err = w.messages.add(ctx, school.RobotID, u.id, "欢迎来到启明网校！新同学可以先看看公开课，每晚八点有老师在线答疑。", l.welcome)
	}
	return err
}

func (w *writer) order(ctx context.Context, userID int64, o *order) error {
	id := w.orders.next
	w.orders.next++
	err := w.orders.add(ctx, id, school.OrderSN(o.created, id), userID, o.title, o.status, o.source, o.price, o.pay, o.cash, o.coins, o.coupon,
		o.created, orNull(o.paid), orNull(o.closed), orNull(o.due), o.updated)
	if err == nil {
		err = w.items.add(ctx, id, o.target.Type, o.target.ID, o.title, 1, o.pay)
	}
	if f := o.refund; err == nil && f != nil {
		err = w.refunds.add(ctx, id, userID, f.status, f.amount, f.reason, f.created, orNull(f.handled))
	}
	return err
}

func (w *writer) enrollment(ctx context.Context, userID, firstOrder int64, e *enrollment) error {
	var orderID int64
	if e.order > 0 {
		orderID = firstOrder + int64(e.order) - 1
	}
	if e.status == "active" && e.role == "student" {
		w.students[e.target]++
	}
	return w.enrollments.add(ctx, userID, e.target.Type, e.target.ID, e.classroom, e.role, e.status, e.joinedBy, e.joined, e.deadline, orderID,
		e.learned, e.required, orNull(e.lastLearn), orNull(e.finished), orNull(e.exited), e.exitReason, e.exitNote, e.updated)
}

// catalog loads what the school sells, last of all because of the counters.
func (w *writer) catalog(ctx context.Context, g *generator) []*stream {
	categoriesTo := newStream("categories", "id", "parent_id", "name")
	coursesTo := newStream("courses", split(`id set_id title summary status price category_id tags teacher_id units required_units origin_id
		student_count created_at updated_at`)...)
	classroomsTo := newStream("classrooms", split("id title summary price category_id tags student_count created_at updated_at")...)
	insideTo := newStream("classroom_courses", "classroom_id", "course_id", "seq")
	levelsTo := newStream("member_levels", "id", "name", "rank", "price")
	for _, top := range categories {
		categoriesTo.add(ctx, g.cat.categoryID[top.name], 0, top.name)
		for _, child := range top.children {
			categoriesTo.add(ctx, g.cat.categoryID[child], g.cat.categoryID[top.name], child)
		}
	}
	for _, c := range g.cat.courses {
		n := w.students[school.Target{Type: school.TypeCourse, ID: c.id}]
		coursesTo.add(ctx, c.id, c.id, c.title, summary(c.title, c.tags, c.units), c.status, c.price, c.categoryID, c.tags, c.teacherID, c.units, c.required,
			c.originID, n, c.createdAt, c.createdAt.AddDate(0, 3, 0))
	}
	for _, r := range g.cat.classrooms {
		n := w.students[school.Target{Type: school.TypeClassroom, ID: r.id}]
		classroomsTo.add(ctx, r.id, r.title, summary(r.title, r.tags, 0), r.price, r.categoryID, r.tags, n, r.createdAt, r.createdAt.AddDate(0, 3, 0))
		for seq, copied := range r.copies {
			insideTo.add(ctx, r.id, copied, seq+1)
		}
	}
	for _, l := range levels {
		levelsTo.add(ctx, l.id, l.name, l.rank, fen(l.yuan))
	}
	return []*stream{categoriesTo, coursesTo, classroomsTo, insideTo, levelsTo}
}

// summary is a line about a course.
func summary(title, tags string, units int) string {
	topic, _, _ := strings.Cut(tags, ",")
	if units == 0 {
		return "围绕“" + topic + "”成体系地学：按顺序学完每一门课，班主任全程督学。"
	}
	return "《" + title + "》带你系统学习" + topic + "：讲解、练习、答疑三步走，随时可以回看。"
}
