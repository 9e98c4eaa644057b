package seed

import (
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/examples/academy/school"
)

// staff are the accounts that are not learners. Real platforms keep them in the same table.
var staff = []struct {
	id                    int64
	nickname, name, roles string
}{
	{school.OperatorID, "周敏", "周敏", "user operator"},
	{school.ViewerID, "陈晨", "陈晨", "user viewer"},
	{school.RobotID, "小启机器人", "", "robot"},
}

var teacherNames = split("赵启明 林若兰 沈砚之 顾南星 许知微 韩雪峰 唐映雪 魏长青 苏晓棠 何其真 陆鸣 丁一帆 梁思齐 叶知秋")

// others tells the lives of staff and teachers.
func (g *generator) others() []*life {
	var all []*life
	add := func(id int64, nickname, name, roles string) *life {
		l := &life{user: user{id: id, nickname: nickname, realName: name, gender: "secret", status: school.UserNormal, roles: roles,
			registered: g.cal.opened.UTC(), updated: g.cal.opened.UTC(), source: "staff", device: "web", province: "上海", city: "上海"}}
		if roles != school.RoleRobot {
			l.user.email, l.user.emailVerified = fmt.Sprintf("staff%d@example.com", id), true
		}
		all = append(all, l)
		return l
	}
	for _, s := range staff {
		add(s.id, s.nickname, s.name, s.roles)
	}
	for i := range teachers {
		id := firstTeacher + int64(i)
		l := add(id, teacherNames[i]+"老师", teacherNames[i], "user teacher")
		for _, c := range g.cat.courses {
			if c.teacherID == id { // teachers are in their courses' list of members too
				l.enrollments = append(l.enrollments, enrollment{target: school.Target{Type: school.TypeCourse, ID: c.id}, role: "teacher", status: "active",
					joinedBy: school.JoinedByStaff, joined: c.createdAt.UTC(), updated: c.createdAt.UTC()})
			}
		}
	}
	return all
}

// placeholder is the address that the school makes up for a sign-up by phone.
func placeholder(id int64) string { return fmt.Sprintf("u%d@%s", id, school.PlaceholderDomain) }

// orNull is a time for COPY: NULL when it is zero.
func orNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}
