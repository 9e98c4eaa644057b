// Command academy is the example of Course CRM: a small online school with the CRM in its admin
// panel, generated learners, and a mail server that keeps everything to itself.
//
//	go run . -learners 20000
//
// It needs the programs of PostgreSQL and Redis installed, but no running server.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/coursecrm/coursecrm/examples/academy/demo"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "academy:", err)
		os.Exit(1)
	}
}

// roleGateway is the part of a process that the site starts for the SMS gateway.
const roleGateway demo.Role = "gateway"

// run parses the flags, starts the demonstration and waits for its end.
func run(ctx context.Context, args []string, in io.Reader, out, logs io.Writer) error {
	o := demo.Options{Role: demo.RoleAll, NextFree: true}
	flags := flag.NewFlagSet("academy", flag.ContinueOnError)
	flags.SetOutput(logs)
	flags.StringVar(&o.Addr, "addr", "127.0.0.1:8080", "address of the site; if the port is taken, the next free one is used")
	flags.StringVar(&o.MailAddr, "mail", "127.0.0.1:0", "address of the mail sink (port 0: a free one)")
	flags.StringVar(&o.SMSAddr, "sms", "127.0.0.1:0", "address of the SMS gateway (port 0: a free one)")
	flags.IntVar(&o.Learners, "learners", 20_000, "how many learners to generate when there is no data yet")
	flags.Uint64Var(&o.Seed, "seed", 1, "the same seed gives the same school")
	flags.StringVar(&o.DataDir, "data", "", "directory that keeps the data between runs (default: in the user's cache)")
	flags.BoolVar(&o.Reset, "reset", false, "throw the kept data away first")
	flags.StringVar(&o.Lang, "lang", "zh-CN", "language of the site for new visitors: zh-CN or en")
	flags.Func("role", "all (default), web (no CRM workers) or worker (only CRM workers, beside a site with role web); the site starts role gateway by itself", func(text string) error {
		o.Role = demo.Role(text)
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.Role == roleGateway {
		return demo.RunGateway(in, out, logs)
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the program that the SMS gateway is a part of: %w", err)
	}
	o.GatewayCommand = []string{self, "-role", string(roleGateway)}
	o.Logger = slog.New(slog.NewTextHandler(logs, nil))
	o.Progress = func(done, learners int) {
		fmt.Fprintf(out, "\r正在生成数据 Generating data: %d / %d", done, learners)
		if done == learners {
			fmt.Fprint(out, "\n正在建立索引 Building indexes…\n")
		}
	}
	a, err := demo.Start(ctx, o)
	if err != nil {
		return err
	}
	tell(out, o, a)
	select {
	case <-ctx.Done():
		fmt.Fprintln(out, "\n正在关闭 Shutting down…")
	case err = <-a.Failed():
	}
	if closing := a.Close(); err == nil {
		err = closing
	}
	return err
}

// tell prints what a visitor needs to know.
func tell(out io.Writer, o demo.Options, a *demo.Academy) {
	if o.Role == demo.RoleWorker {
		fmt.Fprintf(out, "\nCRM 工作进程已启动，服务于 %s\nThe CRM worker is running for %[1]s\n", a.URL)
		return
	}
	if a.URL != "http://"+o.Addr && !strings.HasSuffix(o.Addr, ":0") {
		fmt.Fprintf(out, "\n%s 的端口已被占用，改用 %s\nThe port of %[1]s is taken, so %[2]s is used\n", o.Addr, a.URL)
	}
	fmt.Fprintf(out, `
启明网校已启动 The academy is running          %s

  网校首页    School        %s/
  客户运营    CRM           %s
  一键登录    Log in        %s  （选“运营 周敏” choose "operator"）
  收件箱      Inbox         %s
  手机短信    Phones        %s
  邮件服务    SMTP          %s
  短信网关    SMS gateway   %s

按 Ctrl-C 停止，数据会保留；-reset 重新生成。 Ctrl-C stops it and keeps the data; -reset makes it anew.
`, a.About, a.URL, a.CRMURL(), a.LoginURL(), a.InboxURL(), a.PhoneURL(), a.MailAddr, a.SMSURL())
}
