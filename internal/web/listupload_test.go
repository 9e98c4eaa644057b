package web

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/segment"
)

// upload posts a list with a file.
func (s *site) upload(form url.Values, file string) answer {
	s.t.Helper()
	return s.uploadTo("/lists/new", form, file)
}

// uploadTo posts a form with a file.
func (s *site) uploadTo(path string, form url.Values, file string) answer {
	s.t.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	for k, list := range form {
		for _, v := range list {
			if err := m.WriteField(k, v); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	f, err := m.CreateFormFile("file", "list.csv")
	if err == nil {
		_, err = f.Write([]byte(file))
	}
	if err == nil {
		err = m.Close()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "http://school.example"+s.base+path, &body)
	r.Header.Set("Content-Type", m.FormDataContentType())
	rec := httptest.NewRecorder()
	s.web.Admin().ServeHTTP(rec, r)
	return answer{rec.Result(), rec.Body.String()}
}

func TestListReport(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/lists/new").want(t, 200, `enctype="multipart/form-data"`, `type="file"`, "自动识别", "200,000")
	text := "9001\n13800138000\nwho@example.com\n9001\n057188888888\n"
	a := s.post("/lists/new", url.Values{"name": {" 老师推荐 "}, "kind": {"auto"}, "text": {text}}).want(t, 200,
		"名单“老师推荐”已导入", "1 个重复", "138****8000", "w***@example.com", "057****8888", "用这个名单筛选")
	a.lacks(t, "13800138000", "who@example.com", "057188888888")
	use := between(t, a.body, `crm-btn-p" href="`, `"`)
	if u, err := url.Parse(strings.ReplaceAll(use, "&amp;", "&")); err != nil || u.Query().Get("q") != `{"all":[{"field":"list","op":"in","value":[5]}]}` {
		t.Errorf("leads to %s", use)
	}
	if got := s.world.deeds(); len(got) != 1 || got[0] != "list.uploaded list:5" || s.world.audited[0].Detail["given"] != 4 {
		t.Errorf("recorded %+v", s.world.audited)
	}
	// A file, one column of several, with lines that cannot be read.
	s.upload(url.Values{"name": {"文件"}, "kind": {"auto"}}, "姓名,手机号\n许知夏,13800138000\n陈子昂,123\n王思齐,13900139000\n").want(t, 200, "文件有 2 列", "不是手机号", "139****9000").lacks(t, "许知夏</td>", "13900139000")
	s.do(visit{method: "POST", path: "/crm/lists/new", form: url.Values{"name": {"x"}, "text": {"9001\n9002"}}, header: http.Header{"Cookie": {"crm_lang=en"}}}).want(t, 200, "The list “x” is kept", "People found")
}

func TestListsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, tt := range []struct {
		name string
		form url.Values
		file string
		want []string
	}{
		{"nothing", url.Values{"name": {"x"}}, "", []string{`id="x-text"`, "请填写"}},
		{"no name", url.Values{"text": {"9001"}}, "", []string{`id="x-name"`, "请填写", ">\n9001</textarea>"}},
		{"both", url.Values{"name": {"x"}, "text": {"1"}}, "2", []string{`id="x-file"`, "只能用一种"}},
		{"two things", url.Values{"text": {"一\n二"}, "kind": {"fax"}}, "", []string{`id="x-name"`, `id="x-kind"`, "有 2 处需要修改"}},
		{"kind", url.Values{"name": {"x"}, "text": {"1"}, "kind": {"fax"}}, "", []string{`id="x-kind"`}},
		{"old encoding", url.Values{"name": {"x"}}, "\xca\xd6\xbb\xfa", []string{`id="x-file"`, "UTF-8"}},
		{"no number", url.Values{"name": {"x"}, "text": {"一\n二"}, "kind": {"mobile"}}, "", []string{`id="x-text"`, "没有能用的内容", "不是手机号", "<td class=\"crm-num\">2</td>"}},
		{"too many", url.Values{"name": {"x"}}, many(segment.MaxIDList + 1), []string{`id="x-file"`, "200,000"}},
		{"too large", url.Values{"name": {"x"}}, strings.Repeat(" ", 20<<20+1), []string{`id="x-file"`, "20 MB"}},
	} {
		var a answer
		if tt.file != "" {
			a = s.upload(tt.form, tt.file)
		} else {
			a = s.post("/lists/new", tt.form)
		}
		if a.StatusCode != 422 {
			t.Errorf("%s: status %d", tt.name, a.StatusCode)
			continue
		}
		a.want(t, 422, append(tt.want, `role="alert"`, `aria-invalid="true"`)...)
	}
	if len(s.world.audited) != 0 {
		t.Error("what was refused is recorded")
	}
	s.upload(url.Values{"name": {"x"}}, strings.Repeat(" ", maxUpload)).want(t, 413, "20 MB")
	r := httptest.NewRequest("POST", "/crm/lists/new", strings.NewReader("not a form"))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	rec := httptest.NewRecorder()
	s.web.Admin().ServeHTTP(rec, r)
	if rec.Code != 422 {
		t.Errorf("a broken form: status %d", rec.Code)
	}
}

// many is a list of n ids.
func many(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(time.Duration(i).String())
		b.WriteByte('\n')
	}
	return b.String()
}
