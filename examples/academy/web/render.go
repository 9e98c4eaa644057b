package web

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

type pageTemplate = *template.Template

// shanghai is the school's time zone.
var shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

var funcs = template.FuncMap{
	"yuan":   yuan,
	"date":   func(t time.Time) string { return t.In(shanghai).Format("2006-01-02") },
	"stamp":  func(t time.Time) string { return t.In(shanghai).Format("2006-01-02 15:04") },
	"iso":    func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"cover":  func(id int64) string { return fmt.Sprintf("cover cover-%d", id%6) },
	"pieces": pieces,
	"first":  func(s string) string { return string([]rune(s + " ")[:1]) },
}

// yuan writes fen as money: ¥1,280.00.
func yuan(fen int64) string {
	whole := fmt.Sprint(fen / 100)
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return fmt.Sprintf("¥%s.%02d", whole, fen%100)
}

// loadTemplates reads one template set for each page: the layout and the page.
func (s *site) loadTemplates() error {
	s.pages = map[string]pageTemplate{}
	layout, err := template.New("layout.html").Funcs(funcs).ParseFS(files, "templates/layout.html")
	if err != nil {
		return fmt.Errorf("read the layout: %w", err)
	}
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		return err
	}
	for _, name := range names {
		set, err := layout.Clone()
		if err == nil {
			set, err = set.ParseFS(files, name)
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		s.pages[strings.TrimSuffix(path.Base(name), ".html")] = set
	}
	return nil
}

// render writes a page, whole or not at all.
func (s *site) render(w http.ResponseWriter, status int, name string, page any) error {
	var buf bytes.Buffer
	if err := s.pages[name].ExecuteTemplate(&buf, "layout.html", page); err != nil {
		return fmt.Errorf("render %s: %w", name, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(buf.Bytes()) //nolint:errcheck // the client has gone
	return nil
}

// words are the school's words on screen.
var words = map[string][2]string{
	"created": {"待支付", "To be paid"}, "paying": {"待支付", "To be paid"}, "paid": {"已支付", "Paid"}, "success": {"交易成功", "Completed"},
	"finished": {"交易完成", "Finished"}, "refunding": {"退款中", "Refund under way"}, "closed": {"已关闭", "Closed"},
	"fail": {"开通失败", "Delivery failed"}, "auditing": {"退款审核中", "Refund being reviewed"}, "refunded": {"已退款", "Refunded"},
	"refused": {"退款被拒", "Refund refused"}, "cancel": {"退款已取消", "Refund cancelled"},
	"course": {"课程", "Course"}, "classroom": {"班级", "Classroom"}, "vip": {"会员", "Membership"}, "goods": {"商品", "Goods"},
	"view": {"浏览", "Looked at"}, "preview": {"试看", "Tried"}, "favorite": {"收藏", "Favourited"}, "ask": {"提问", "Asked about"},
	"coupon": {"领券", "Took a coupon for"}, "study": {"学习", "Learned"}, "signin": {"登录", "Logged in"},
	"normal": {"正常", "Active"}, "locked": {"已锁定", "Locked"},
}

// done are the lines after a form.
var doneLines = map[string][2]string{
	"paid": {"支付成功，已经开通。", "Paid. You are in."}, "cancelled": {"订单已取消。", "The order is cancelled."},
	"refund": {"退款申请已提交，等待审核。", "Your request was sent and waits for review."}, "favorite": {"已收藏。", "Added to your favourites."},
	"coupon": {"已领取九折券，下单时自动使用。", "You have 10 % off; it is used when you order."}, "ask": {"问题已提交，老师会尽快回复。", "Your question was sent."},
	"preview": {"正在试看第一课。", "This is the free lesson."}, "learn": {"又学完一节，继续加油！", "One more unit learned."}, "leave": {"已退出。", "You have left."},
	"enrolled": {"加入成功，开始学习吧。", "You are in. Enjoy!"}, "saved": {"已保存。", "Saved."}, "sent": {"已发送。", "Sent."}, "replied": {"已回复。", "Replied."}, "deleted": {"账号已注销。", "The account is closed."},
	"granted": {"已同意退款。", "The refund was granted."}, "refused": {"已拒绝退款。", "The refund was refused."}, "welcome": {"欢迎加入启明网校！", "Welcome to Qiming Academy!"},
}

// Word is a word of the school in the visitor's language.
func (v *visit) Word(word string) string { return v.L(words[word][0], words[word][1]) }

// DoneLine is the line for the top of the page; empty when there is nothing to say.
func (v *visit) DoneLine() string { return v.L(doneLines[v.Done][0], doneLines[v.Done][1]) }
