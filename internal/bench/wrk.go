package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// wrkResult is what wrk says of a run.
type wrkResult struct {
	requests  int64
	perSecond float64
	p99       time.Duration
}

var (
	wrkTotal = regexp.MustCompile(`(\d+) requests in `)
	wrkSpeed = regexp.MustCompile(`Requests/sec:\s+([\d.]+)`)
	wrkP99   = regexp.MustCompile(`99%\s+([\d.]+)(us|ms|s|m)`)
	wrkBad   = regexp.MustCompile(`Non-2xx or 3xx responses: \d+|Socket errors: .*`)
)

// load asks a server over so many connections for a while. Anything but a redirect is an error.
func (r *redirector) load(ctx context.Context, script string, connections int, during time.Duration) (wrkResult, error) {
	said, err := exec.CommandContext(ctx, "wrk", "-t2", fmt.Sprintf("-c%d", connections), fmt.Sprintf("-d%ds", int(during.Seconds())),
		"--latency", "--timeout", "10s", "-s", script, r.url).CombinedOutput()
	if err != nil {
		return wrkResult{}, fmt.Errorf("wrk: %w: %s", err, said)
	}
	if bad := wrkBad.Find(said); bad != nil {
		return wrkResult{}, fmt.Errorf("wrk: %s", bad)
	}
	return readWrk(said)
}

func readWrk(said []byte) (out wrkResult, err error) {
	total, speed, p99 := wrkTotal.FindSubmatch(said), wrkSpeed.FindSubmatch(said), wrkP99.FindSubmatch(said)
	if total == nil || speed == nil || p99 == nil {
		return out, errors.New("wrk said nothing that can be read")
	}
	var errs [3]error
	out.requests, errs[0] = strconv.ParseInt(string(total[1]), 10, 64)
	out.perSecond, errs[1] = strconv.ParseFloat(string(speed[1]), 64)
	out.p99, errs[2] = time.ParseDuration(string(p99[1]) + string(p99[2]))
	return out, errors.Join(errs[:]...)
}

// middling is the median of one figure.
func middling(results []wrkResult, of func(wrkResult) float64) float64 {
	figures := make([]float64, len(results))
	for i, r := range results {
		figures[i] = of(r)
	}
	slices.Sort(figures)
	return figures[len(figures)/2]
}
