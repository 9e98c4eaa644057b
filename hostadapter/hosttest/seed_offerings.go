package hosttest

import h "github.com/coursecrm/coursecrm/hostadapter"

// seedOfferings makes 16 courses and 2 classrooms. Classroom 1 shares its id and its UpdatedAt
// with course 1: a cursor of (UpdatedAt, ID) alone loses one of them.
func seedOfferings() []h.Offering {
	offering := func(of h.Target, title string, price int64, category ...string) h.Offering {
		o := h.Offering{
			Type: of.Type, ID: of.ID, Title: title, Status: h.OfferingPublished, Price: price,
			CategoryPath: category, RequiredUnits: 12, UpdatedAt: ago(90, 0),
		}
		if price > 0 {
			o.Currency = seedCurrency
		}
		return o
	}
	rows := []h.Offering{
		offering(course(1), "Python 入门", 19900, "编程", "Python"),
		offering(course(2), "Python 数据分析", 39900, "编程", "Python"),
		offering(course(3), "考研英语·春季", 129900, "考研", "英语"),
		offering(course(4), "考研英语·秋季", 139900, "考研", "英语"),
		offering(course(5), "考研数学", 149900, "考研", "数学"),
		offering(course(6), "初级会计", 59900, "财会"),
		offering(course(7), "摄影 <第一课> & \"光\"", 9900, "兴趣", "摄影"),
		offering(course(8), "公开课:时间管理", 0),
		offering(course(9), "水彩基础", 8900, "兴趣", "绘画"),
		offering(course(10), "筹备中的课程", 29900, "编程"),
		offering(course(11), "旧版初级会计", 49900, "财会"),
		offering(course(12), "已删除的课程", 100, "财会"),
		offering(classroom(1), "数据分析师班", 49900, "编程"),
		offering(classroom(2), "考研全程班", 239900, "考研"),
		// A classroom teaches copies of courses, not the courses themselves (trap 9).
		offering(course(101), "Python 入门", 19900, "编程", "Python"),
		offering(course(102), "Python 数据分析", 39900, "编程", "Python"),
		offering(course(103), "考研英语·春季", 129900, "考研", "英语"),
		offering(course(104), "考研数学", 149900, "考研", "数学"),
	}
	edit := func(of h.Target, change func(*h.Offering)) {
		for i := range rows {
			if rows[i].Type == of.Type && rows[i].ID == of.ID {
				change(&rows[i])
			}
		}
	}
	edit(course(3), func(o *h.Offering) { o.GroupID = "3" })
	edit(course(4), func(o *h.Offering) { o.GroupID = "3" })
	edit(course(5), func(o *h.Offering) { o.Tags, o.UpdatedAt = []string{"热门", "直播"}, ago(80, 5) })
	edit(course(6), func(o *h.Offering) { o.RequiredUnits, o.UpdatedAt = 0, ago(80, 4) })
	edit(course(10), func(o *h.Offering) { o.Status, o.UpdatedAt = h.OfferingDraft, ago(3, 0) })
	edit(course(11), func(o *h.Offering) { o.Status, o.UpdatedAt = h.OfferingClosed, ago(3, 0) })
	edit(course(12), func(o *h.Offering) { o.Deleted, o.UpdatedAt = true, ago(2, 0) })
	edit(classroom(1), func(o *h.Offering) { o.CourseIDs = []string{"101", "102"} })
	edit(classroom(2), func(o *h.Offering) { o.CourseIDs, o.UpdatedAt = []string{"103", "104"}, ago(1, 0) })
	for copied, origin := range map[int]string{101: "1", 102: "2", 103: "3", 104: "5"} {
		edit(course(copied), func(o *h.Offering) { o.OriginCourseID = origin })
	}
	return rows
}
