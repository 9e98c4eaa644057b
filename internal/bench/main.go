// Command bench measures the product against the simplest programs that do the same physical
// work, in the same run on the same machine. It starts throw-away servers, prints one line for
// each measure, appends one JSON object for each to bench.jsonl, and ends with status 1 when a bar
// does not hold. Absolute figures depend on the machine and are never held to anything.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"

	"github.com/coursecrm/coursecrm/internal/devstack"
)

// part measures one room of the product.
type part struct {
	name string
	run  func(ctx context.Context, b *bench) error
}

var parts = []part{
	{"sync", benchSync},
	{"segment", benchSegment},
	{"campaign", benchCampaign},
	{"shortlink", benchShortlink},
	{"funnel", benchFunnel},
	{"home", benchHome},
}

// bench is what every part is given.
type bench struct {
	*report
	stack *devstack.Stack
	scale float64
}

// n scales a number of rows.
func (b *bench) n(full int) int { return max(int(float64(full)*b.scale), 1) }

func main() {
	if addresses := os.Getenv(envMailer); addresses != "" {
		if err := runMailer(addresses); err != nil {
			fmt.Fprintln(os.Stderr, "bench: worker:", err)
			os.Exit(1)
		}
		return
	}
	if what := os.Getenv(envRedirect); what != "" {
		if err := runRedirector(what); err != nil {
			fmt.Fprintln(os.Stderr, "bench: redirector:", err)
			os.Exit(1)
		}
		return
	}
	name := flag.String("part", "", "the part to measure; empty: all")
	scale := flag.Float64("scale", 1, "1 is a million learners")
	out := flag.String("out", "bench.jsonl", "where JSON lines are appended")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ok, err := run(ctx, *name, *scale, *out)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

func run(ctx context.Context, name string, scale float64, out string) (bool, error) {
	if scale <= 0 || scale > 10 {
		return false, fmt.Errorf("scale %v is not between 0 and 10", scale)
	}
	file, err := os.OpenFile(out, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return false, err
	}
	defer file.Close()
	r := &report{out: file}
	fmt.Printf("%d cores, %s, scale %v\n", runtime.NumCPU(), runtime.Version(), scale)
	found := false
	for _, p := range parts {
		if name != "" && name != p.name {
			continue
		}
		found = true
		if err := runPart(ctx, p, r, scale); err != nil {
			return false, fmt.Errorf("part %s: %w", p.name, err)
		}
	}
	if !found {
		return false, fmt.Errorf("there is no part %q", name)
	}
	return !r.failed, nil
}

// runPart gives each part servers of its own, so that none finds what another left.
func runPart(ctx context.Context, p part, r *report, scale float64) error {
	stack, err := devstack.Start(ctx, devstack.Options{SharedBuffers: "512MB", Settings: map[string]string{
		"max_wal_size": "4GB", "maintenance_work_mem": "256MB", "random_page_cost": "1.1", "checkpoint_timeout": "15min",
	}})
	if err != nil {
		return err
	}
	defer stack.Close()
	r.part = p.name
	return p.run(ctx, &bench{report: r, stack: stack, scale: scale})
}
