package web

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/smtp"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/coursecrm/coursecrm/examples/academy/gateway"
	"github.com/coursecrm/coursecrm/examples/academy/internal/schooltest"
	"github.com/coursecrm/coursecrm/examples/academy/school"
	"github.com/coursecrm/coursecrm/examples/academy/sink"
)

// visitor is a browser on a site under test.
type visitor struct {
	t      *testing.T
	base   string
	client *http.Client
	tried  map[string]bool // patterns
}

func newSite(t *testing.T, learners int) (*schooltest.School, *visitor) {
	t.Helper()
	s := schooltest.New(t, learners)
	if err := gateway.CreateTables(t.Context(), s.DB()); err != nil {
		t.Fatal(err)
	}
	handler, err := New(Config{School: s.School, Inbox: sink.Inbox{DB: s.DB()}, Phones: gateway.Phones{DB: s.DB()}, Logger: slog.New(slog.DiscardHandler), CRM: "/admin/crm/", Now: s.Now})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return s, &visitor{t: t, base: server.URL, client: newBrowser(t), tried: map[string]bool{}}
}

func newBrowser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar}
}

// try asks for a page by its pattern, following redirects, and checks the status and some of the
// text.
func (v *visitor) try(pattern, path string, status int, texts ...string) string {
	v.t.Helper()
	v.tried[pattern] = true
	method, _, ok := strings.Cut(pattern, " ")
	if !ok {
		method = http.MethodGet // a pattern for all methods
	}
	path, form, _ := strings.Cut(path, " ")
	r, err := http.NewRequestWithContext(context.Background(), method, v.base+path, strings.NewReader(form))
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := v.client.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	if resp.StatusCode != status {
		v.t.Errorf("%s %s: %s, want %d", method, path, resp.Status, status)
	}
	for _, text := range texts {
		if !strings.Contains(string(body), text) {
			v.t.Errorf("%s %s: no %q in\n%s", method, path, text, body)
		}
	}
	if strings.Contains(string(body), "style=") || strings.Contains(string(body), "<script") {
		v.t.Errorf("%s %s: the page's own policy forbids this", method, path)
	}
	return string(body)
}

// TestEveryRoute asks for every route once, as those who use it do.
func TestEveryRoute(t *testing.T) {
	t.Parallel()
	s, v := newSite(t, 200)
	v.try("GET /healthz", "/healthz", 200, "ok")
	v.try("GET /{$}", "/", 200, "热门课程", "零基础", "/classrooms/1")
	v.try("GET /courses", "/courses?category=1&q=Python", 200, "零基础 Python 编程")
	v.try("GET /courses/{id}", "/courses/1", 200, "立即购买", "¥299.00")
	v.try("GET /classrooms/{id}", "/classrooms/1", 200, "全栈工程师成长班")
	v.try("GET /vip", "/vip", 200, "钻石会员")
	v.try("GET /static/", "/static/academy.css", 200)
	v.try("/", "/nowhere", 404, "没有找到")
	v.try("GET /orders", "/orders", 200, "登录演示账号") // not logged in
	v.try("GET /login", "/login?q="+url.QueryEscape("小"), 200, "周敏")
	v.try("POST /register", "/register nickname=小测&mobile=123", 422)
	v.try("POST /register", "/register nickname=小测&mobile=13800000001", 200, "欢迎加入")

	v.try("POST /courses/{id}/{action}", "/courses/1/favorite", 200, "已收藏")
	v.try("POST /courses/{id}/{action}", "/courses/1/coupon", 200, "已领券")
	v.try("POST /courses/{id}/{action}", "/courses/1/ask note=有作业吗", 200, "问题已提交")
	v.try("POST /courses/{id}/{action}", "/courses/1/study", 404)
	order := regexp.MustCompile(`/orders/\d+`).FindString(v.try("POST /courses/{id}/{action}", "/courses/1/order", 200, "收银台", "¥269.10"))
	v.try("GET /orders/{id}", order, 200, "支付")
	v.try("POST /orders/{id}/pay", order+"/pay", 200, "支付成功")
	v.try("POST /orders/{id}/pay", order+"/pay", 200, "支付成功") // a second click
	v.try("POST /courses/{id}/{action}", "/courses/1/learn", 200, "又学完一节")
	v.try("POST /classrooms/{id}/{action}", "/classrooms/2/order", 200, "收银台")
	open := schooltest.Value[int64](t, s.School, "SELECT max(id) FROM orders")
	v.try("POST /orders/{id}/cancel", fmt.Sprintf("/orders/%d/cancel", open), 200, "已取消", "已关闭")
	v.try("POST /vip/{id}/{action}", "/vip/1/order", 200, "银卡会员")
	v.try("POST /orders/{id}/refund", order+"/refund reason=太难", 200, "退款审核中")
	v.try("GET /learning", "/learning", 200, "零基础 Python 编程")
	me := schooltest.Value[int64](t, s.School, "SELECT max(id) FROM users")
	if err := s.SendMessage(t.Context(), school.OperatorID, me, "你好呀 <b> https://example.com/go/x?a=1&b=2。"); err != nil {
		t.Fatal(err)
	}
	v.try("GET /messages", "/messages", 200, "你好呀 &lt;b&gt;", `<a href="https://example.com/go/x?a=1&amp;b=2">https://example.com/go/x?a=1&amp;b=2</a>。`)
	v.try("GET /me", "/me", 200, "未选择")
	v.try("POST /me/consent", "/me/consent sms=yes&email=no&message=", 200, "已保存")
	v.try("GET /admin/{$}", "/admin/", 403, "没有权限")

	v.try("POST /login/as/{id}", "/login/as/1", 200, "管理后台", "/admin/crm/", "太难")
	v.try("GET /admin/users", "/admin/users?q=0001", 200, "138****0001")
	v.try("GET /admin/users/{id}", fmt.Sprintf("/admin/users/%d", me), 200, "有作业吗", "零基础 Python 编程")
	v.try("POST /admin/users/{id}/message", fmt.Sprintf("/admin/users/%d/message content=hi", me), 200, "已发送")
	v.try("POST /admin/courses/{id}/price", "/admin/courses/1/price price=19.9", 200, "¥19.90")
	v.try("POST /admin/courses/{id}/price", "/admin/courses/1/price price=-1", 422)
	refund := schooltest.Value[int64](t, s.School, "SELECT max(id) FROM refunds WHERE user_id = $1", me)
	v.try("POST /admin/refunds/{id}/grant", fmt.Sprintf("/admin/refunds/%d/grant amount=100", refund), 200, "已同意退款")
	v.try("POST /admin/refunds/{id}/refuse", fmt.Sprintf("/admin/refunds/%d/refuse", refund), 409)
	v.try("POST /admin/users/{id}/delete", fmt.Sprintf("/admin/users/%d/delete", me), 200, "账号已注销")
	v.try("GET /admin/users/{id}", fmt.Sprintf("/admin/users/%d", me), 404)

	mail := deliver(t, s)
	v.try("GET /inbox/{$}", "/inbox/?to=Learner", 200, "春季班", "learner@example.com")
	v.try("GET /inbox/{id}", mail, 200, `href="https://example.com/go/x?a=1"`, "allow-popups-to-escape-sandbox")
	v.try("GET /inbox/{id}/raw", mail+"/raw", 200, "Subject: ")
	v.try("GET /inbox/{id}/html", mail+"/html", 200, `<head><base target="_blank">`)
	v.try("GET /inbox/{id}/html", "/inbox/99/html", 404)
	text(t, s)
	v.try("GET /phone", "/phone", 200, "1 条短信", "13800138012", "您好")
	v.try("GET /phone", "/phone?number=139", 200, "还没有短信")
	v.try("GET /phone", "/phone?number=138+0013+8012", 200, "1069 0000 2081", `<a href="https://example.com/go/x?a=1" target="_blank" rel="noopener noreferrer">`, "小&lt;b&gt;满")
	v.try("POST /phone", "/phone number=13800138012&text=TD%3Cb%3E", 200, "已回复", "TD&lt;b&gt;", `class="mine"`)
	v.try("POST /phone", "/phone number=13800138012&text=+", 422)
	if n := schooltest.Value[int](t, s.School, "SELECT count(*) FROM sms_callbacks WHERE kind = 'inbound'"); n != 1 {
		t.Errorf("the supplier is to tell of %d replies", n)
	}
	v.try("POST /logout", "/logout", 200, "登录")
	v.try("GET /admin/{$}", "/admin/", 200, "登录演示账号")

	source, err := os.ReadFile("web.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`\("((?:GET |POST )?/[^"]*)", `).FindAllStringSubmatch(string(source), -1) {
		if !v.tried[m[1]] && m[1] != "/static/" {
			t.Errorf("no request for %q", m[1])
		}
	}
}

// deliver sends a mail to the school's sink and returns its page.
func deliver(t *testing.T, s *schooltest.School) string {
	t.Helper()
	server, err := sink.Start(t.Context(), "127.0.0.1:0", s.DB(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	text := "From: hello@mail.example.com\r\nSubject: =?utf-8?B?5pil5a2j54+t?=\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n" +
		"--b\r\nContent-Type: text/plain\r\n\r\nSee https://example.com/go/x?a=1.\r\n" +
		"--b\r\nContent-Type: text/html\r\n\r\n<html><head><title>x</title></head><a href=\"https://example.com\">x</a></html>\r\n--b--\r\n"
	if err := smtp.SendMail(server.Addr(), nil, "hello@mail.example.com", []string{"learner@example.com"}, []byte(text)); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("/inbox/%d", schooltest.Value[int64](t, s.School, "SELECT max(id) FROM mails"))
}

// text puts a text message on a phone.
func text(t *testing.T, s *schooltest.School) {
	t.Helper()
	if _, err := s.DB().ExecContext(t.Context(), `INSERT INTO sms_messages (key, mobile, body, template_id, parts, received_at, settled_at, arrives)
		VALUES ('a', '13800138012', '【启明网校】小<b>满您好，点击 https://example.com/go/x?a=1 查看。拒收请回复R', 1, 1, now(), now(), true)`); err != nil {
		t.Fatal(err)
	}
}

func TestEnglish(t *testing.T) {
	t.Parallel()
	_, v := newSite(t, 0)
	v.try("GET /courses", "/courses?q=Python&lang=en", 200, "All courses", `lang="en"`, `value="Python"`, "lang=zh-CN")
	v.try("GET /login", "/login", 200, "Zhou Min")
	v.try("GET /login", "/login?lang=zh-CN", 200, "周敏")
}

func TestViewerMayOnlyLook(t *testing.T) {
	t.Parallel()
	_, v := newSite(t, 20)
	v.try("POST /login/as/{id}", "/login/as/2", 200, "管理后台")
	for _, path := range []string{"/admin/users/10001/message content=x", "/admin/users/10001/delete", "/admin/courses/1/price price=1", "/admin/refunds/1/grant"} {
		v.try("POST ", path, 403)
	}
}

func TestOnlyVisitsCount(t *testing.T) {
	t.Parallel()
	s, v := newSite(t, 0)
	views := func() int {
		return schooltest.Value[int](t, s.School, "SELECT count(*) FROM activities WHERE kind = 'view'")
	}
	v.try("GET /courses/{id}", "/courses/1", 200)
	if n := schooltest.Value[int](t, s.School, "SELECT count(*) FROM activities WHERE user_id IS NULL"); n != 1 {
		t.Errorf("%d views of a stranger, want 1", n)
	}
	v.try("POST /register", "/register nickname=小测&mobile=13800000001", 200)
	v.try("GET /courses/{id}", "/courses/1", 200)
	v.try("POST /courses/{id}/{action}", "/courses/1/preview", 200) // comes back to the page
	if n := views(); n != 2 {
		t.Errorf("%d views, want 2", n)
	}
	v.try("POST /login/as/{id}", "/login/as/1", 200)
	v.try("GET /courses/{id}", "/courses/1", 200)
	if n := views(); n != 2 {
		t.Errorf("%d views after the staff's, want 2", n)
	}
}

func TestForeignFormsAndRedirects(t *testing.T) {
	t.Parallel()
	_, v := newSite(t, 0)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, v.base+"/login/as/1", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	resp, err := v.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("a form of another site: %s", resp.Status)
	}
	for next, want := range map[string]string{"/orders?x=1": "/orders?x=1", "//evil.example": "", "https://evil.example/": "", `/\evil.example`: "", "orders": "", "": ""} {
		if got := local(next); got != want {
			t.Errorf("local(%q) = %q, want %q", next, got, want)
		}
	}
}

func TestPieces(t *testing.T) {
	t.Parallel()
	got := pieces("看 https://example.com/go/Ab1?x=1。 (http://example.com/a). 完")
	want := []textPiece{{Text: "看 "}, {Text: "https://example.com/go/Ab1?x=1", URL: "https://example.com/go/Ab1?x=1"}, {Text: "。 ("},
		{Text: "http://example.com/a", URL: "http://example.com/a"}, {Text: "). 完"}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("pieces = %q", got)
	}
}

func TestYuan(t *testing.T) {
	t.Parallel()
	for fen, want := range map[int64]string{0: "¥0.00", 5: "¥0.05", 128000: "¥1,280.00", 123456789: "¥1,234,567.89"} {
		if got := yuan(fen); got != want {
			t.Errorf("yuan(%d) = %s, want %s", fen, got, want)
		}
	}
}
