package campaign

import (
	"context"
	"fmt"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// Preview is a message as one of its recipients will see it.
type Preview struct {
	Name    string // of the recipient
	Of, At  int    // the recipient's place among the sample, from 0
	Subject string
	Text    string
	HTML    string
	Units   int // SMS: characters as suppliers count them
	Parts   int // SMS: parts that are paid for
}

// Cost is what an SMS campaign may cost at most.
type Cost struct {
	Units, Parts int   // of the longest message
	Total        int64 // parts of all messages, if all were as long
	Price        int64 // of one part, in thousandths of a minor unit; 0: not known
}

// Money is the cost in minor units, rounded up.
func (c Cost) Money() int64 { return (c.Total*c.Price + 999) / 1000 }

// sampleSize is how many people a preview steps through.
const sampleSize = 10

// sampleCode stands in previews where each recipient will have a code of their own: nobody has one
// until the audience is frozen. Its length is what counts, for that of the message, and nobody takes
// eight x for a link that works.
const sampleCode = "xxxxxxxx"

// Preview renders a draft for the at-th person of a sample of its audience. Content that does not
// compile yet gives the person and nothing else. The zero Preview means that nobody is to be sent to.
func (s *Service) Preview(ctx context.Context, d Draft, at int) (Preview, error) {
	c, _, err := s.check(ctx, d)
	if err != nil {
		return Preview{}, err
	}
	people, err := s.sifter.Sample(ctx, c.sieve(), s.now(), sampleSize)
	if err != nil {
		return Preview{}, fmt.Errorf("sample audience: %w", err)
	}
	if len(people) == 0 {
		return Preview{}, nil
	}
	at = min(max(at, 0), len(people)-1)
	person := people[at]
	out := Preview{At: at, Of: len(people), Name: person.Values["real_name"]}
	if out.Name == "" {
		out.Name = person.Values["nickname"]
	}
	if c.letter == nil {
		return out, nil
	}
	fill(person, s.set.Location)
	r, err := c.letter.Render(s.withOptOut(person.Values, OptOutToken{}), s.sampleLinks(c.letter, sampleCode))
	if err != nil { // not for this person; the dry run counts them
		return out, nil
	}
	out.Subject, out.Text, out.HTML = r.Subject, r.Text, r.HTML
	if d.Channel == h.ChannelSMS {
		out.Units = SMSUnits(r.Text)
		out.Parts = SMSParts(out.Units)
	}
	return out, nil
}

// withOptOut adds the address of the unsubscribe page.
func (s *Service) withOptOut(v Values, t OptOutToken) Values {
	v["unsubscribe"] = optOutURL(s.set, t)
	return v
}

// optOutURL is where a recipient unsubscribes.
func optOutURL(set Settings, t OptOutToken) string {
	return set.PublicURL + "/u/" + t.Seal(set.Secret)
}

// sampleLinks gives every target of a letter the same address.
func (s *Service) sampleLinks(l *Letter, code string) []string {
	out := make([]string, len(l.Targets()))
	for i := range out {
		out[i] = s.set.PublicURL + "/" + code
	}
	return out
}

// Cost estimates what an SMS draft costs from the longest value of each variable; the zero Cost
// for other channels and for text that does not compile yet.
func (s *Service) Cost(ctx context.Context, d Draft, sum Sum) (Cost, error) {
	if d.Channel != h.ChannelSMS {
		return Cost{}, nil
	}
	c, _, err := s.check(ctx, d)
	if err != nil || c.letter == nil {
		return Cost{}, err
	}
	longest, err := s.sifter.Longest(ctx, c.sieve(), s.now())
	if err != nil {
		return Cost{}, fmt.Errorf("longest message: %w", err)
	}
	out := Cost{Units: c.letter.Longest(longest, s.set.PublicURL+"/"+sampleCode), Price: s.set.Price}
	out.Parts = SMSParts(out.Units)
	out.Total = int64(out.Parts) * sum.Sendable
	return out, nil
}
