package web

import (
	"time"

	"github.com/coursecrm/coursecrm/internal/projection"
)

// freshness says how old the figures on a page are.
type freshness struct {
	Word  string // first, ok, checking, late, broken, unknown; empty: not asked
	At    time.Time
	Share float64 // of the first sync
	OOB   bool    // htmx: replace the badge where it stands
}

// lateAfter is the age from which figures are marked as old.
const lateAfter = 5 * time.Minute

// brokenAfter is how many tries in a row must fail before the sync counts as broken; single
// failures mend themselves.
const brokenAfter = 3

func freshnessOf(s projection.State, err error, now time.Time) freshness {
	if err != nil {
		return freshness{Word: "unknown"}
	}
	f := freshness{Word: "ok", At: s.LastOKAt()}
	late := !f.At.IsZero() && now.Sub(f.At) > lateAfter
	for _, fs := range s.Live {
		if fs.Failure != "" && (fs.Failures >= brokenAfter || late) {
			f.Word = "broken"
			return f
		}
	}
	switch {
	case !s.FirstDone():
		f.Word = "first"
		f.Share, _ = s.Progress()
	case late:
		f.Word = "late"
	case s.RepairRunning():
		f.Word = "checking"
	}
	return f
}

// Dot is the class of the badge's dot.
func (f freshness) Dot() string {
	switch f.Word {
	case "first":
		return "crm-dot crm-dot-a"
	case "late":
		return "crm-dot crm-dot-warn"
	case "broken":
		return "crm-dot crm-dot-bad"
	case "unknown":
		return "crm-dot crm-dot-none"
	}
	return "crm-dot"
}

// Tone is the class of the badge's text.
func (f freshness) Tone() string {
	switch f.Word {
	case "late":
		return "crm-warn"
	case "broken":
		return "crm-bad"
	}
	return ""
}

// Noted reports whether count pages also say it in a bar.
func (f freshness) Noted() bool { return f.Word == "late" || f.Word == "broken" || f.Word == "first" }
