package web

import (
	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// checkView is what is wrong with a text, unwise, or fine.
type checkView struct {
	Missing []said // not filled in yet
	Bad     []said
	Warn    []said
	Good    []string // message keys
	OOB     bool
}

func (w *Web) checkView(q *request, c *composing, problems fault.Fields) checkView {
	var v checkView
	l, blocks := w.locale(q), c.d.Content.Blocks
	for i, s := range l.saidOf(inOrder(problems), blocks) {
		switch inOrder(problems)[i].Problem.Key {
		case "problem.missing", "problem.param_missing", "problem.link_missing":
			v.Missing = append(v.Missing, s)
		default:
			v.Bad = append(v.Bad, s)
		}
	}
	var fallback bool
	for _, x := range campaign.Check(c.d.Channel, desk.ContentFor(c.d.Channel, c.d.Content), c.d.Fill) {
		fallback = fallback || x.Key == "warning.fallback"
		v.Warn = append(v.Warn, l.saidOf([]fieldProblem{{x.Field, x.Problem}}, blocks)...)
	}
	if c.d.Channel == hostadapter.ChannelEmail {
		v.Good = append(v.Good, "check.unsubscribe")
	}
	if len(personalOf(c.d)) > 0 && !fallback && c.d.Key != "" { // a template's are filled in when it is used
		v.Good = append(v.Good, "check.fallbacks")
	}
	if len(v.Missing)+len(v.Bad) == 0 {
		v.Good = append(v.Good, "check.complete")
	}
	return v
}

// stepsOf says which parts of the form have nothing wrong in them; counted is true when there are
// people to send to.
func stepsOf(problems fault.Fields, counted bool) []stepView {
	steps := make([]stepView, 5)
	for i := range steps {
		steps[i] = stepView{No: i + 1, Done: true}
	}
	for field := range problems {
		place := placeOf(field)[0]
		switch at := func(name string) int { return placeOf(name)[0] }; {
		case place <= at("control"):
			steps[0].Done = field == "name" && steps[0].Done
		case place >= at("send_at"):
			steps[4].Done = false
		case place >= at("link"), len(placeOf(field)) == 2:
			steps[2].Done = false
		default:
			steps[1].Done = false
		}
	}
	steps[3].Done = counted
	return steps
}
