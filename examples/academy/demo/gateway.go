package demo

import (
	"bufio"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/crm"
	"github.com/coursecrm/coursecrm/examples/academy/gateway"
	"github.com/coursecrm/coursecrm/examples/academy/school"
)

// gatewaySchema holds the SMS supplier's tables, beside the school's and the CRM's.
const gatewaySchema = "gateway"

// callbackPath is where the CRM hears from the supplier.
const callbackPath = goPath + "/callbacks/sms"

// order is what a gateway is told when it is started. It goes through a pipe, because it holds the
// secret.
type order struct {
	Addr, DatabaseURL, KeyID, Secret, Signature, Callback string
}

// startGateway starts the SMS supplier, in a process of its own if the options say how, and opens
// what shows its phones.
func (a *Academy) startGateway(ctx context.Context, o Options) error {
	out := order{Addr: orAny(o.SMSAddr), DatabaseURL: a.DatabaseURL, KeyID: "academy", Secret: rand.Text(), Signature: siteName, Callback: a.URL + callbackPath}
	var url string
	if len(o.GatewayCommand) > 0 {
		child, err := spawn(ctx, o.GatewayCommand, out)
		if err != nil {
			return err
		}
		a.onClose(child.close)
		go func() {
			if err := child.ended(); err != nil {
				a.fail(err)
			}
		}()
		url = child.url
	} else {
		g, stop, err := openGateway(ctx, out, o.Logger)
		if err != nil {
			return err
		}
		a.onClose(stop)
		a.Gateway, url = g, g.URL()
	}
	a.sms = crm.SMS{URL: url, KeyID: out.KeyID, Secret: []byte(out.Secret), Signature: out.Signature, Price: priceOfPart}
	db, err := openGatewayDatabase(ctx, a.DatabaseURL)
	if err != nil {
		return err
	}
	a.onClose(db.Close)
	a.Phones = gateway.Phones{DB: db}
	return nil
}

// priceOfPart is ¥0.045, in thousandths of a fen.
const priceOfPart = 4500

// openGateway starts a gateway in this process.
func openGateway(ctx context.Context, o order, log *slog.Logger) (*gateway.Gateway, func() error, error) {
	db, err := openGatewayDatabase(ctx, o.DatabaseURL)
	if err != nil {
		return nil, nil, err
	}
	g, err := gateway.Start(ctx, o.Addr, gateway.Config{DB: db, KeyID: o.KeyID, Secret: []byte(o.Secret), Signature: o.Signature, Callback: o.Callback, Logger: log})
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return g, func() error { return errors.Join(g.Close(), db.Close()) }, nil
}

// openGatewayDatabase opens a small pool: the gateway and its pages are no more than that to it.
func openGatewayDatabase(ctx context.Context, databaseURL string) (*sql.DB, error) {
	db, err := school.Open(ctx, databaseURL, gatewaySchema)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(8)
	return db, nil
}

// RunGateway is the life of a gateway's own process. It reads its order, one line of JSON, writes its
// address, one line too, and works until in ends, which is when the site has ended, by whatever
// means. Signals are left to the site: Ctrl-C reaches both, and the CRM still has messages to hand
// over then.
func RunGateway(in io.Reader, out, logs io.Writer) error {
	lines := bufio.NewReader(in)
	line, err := lines.ReadBytes('\n')
	if err != nil {
		return errors.New("the gateway waits for its order on the standard input; the site starts it by itself")
	}
	var o order
	if err := json.Unmarshal(line, &o); err != nil {
		return errors.New("the gateway's order cannot be read") // the text of the error may hold the secret
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	g, stop, err := openGateway(ctx, o, slog.New(slog.NewTextHandler(logs, nil)))
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(out, g.URL()); err != nil {
		return errors.Join(err, stop())
	}
	_, err = io.Copy(io.Discard, lines)
	return errors.Join(err, stop())
}

// child is a gateway in a process of its own.
type child struct {
	url    string
	cmd    *exec.Cmd
	input  io.WriteCloser // its end is the process's end; only we hold it, so we need not live to end it
	exited chan struct{}
	err    error // of the process, after exited
	asked  chan struct{}
}

// spawn starts a gateway process and returns when it listens.
func spawn(ctx context.Context, command []string, o order) (*child, error) {
	c := &child{cmd: exec.Command(command[0], command[1:]...), exited: make(chan struct{}), asked: make(chan struct{})}
	c.cmd.Stderr = os.Stderr
	var err error
	if c.input, err = c.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start the SMS gateway: %w", err)
	}
	output, err := c.cmd.StdoutPipe()
	if err == nil {
		err = c.cmd.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("start the SMS gateway: %w", err)
	}
	address := make(chan string, 1)
	go func() {
		lines := bufio.NewReader(output)
		line, _ := lines.ReadString('\n') // without a line there is no address
		address <- strings.TrimSpace(line)
		io.Copy(io.Discard, lines) //nolint:errcheck // it has ended
		c.err = c.cmd.Wait()
		close(c.exited)
	}()
	if err := json.NewEncoder(c.input).Encode(o); err != nil {
		return nil, errors.Join(fmt.Errorf("start the SMS gateway: %w", err), c.close())
	}
	select {
	case c.url = <-address:
	case <-ctx.Done():
		return nil, errors.Join(fmt.Errorf("start the SMS gateway: %w", ctx.Err()), c.close())
	}
	if !strings.HasPrefix(c.url, "http://") {
		return nil, errors.Join(errors.New("start the SMS gateway: it gave no address"), c.close())
	}
	return c, nil
}

// ended waits for the process and tells why it went; nil when it was asked to.
func (c *child) ended() error {
	<-c.exited
	select {
	case <-c.asked:
		return nil
	default:
		return fmt.Errorf("the SMS gateway ended by itself: %v", c.err)
	}
}

// close asks the process to end, and makes it end.
func (c *child) close() error {
	close(c.asked)
	err := c.input.Close()
	select {
	case <-c.exited:
	case <-time.After(15 * time.Second):
		err = errors.Join(err, c.cmd.Process.Kill())
		<-c.exited
	}
	return errors.Join(err, c.err)
}
