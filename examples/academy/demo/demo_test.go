package demo

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/smtp"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// start starts a small demonstration in a directory that PostgreSQL's user can reach.
func start(t *testing.T, dir string, o Options) *Academy {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	o.DataDir, o.Addr = dir, "127.0.0.1:0"
	a, err := Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// privateServers keeps this test away from the servers that other tests share.
func privateServers(t *testing.T) (dir string) {
	t.Helper()
	t.Setenv("DATABASE_URL", "")
	t.Setenv("REDIS_URL", "")
	dir, err := os.MkdirTemp("", "academy")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // PostgreSQL runs as another user when we are root
		t.Fatal(err)
	}
	return dir
}

// TestWholeDemonstration starts everything, visits it, ends it and starts it again on the same data.
func TestWholeDemonstration(t *testing.T) {
	dir := privateServers(t)
	a := start(t, dir, Options{Learners: 300})
	if page := get(t, http.DefaultClient, a.URL+"/"); !strings.Contains(page, "热门课程") {
		t.Errorf("front page: %s", page)
	}
	if page := get(t, http.DefaultClient, a.CRMURL()); !strings.Contains(page, "登录演示账号") {
		t.Errorf("the CRM does not ask for a login: %s", page)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	operator := &http.Client{Jar: jar}
	resp, err := operator.PostForm(a.URL+"/login/as/1", url.Values{"next": {mountPath + "/"}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.Request.URL.Path != mountPath+"/" {
		t.Errorf("the operator is at %s: %s", resp.Request.URL, resp.Status)
	}
	letter := "From: hello@mail.example.com\r\nSubject: hi\r\n\r\nhello\r\n"
	if err := smtp.SendMail(a.MailAddr, nil, "hello@mail.example.com", []string{"a@example.com"}, []byte(letter)); err != nil {
		t.Fatal(err)
	}
	if page := get(t, http.DefaultClient, a.InboxURL()); !strings.Contains(page, "a@example.com") {
		t.Errorf("inbox: %s", page)
	}
	phones(t, a)
	about := a.About
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}

	web := start(t, dir, Options{Learners: 5, Role: RoleWeb})
	if web.About != about {
		t.Errorf("the data was made anew: %s, then %s", about, web.About)
	}
	if n, err := web.Sink.Count(t.Context(), ""); n != 1 || err != nil {
		t.Errorf("%d mails after a restart, %v", n, err)
	}
	worker := start(t, dir, Options{Role: RoleWorker})
	if worker.URL != web.URL || worker.MailAddr != web.MailAddr || worker.SMSURL() != web.SMSURL() || string(worker.sms.Secret) != string(web.sms.Secret) {
		t.Errorf("the worker works for %s, %s and %s", worker.URL, worker.MailAddr, worker.SMSURL())
	}
	for _, part := range []*Academy{worker, web} {
		if err := part.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, addressFile)); !os.IsNotExist(err) {
		t.Errorf("the addresses are still there: %v", err)
	}
	fresh := start(t, dir, Options{Learners: 7, Reset: true})
	defer fresh.Close()
	if !strings.HasPrefix(fresh.About, "7 learners") {
		t.Errorf("after a reset: %s", fresh.About)
	}
}

func get(t *testing.T, client *http.Client, address string) string {
	t.Helper()
	resp, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

func TestOptions(t *testing.T) {
	t.Parallel()
	_, err := Options{Learners: -1, Lang: "fr", Role: "boss"}.withDefaults()
	for _, part := range []string{"learners", "lang", "role"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s is not reported: %v", part, err)
		}
	}
	if o, err := (Options{}).withDefaults(); err != nil || o.Addr != "127.0.0.1:8080" || o.Learners != 20_000 || o.Role != RoleAll {
		t.Errorf("defaults %+v, %v", o, err)
	}
	if _, err := Start(t.Context(), Options{Role: RoleWorker, DataDir: t.TempDir()}); err == nil || !strings.Contains(err.Error(), "no site runs") {
		t.Errorf("a worker without a site: %v", err)
	}
}

func TestListen(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if l, err := listen(t.Context(), taken.Addr().String(), false); err == nil {
		l.Close()
		t.Error("a taken port was opened")
	}
	next, err := listen(t.Context(), taken.Addr().String(), true)
	if err != nil {
		t.Fatal(err)
	}
	next.Close()
	for _, bad := range []string{"", "127.0.0.1", "127.0.0.1:x"} {
		if _, err := listen(t.Context(), bad, true); err == nil {
			t.Errorf("%q was opened", bad)
		}
	}
}
