package seed

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// category is a heading with its own headings below. Ids are given in this order from 1.
type category struct {
	name     string
	children []string
}

var categories = []category{
	{"编程开发", []string{"编程入门", "前端开发", "后端开发"}},
	{"数据与智能", []string{"数据分析", "人工智能"}},
	{"考研考证", []string{"考研数学", "考研英语", "职业证书"}},
	{"语言学习", []string{"英语", "日语"}},
	{"设计创意", []string{"界面设计", "影像创作"}},
	{"职场提升", []string{"办公效率", "沟通管理"}},
}

// courseSpec is a course: title, sub-category, price in yuan, units, tags.
type courseSpec struct {
	title, category string
	yuan            float64
	units           int
	tags            string
}

var courseSpecs = []courseSpec{
	{"零基础 Python 编程", "编程入门", 299, 48, "编程入门,Python"},
	{"Python 七天体验营", "编程入门", 9.9, 7, "编程入门,Python,体验课"},
	{"C 语言程序设计", "编程入门", 199, 40, "编程入门,C 语言"},
	{"少儿图形化编程", "编程入门", 399, 36, "编程入门,少儿"},
	{"算法与数据结构图解", "编程入门", 459, 52, "编程入门,算法"},
	{"写给所有人的编程第一课", "编程入门", 0, 8, "编程入门,公开课"},
	{"HTML 与 CSS 从入门到上手", "前端开发", 129, 30, "前端,编程入门"},
	{"现代 JavaScript 实战", "前端开发", 349, 46, "前端,JavaScript"},
	{"Vue 3 企业项目实战", "前端开发", 599, 58, "前端,Vue"},
	{"前端工程师面试精讲", "前端开发", 269, 24, "前端,求职"},
	{"Go 语言从入门到实战", "后端开发", 499, 56, "后端,Go"},
	{"Java 核心技术三十讲", "后端开发", 399, 30, "后端,Java"},
	{"Spring 微服务实战", "后端开发", 799, 60, "后端,Java"},
	{"PostgreSQL 数据库进阶", "后端开发", 359, 32, "后端,数据库"},
	{"Linux 运维基础", "后端开发", 0, 20, "后端,Linux,公开课"},
	{"Excel 数据分析入门", "数据分析", 99, 22, "数据分析,Excel"},
	{"SQL 数据分析实战", "数据分析", 299, 34, "数据分析,SQL"},
	{"数据分析师就业班", "数据分析", 2999, 96, "数据分析,求职"},
	{"商业数据可视化", "数据分析", 259, 28, "数据分析,可视化"},
	{"统计学直觉课", "数据分析", 199, 26, "数据分析,数学"},
	{"数据分析公开课", "数据分析", 0, 6, "数据分析,公开课"},
	{"机器学习基础", "人工智能", 699, 54, "人工智能,Python"},
	{"深度学习与计算机视觉", "人工智能", 999, 62, "人工智能"},
	{"大模型应用开发", "人工智能", 1299, 45, "人工智能,求职"},
	{"提示词工程一小时", "人工智能", 1, 4, "人工智能,体验课"},
	{"考研数学基础班", "考研数学", 899, 80, "考研数学,考研"},
	{"考研数学强化班", "考研数学", 1299, 90, "考研数学,考研"},
	{"考研数学冲刺押题", "考研数学", 499, 24, "考研数学,考研"},
	{"高等数学零基础补习", "考研数学", 399, 60, "考研数学,数学"},
	{"线性代数八讲", "考研数学", 199, 16, "考研数学,数学"},
	{"考研规划公开课", "考研数学", 0, 5, "考研,公开课"},
	{"考研英语词汇突破", "考研英语", 299, 50, "考研英语,考研,英语"},
	{"考研英语阅读精讲", "考研英语", 459, 44, "考研英语,考研,英语"},
	{"考研英语写作模板课", "考研英语", 259, 18, "考研英语,考研,英语"},
	{"考研政治全程班", "考研英语", 699, 64, "考研"},
	{"教师资格证笔试通关", "职业证书", 599, 70, "证书,教师资格"},
	{"教师资格证面试特训", "职业证书", 899, 30, "证书,教师资格"},
	{"初级会计职称精讲", "职业证书", 799, 86, "证书,会计"},
	{"注册会计师会计科目", "职业证书", 1999, 110, "证书,会计"},
	{"软考中级软件设计师", "职业证书", 699, 58, "证书,编程"},
	{"英语发音矫正", "英语", 169, 20, "英语,口语"},
	{"商务英语口语", "英语", 599, 42, "英语,口语,职场"},
	{"雅思七分全程班", "英语", 3999, 120, "英语,留学"},
	{"四级高频词汇", "英语", 59, 30, "英语,四六级"},
	{"六级阅读与写作", "英语", 199, 28, "英语,四六级"},
	{"英语晨读打卡", "英语", 0, 21, "英语,公开课"},
	{"五十音图快速入门", "日语", 9.9, 10, "日语,体验课"},
	{"新标准日语初级", "日语", 499, 60, "日语"},
	{"日语 N2 冲刺", "日语", 999, 48, "日语,考试"},
	{"Figma 界面设计", "界面设计", 399, 36, "设计,求职"},
	{"平面设计三大软件", "界面设计", 699, 66, "设计"},
	{"设计思维公开课", "界面设计", 0, 5, "设计,公开课"},
	{"手机摄影入门", "影像创作", 99, 18, "摄影"},
	{"短视频剪辑与运营", "影像创作", 299, 32, "剪辑,新媒体"},
	{"插画零基础班", "影像创作", 1299, 50, "设计,插画"},
	{"办公软件三合一", "办公效率", 129, 40, "职场,Excel"},
	{"PPT 表达力", "办公效率", 159, 20, "职场,表达"},
	{"时间管理与复盘", "办公效率", 69, 12, "职场"},
	{"高效沟通十二课", "沟通管理", 199, 12, "职场,表达"},
	{"新任经理训练营", "沟通管理", 1599, 30, "职场,管理"},
	{"项目管理实务", "沟通管理", 499, 34, "职场,管理,证书"},
}

// classroomSpec is a classroom; courses are places in courseSpecs, counted from 1.
type classroomSpec struct {
	title, category string
	yuan            float64
	tags            string
	courses         []int
}

var classroomSpecs = []classroomSpec{
	{"全栈工程师成长班", "编程开发", 1699, "编程入门,求职", []int{1, 7, 8, 9, 14}},
	{"Java 后端工程师班", "编程开发", 1499, "后端,Java,求职", []int{5, 12, 13, 14}},
	{"数据分析系统班", "数据与智能", 799, "数据分析", []int{16, 17, 19, 20}},
	{"人工智能工程师班", "数据与智能", 2599, "人工智能,求职", []int{1, 22, 23, 24}},
	{"考研全程无忧班", "考研考证", 3599, "考研,考研数学,考研英语", []int{26, 27, 28, 32, 33, 34}},
	{"教师资格证通关班", "考研考证", 1299, "证书,教师资格", []int{36, 37}},
	{"英语四六级双过班", "语言学习", 329, "英语,四六级", []int{41, 44, 45}},
	{"职场新人加速班", "职场提升", 399, "职场", []int{56, 57, 58, 59}},
}

// level is a membership level: id, name, rank, yuan a year.
type level struct {
	id   int64
	name string
	rank int
	yuan float64
}

var levels = []level{{1, "银卡会员", 1, 198}, {2, "金卡会员", 2, 398}, {3, "钻石会员", 3, 998}}

// course is a row of the table courses; the copies follow the originals.
type course struct {
	id, categoryID, price, teacherID, originID int64
	title, status, tags                        string
	units, required                            int
	createdAt                                  time.Time
}

// classroom is a row of the table classrooms.
type classroom struct {
	id, categoryID, price int64
	title, tags           string
	copies                []int64 // ids of courses
	createdAt             time.Time
}

// catalog is all that the school sells.
type catalog struct {
	categoryID map[string]int64
	courses    []course // by id - 1
	classrooms []classroom
	popular    *dice // over the original courses
	free       []int // places of free courses
}

const teachers = 14 // with ids from firstTeacher

// newCatalog builds the catalog of a school that opened four years before now.
func newCatalog(c calendar) catalog {
	g := catalog{categoryID: map[string]int64{}}
	for _, top := range categories {
		for _, name := range append([]string{top.name}, top.children...) {
			g.categoryID[name] = int64(len(g.categoryID) + 1)
		}
	}
	var weights []float64
	for i, s := range courseSpecs {
		g.courses = append(g.courses, course{
			id: int64(i + 1), title: s.title, categoryID: g.categoryID[s.category], price: fen(s.yuan), tags: s.tags, status: "published",
			teacherID: firstTeacher + int64(i%teachers), units: s.units, required: max(1, s.units*4/5), createdAt: c.opened.Add(time.Duration(i) * time.Hour),
		})
		if s.yuan == 0 {
			g.free = append(g.free, i)
		}
		// A few courses sell most, and dear ones sell less.
		rank := float64((i*23)%len(courseSpecs) + 1)
		weights = append(weights, math.Pow(rank, -0.7)/math.Sqrt(1+s.yuan/400))
	}
	g.courses[19].status, g.courses[57].status = "closed", "draft"
	g.popular = newDice(weights)
	for i, s := range classroomSpecs {
		r := classroom{id: int64(i + 1), title: s.title, categoryID: g.categoryID[s.category], price: fen(s.yuan), tags: s.tags, createdAt: c.opened}
		for _, n := range s.courses {
			copied := g.courses[n-1]
			copied.originID, copied.id, copied.status = copied.id, int64(len(g.courses)+1), "published"
			copied.title = fmt.Sprintf("%s（%s）", copied.title, strings.TrimSuffix(s.title, "班"))
			g.courses = append(g.courses, copied)
			r.copies = append(r.copies, copied.id)
		}
		g.classrooms = append(g.classrooms, r)
	}
	return g
}

// fen makes minor units of yuan.
func fen(yuan float64) int64 { return int64(math.Round(yuan * 100)) }
