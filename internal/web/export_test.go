package web

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// rows reads an exported CSV file.
func (a answer) rows(t *testing.T) [][]string {
	t.Helper()
	text, ok := strings.CutPrefix(a.body, "\uFEFF")
	if !ok {
		t.Fatalf("no byte order mark: %.80q", a.body)
	}
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestExport(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.world.people[2].Nickname = `=HYPERLINK("http://evil.example")`
	rule := `{"all":[{"field":"paid_count","op":"ge","value":0}]}`
	a := s.post("/audience/export", url.Values{"q": {rule}, "format": {"csv"}}).want(t, 200)
	for name, want := range map[string]string{"Content-Type": "text/csv; charset=utf-8", "Content-Disposition": `attachment; filename="audience-20261120.csv"`,
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} {
		if got := a.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	rows := a.rows(t)
	if len(rows) != 1+len(s.world.people) {
		t.Fatalf("%d rows", len(rows))
	}
	want := []string{"用户 ID", "用户名", "真实姓名", "手机号", "邮箱", "状态", "注册时间", "最后登录", "会员等级", "购买次数", "累计消费（CNY）", "最近支付", "兴趣标签", "省份", "城市", "注册来源"}
	if !slices.Equal(rows[0], want) {
		t.Errorf("header %q", rows[0])
	}
	if got := rows[2]; !slices.Equal(got[:6], []string{"9001", "user_01", "陈子昂", "13800135622", "secret01@example.com", "正常"}) || got[10] != "799.00" || got[7] != "2026-11-20 19:05:00" {
		t.Errorf("row %q", got)
	}
	if got := rows[3][1]; got != `'=HYPERLINK("http://evil.example")` {
		t.Errorf("a formula got through: %q", got)
	}
	if got := rows[8][7]; got != "" {
		t.Errorf("never logged in: %q", got)
	}
	e := s.world.audited[0]
	if len(s.world.audited) != 1 || e.Action != "audience.exported" || e.Detail["format"] != "csv" || e.Detail["masked"] != false || len(e.Detail["columns"].([]string)) != 16 || e.Detail["rule"] == "" {
		t.Errorf("recorded %+v", s.world.audited)
	}

	s.world.staff.Permissions = without("contact_view")
	a = s.do(visit{method: "POST", path: "/crm/audience/export", form: url.Values{"q": {rule}, "format": {"csv"}, "field": {"email", "mobile", "id"}}, header: http.Header{"Cookie": {"crm_lang=en"}}}).want(t, 200)
	a.lacks(t, "secret", "13800135622")
	if rows = a.rows(t); !slices.Equal(rows[0], []string{"User ID", "Phone", "Email"}) || !slices.Equal(rows[2], []string{"9001", "138****5622", "s***@example.com"}) {
		t.Errorf("%q", rows[:3])
	}
	if e = s.world.audited[1]; e.Detail["masked"] != true || !slices.Equal(e.Detail["columns"].([]string), []string{"id", "mobile", "email"}) {
		t.Errorf("recorded %+v", e)
	}
}

func TestExportWorkbook(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.post("/audience/export", url.Values{"format": {"xlsx"}}).want(t, 200)
	if got := a.Header.Get("Content-Disposition"); got != `attachment; filename="audience-20261120.xlsx"` {
		t.Errorf("Content-Disposition %q", got)
	}
	book, err := excelize.OpenReader(bytes.NewReader([]byte(a.body)))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := book.GetRows(book.GetSheetName(0))
	if err != nil || len(rows) != 46 || rows[1][2] != "许知夏" {
		t.Errorf("%d rows, %v", len(rows), err)
	}
	s.world.counts.Matched = 2_000_000
	s.post("/audience/export", url.Values{"format": {"xlsx"}}).want(t, 422, "<code>format</code>", "1,048,575")
	if len(s.world.audited) != 1 {
		t.Error("what was refused is recorded")
	}
}

func TestExportOfTheTicked(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	rule := `{"any":[{"field":"last_login","op":"in_last","value":30,"unit":"day"}]}`
	base := url.Values{"q": {rule}, "format": {"csv"}, "row": {"1", "2"}}
	with := func(pairs ...string) url.Values {
		v := url.Values{}
		for k, list := range base {
			v[k] = list
		}
		for i := 0; i < len(pairs); i += 2 {
			v.Add(pairs[i], pairs[i+1])
		}
		return v
	}
	s.post("/audience/export", with("mode", "ids", "person", "1")).want(t, 200)
	s.post("/audience/export", with("mode", "all", "person", "1")).want(t, 200)
	if s.world.audited[0].Detail["rule"] == s.world.audited[1].Detail["rule"] {
		t.Error("both exports are recorded as the same people")
	}
	if a := s.post("/audience/export", with("mode", "ids")).want(t, 303); location(t, a).Get("q") != rule {
		t.Errorf("nobody ticked: goes to %s", a.Header.Get("Location"))
	}
	for _, bad := range []url.Values{{}, {"format": {"pdf"}}, {"format": {"csv"}, "field": {"password"}}, {"format": {"csv"}, "q": {"{"}},
		{"format": {"csv"}, "q": {`{"all":[{"field":"gone","op":"eq","value":1}]}`}}, {"format": {"csv"}, "mode": {"ids"}, "person": {"x"}}} {
		s.post("/audience/export", bad).want(t, 422)
	}
	s.post("/audience/export", url.Values{"format": {"csv"}, "query": {"3"}}).want(t, 404)
	if len(s.world.audited) != 2 {
		t.Error("what was refused is recorded")
	}
}

func TestExportNeedsARecord(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.world.mute = errors.New("no paper")
	a := s.post("/audience/export", url.Values{"format": {"csv"}}).want(t, 500, "编号")
	if a.Header.Get("Content-Disposition") != "" || strings.Contains(a.body, "许知夏") {
		t.Error("exported without a record")
	}
}

// TestExportBreaksOff holds that nobody takes half a table for a whole one.
func TestExportBreaksOff(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	server := httptest.NewUnstartedServer(s.web.Admin())
	server.Config.WriteTimeout = time.Millisecond // a host's limit for pages; exports lift it
	server.Config.ErrorLog = nil
	server.Start()
	defer server.Close()
	ask := func() (*http.Response, []byte, error) {
		r, err := server.Client().PostForm(server.URL+"/crm/audience/export", url.Values{"format": {"csv"}})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close() //nolint:errcheck // it was only read
		body, err := io.ReadAll(r.Body)
		return r, body, err
	}
	for range 6 { // more than is held back before the first byte
		s.world.people = append(s.world.people, s.world.people...)
	}
	if r, body, err := ask(); r.StatusCode != 200 || err != nil || bytes.Count(body, []byte("\r\n")) != 1+len(s.world.people) {
		t.Errorf("whole: %d, %d bytes, %v", r.StatusCode, len(body), err)
	}
	s.world.torn = fault.ErrUnavailable
	var cut *net.OpError
	if r, body, err := ask(); r.StatusCode != 200 || !errors.Is(err, io.ErrUnexpectedEOF) && !errors.As(err, &cut) {
		t.Errorf("broken off: %d, %d bytes, %v", r.StatusCode, len(body), err)
	}
	s.world.people = s.world.people[:3] // nothing went out yet
	r, body, err := ask()
	if r.StatusCode != 503 || err != nil || r.Header.Get("Content-Disposition") != "" || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") || bytes.Contains(body, []byte("许知夏")) {
		t.Errorf("before the first byte: %d, %v, %v", r.StatusCode, r.Header, err)
	}
}

func TestExportButtons(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/audience?query=1").want(t, 200, `action="/crm/audience/export"`, `formaction="/crm/audience/export"`, `name="format" value="csv"`, `name="format" value="xlsx"`)
	s.world.staff.Permissions = without("export")
	s.get("/audience").want(t, 200).lacks(t, "/audience/export")
}
