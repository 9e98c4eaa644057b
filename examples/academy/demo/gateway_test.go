package demo

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign/sms"
	"github.com/coursecrm/coursecrm/internal/pgtest"
)

// The test binary plays the program academy: this variable says which part.
const partEnv = "ACADEMY_TEST_PART"

// TestPart is the other process of the tests below; by itself it does nothing.
func TestPart(t *testing.T) {
	switch os.Getenv(partEnv) {
	case "gateway":
		if err := RunGateway(os.Stdin, os.Stdout, os.Stderr); err != nil {
			t.Fatal(err)
		}
	case "site": // which is killed
		t.Setenv(partEnv, "gateway")
		c, err := spawn(t.Context(), partCommand(), testOrder(os.Getenv("DATABASE_URL")))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println(c.url)
		<-c.exited
		t.Errorf("the gateway ended before us: %v", c.err)
	}
}

func partCommand() []string { return []string{os.Args[0], "-test.run=^TestPart$"} }

func testOrder(databaseURL string) order {
	return order{Addr: "127.0.0.1:0", DatabaseURL: databaseURL, KeyID: "academy", Secret: "0123456789abcdef", Signature: siteName}
}

// TestGatewayProcess starts the gateway as the program does, uses it, and ends it.
func TestGatewayProcess(t *testing.T) {
	address := pgtest.Server(t).URL()
	t.Setenv(partEnv, "gateway")
	c, err := spawn(t.Context(), partCommand(), testOrder(address))
	if err != nil {
		t.Fatal(err)
	}
	client, err := sms.NewHTTP(sms.HTTPConfig{URL: c.url, KeyID: "academy", Secret: []byte("0123456789abcdef"), Signature: siteName})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if n, err := client.Balance(t.Context()); n != 200_000 || err != nil {
		t.Errorf("balance %d, %v", n, err)
	}
	if err := c.close(); err != nil {
		t.Error(err)
	}
	if err := c.ended(); err != nil {
		t.Error(err)
	}
	if !gone(c.url) {
		t.Error("it still listens")
	}
}

// TestGatewayDiesWithTheSite: also when the site is killed and can do nothing about it.
func TestGatewayDiesWithTheSite(t *testing.T) {
	address := pgtest.Server(t).URL()
	site := exec.Command(os.Args[0], "-test.run=^TestPart$")
	site.Env = append(os.Environ(), partEnv+"=site", "DATABASE_URL="+address)
	out, err := site.StdoutPipe()
	if err == nil {
		err = site.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	url := strings.TrimSpace(line)
	if err != nil || gone(url) {
		site.Process.Kill()
		t.Fatalf("the site's gateway is at %q, %v", url, err)
	}
	if err := site.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	site.Wait() //nolint:errcheck // it says that it was killed
	for end := time.Now().Add(20 * time.Second); !gone(url); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the gateway lives on")
		}
	}
}

// gone tells that nobody listens at an address any more.
func gone(url string) bool {
	conn, err := net.DialTimeout("tcp", strings.TrimPrefix(url, "http://"), time.Second)
	if err == nil {
		conn.Close()
	}
	return err != nil
}

// TestGatewayThatEndsByItself is noticed: nobody would be told of anything any more.
func TestGatewayThatEndsByItself(t *testing.T) {
	address := pgtest.Server(t).URL()
	t.Setenv(partEnv, "gateway")
	c, err := spawn(t.Context(), partCommand(), testOrder(address))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := c.ended(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("it ended with %v", err)
	}
	if err := c.close(); err == nil {
		t.Error("nothing is said of its end")
	}
}

func TestGatewayThatDoesNotStart(t *testing.T) {
	t.Parallel()
	for name, command := range map[string][]string{"no program": {"/nowhere/academy"}, "another program": {"/bin/sh", "-c", "read -r order; echo hello"}, "ends at once": {"/bin/sh", "-c", "exit 3"}} {
		if _, err := spawn(t.Context(), command, testOrder("")); err == nil || !strings.Contains(err.Error(), "start the SMS gateway") {
			t.Errorf("%s: %v", name, err)
		}
	}
	ended, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := spawn(ended, []string{"/bin/sh", "-c", "while read -r line; do :; done"}, testOrder("")); err == nil || !strings.Contains(err.Error(), "deadline") {
		t.Errorf("says nothing: %v", err)
	}
	for _, in := range []string{"", "{}", "secret\n", `{"DatabaseURL":"postgres://127.0.0.1:1/none","Secret":"secret"}` + "\n"} {
		if err := RunGateway(strings.NewReader(in), io.Discard, io.Discard); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", in, err)
		}
	}
}

// phones looks at the whole demonstration's gateway: it is there, workers can find it, and its
// phones are on the site.
func phones(t *testing.T, a *Academy) {
	t.Helper()
	if a.Gateway == nil || a.Gateway.URL() != a.SMSURL() {
		t.Fatalf("the gateway is not at %s", a.SMSURL())
	}
	client, err := sms.NewHTTP(a.sms)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if n, err := client.Balance(t.Context()); n != 200_000 || err != nil {
		t.Errorf("balance %d, %v", n, err)
	}
	if page := get(t, http.DefaultClient, a.PhoneURL()); !strings.Contains(page, "手机短信") {
		t.Errorf("phones: %s", page)
	}
	text, err := json.Marshal(addresses{SMS: a.sms})
	if err != nil || !strings.Contains(string(text), a.SMSURL()) {
		t.Errorf("addresses for workers: %s, %v", text, err)
	}
}
