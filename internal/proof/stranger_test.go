package proof

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/internal/pgtest"
)

// TestStranger follows docs/integrate.md word for word in an empty folder: it saves what is to be
// saved, runs what is to be run, and must end with the CRM in the panel of the ten-row school.
func TestStranger(t *testing.T) {
	t.Parallel()
	s := newStranger(t)
	steps := guideSteps(t)
	for _, step := range steps[:len(steps)-1] {
		s.do(step)
	}
	last := steps[len(steps)-1]
	if last.text != "./school\n" {
		t.Fatalf("the guide ends with %q", last.text)
	}
	stop := s.begin(last.text)

	s.shows("/admin/crm/audience", "林晓", "王磊", "陈静", "何老师")
	s.shows("/admin/crm/courses", "零基础水彩", "色彩入门")
	db := pgtest.Open(t)
	if _, err := db.ExecContext(t.Context(), "UPDATE users SET name = '林晓晓', updated_at = now() WHERE id = 1"); err != nil {
		t.Fatal(err)
	}
	s.shows("/admin/crm/audience", "林晓晓")
	s.unpaid(db)
	if err := stop(); err != nil {
		t.Errorf("told to stop, the program ends with %v:\n%s", err, s.said())
	}
}

// step is something that the guide tells its reader to do.
type step struct {
	file string // to save the text as; empty: to run it
	text string
}

var guideStep = regexp.MustCompile("(?ms)^<!-- (?:(run)|file: (\\S+)) -->\n```\\w*\n(.*?)^```$")

// guideSteps reads the guide in its order.
func guideSteps(t *testing.T) []step {
	t.Helper()
	guide, err := os.ReadFile("../../docs/integrate.md")
	if err != nil {
		t.Fatal(err)
	}
	var steps []step
	for _, m := range guideStep.FindAllStringSubmatch(string(guide), -1) {
		if m[1] == "run" {
			steps = append(steps, step{text: m[3]})
			continue
		}
		name := path.Base(m[2])
		if !strings.Contains(string(guide), "`"+name+"`") {
			t.Errorf("the guide does not say that this is %s", name)
		}
		steps = append(steps, step{file: name, text: m[3]})
	}
	if len(steps) < 6 {
		t.Fatalf("the guide has %d steps", len(steps))
	}
	return steps
}

// stranger has an empty folder, two servers and a browser of a kind.
type stranger struct {
	testing.TB
	dir, site string
	env       []string
	client    *http.Client

	mu  sync.Mutex
	out bytes.Buffer
}

func newStranger(t *testing.T) *stranger {
	t.Helper()
	copyOfOurs, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	cache, err := exec.CommandContext(t.Context(), "go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	l := listen(t)
	addr := l.Addr().String()
	l.Close()
	return &stranger{TB: t, dir: t.TempDir(), site: "http://" + addr, client: &http.Client{Jar: jar, Timeout: 20 * time.Second},
		env: append(os.Environ(), "COURSECRM="+copyOfOurs, "DATABASE_URL="+pgtest.DSN(t), "REDIS_ADDR="+pgtest.Redis(t), "ADDR="+addr,
			// What our own tests needed is here already, and go.sum has vouched for it.
			"GOPROXY=file://"+strings.TrimSpace(string(cache))+"/cache/download|https://proxy.golang.org", "GOSUMDB=off", "GOFLAGS=", "GOWORK=off")}
}

// Write takes what programs print.
func (s *stranger) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Write(p)
}

func (s *stranger) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.String()
}

// command is a shell in the folder, and leader of all that it starts.
func (s *stranger) command(ctx context.Context, script string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "sh", "-e", "-c", script)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.dir, s.env, s, s
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return cmd
}

func (s *stranger) do(next step) {
	s.Helper()
	if next.file != "" {
		if err := os.WriteFile(filepath.Join(s.dir, next.file), []byte(next.text), 0o600); err != nil {
			s.Fatal(err)
		}
		return
	}
	ctx, cancel := context.WithTimeout(s.Context(), 4*time.Minute)
	defer cancel()
	if err := s.command(ctx, next.text).Run(); err != nil {
		s.Fatalf("%s: %v\n%s", next.text, err, s.said())
	}
}

// begin starts a program that runs until it is told to stop, as Ctrl-C does.
func (s *stranger) begin(script string) (stop func() error) {
	s.Helper()
	cmd := s.command(context.WithoutCancel(s.Context()), "exec "+script)
	if err := cmd.Start(); err != nil {
		s.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var once sync.Once
	end := func(sig syscall.Signal) (err error) {
		once.Do(func() {
			_ = syscall.Kill(-cmd.Process.Pid, sig) // it may have ended by itself
			select {
			case err = <-ended:
			case <-time.After(30 * time.Second):
				_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
				err = fmt.Errorf("it had to be killed: %w", <-ended)
			}
		})
		return err
	}
	s.Cleanup(func() { _ = end(syscall.SIGKILL) })
	return func() error { return end(syscall.SIGINT) }
}

// page opens a page of the school, whose login lets everybody in, and then the page asked for.
func (s *stranger) page(path string) (string, error) {
	for range 2 {
		r, err := http.NewRequestWithContext(s.Context(), http.MethodGet, s.site+path, nil)
		if err != nil {
			return "", err
		}
		r.Header.Set("Accept-Language", "zh-CN")
		answer, err := s.client.Do(r)
		if err != nil {
			return "", err
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil {
			return "", err
		}
		if answer.StatusCode == http.StatusOK && answer.Request.URL.Path == path {
			return string(body), nil
		}
	}
	return "", fmt.Errorf("%s does not open", path)
}

// shows waits until a page holds all the words.
func (s *stranger) shows(path string, words ...string) {
	s.Helper()
	var body string
	var err error
	for end := time.Now().Add(90 * time.Second); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		missing := false
		body, err = s.page(path)
		for _, w := range words {
			missing = missing || !strings.Contains(body, w)
		}
		if err == nil && !missing {
			return
		}
	}
	s.Fatalf("%s does not show %v: %v\n%s\n%s", path, words, err, s.said(), body)
}

// unpaid looks for the one order that waits for its money on the page of its course.
func (s *stranger) unpaid(db *sql.DB) {
	s.Helper()
	var id int64
	if err := db.QueryRowContext(s.Context(), "SELECT id FROM crm_offerings WHERE title = '零基础水彩'").Scan(&id); err != nil {
		s.Fatal(err)
	}
	s.shows(fmt.Sprintf("/admin/crm/courses/%d", id), "199")
}
