package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"
)

// measure is a line of bench.jsonl. Ratio is Value against Reference; both are absent where a
// measure has none.
type measure struct {
	Part      string   `json:"part"`
	Name      string   `json:"name"`
	Value     float64  `json:"value"`
	Unit      string   `json:"unit"`
	Reference float64  `json:"reference,omitempty"`
	Ratio     *float64 `json:"ratio,omitempty"`
	Bar       string   `json:"bar,omitempty"`
	Holds     *bool    `json:"holds,omitempty"`
}

// report collects measures.
type report struct {
	part   string
	out    io.Writer
	failed bool
}

// fact notes a figure that is held to nothing.
func (r *report) fact(name string, value float64, unit string) {
	r.add(measure{Name: name, Value: value, Unit: unit})
}

// atLeast holds value / reference to a lower bar.
func (r *report) atLeast(name string, value, reference float64, unit string, bar float64) {
	ratio := value / reference
	holds := ratio >= bar
	r.add(measure{Name: name, Value: value, Unit: unit, Reference: reference, Ratio: &ratio, Bar: fmt.Sprintf("≥ %g", bar), Holds: &holds})
}

// atMost holds value / reference to an upper bar.
func (r *report) atMost(name string, value, reference float64, unit string, bar float64) {
	ratio := value / reference
	holds := ratio <= bar
	r.add(measure{Name: name, Value: value, Unit: unit, Reference: reference, Ratio: &ratio, Bar: fmt.Sprintf("≤ %g", bar), Holds: &holds})
}

// below holds an absolute figure that people wait for to an upper bar.
func (r *report) below(name string, value float64, unit string, bar float64) {
	holds := value <= bar
	r.add(measure{Name: name, Value: value, Unit: unit, Bar: fmt.Sprintf("≤ %g %s", bar, unit), Holds: &holds})
}

func (r *report) add(m measure) {
	m.Part = r.part
	line := fmt.Sprintf("%-8s %-44s %12.2f %-7s", m.Part, m.Name, m.Value, m.Unit)
	if m.Ratio != nil {
		line += fmt.Sprintf(" reference %12.2f  ratio %5.2f", m.Reference, *m.Ratio)
	}
	if m.Holds != nil {
		verdict := "holds"
		if !*m.Holds {
			verdict, r.failed = "DOES NOT HOLD", true
		}
		line += fmt.Sprintf("  bar %s %s", m.Bar, verdict)
	}
	fmt.Println(line)
	text, err := json.Marshal(m)
	if err != nil {
		panic(err) // numbers and texts always encode
	}
	if _, err := fmt.Fprintf(r.out, "%s\n", text); err != nil {
		fmt.Println("bench: cannot write the report:", err)
		r.failed = true
	}
}

// median of durations, in seconds.
func median(d []time.Duration) float64 { return quantile(d, 0.5) }

func quantile(d []time.Duration, q float64) float64 {
	d = slices.Clone(d)
	slices.Sort(d)
	return d[min(int(q*float64(len(d))), len(d)-1)].Seconds()
}
