package gateway

import (
	"fmt"
	"net/http"
	"strings"
)

// Fate is what becomes of a message.
type Fate int

// Fates. Whoever is refused is answered at once; a receipt comes later.
const (
	Arrives  Fate = iota // and a receipt says so
	Silently             // it arrives, and no receipt ever comes
	PutOff               // not now
	NoNumber             // refused: there is no such number
	Barred               // refused: the person has barred the client
	Refused              // refused for another reason
	Vanishes             // accepted; the receipt says that there is no such number
	Expires              // accepted; the receipt says that it could not be delivered
)

// Manner is how a request with messages is answered.
type Manner int

// Manners. All but Busy and Hangs do what is asked first.
const (
	Properly     Manner = iota
	Busy                // 503, nothing is done
	Hangs               // no answer, nothing is done
	TimesOut            // no answer
	HangsUp             // the connection is cut
	TalksRubbish        // status 200, and no JSON
	Contradicts         // each message is answered twice, the second time with a failure
	Forgets             // every other message is left out of the answer
)

// Rule decides how the gateway behaves. The zero value is a gateway that works, with the numbers of
// ByNumber; tests play a failing supplier with it.
type Rule struct {
	Fate   func(mobile string) Fate   // nil: ByNumber
	Manner func(request int64) Manner // of the n-th request with messages, from 1; nil: Properly
}

// ByNumber is the rule of a new gateway. Numbers that end in 0000 or 44 do not exist, 45 turns out
// not to exist only after the message was accepted, 46 is switched off for good, 47 has barred the
// client, and 0451 is always put off.
func ByNumber(mobile string) Fate {
	ends := func(digits string) bool { return strings.HasSuffix(mobile, digits) }
	switch {
	case ends("0000"), ends("44"):
		return NoNumber
	case ends("45"):
		return Vanishes
	case ends("46"):
		return Expires
	case ends("47"):
		return Barred
	case ends("0451"):
		return PutOff
	}
	return Arrives
}

// SetRule changes how the gateway behaves, from the next request on.
func (g *Gateway) SetRule(r Rule) {
	if r.Fate == nil {
		r.Fate = ByNumber
	}
	if r.Manner == nil {
		r.Manner = func(int64) Manner { return Properly }
	}
	g.rule.Store(&r)
}

// misanswer is an answer that is not as the protocol has it.
type misanswer func(w http.ResponseWriter, r *http.Request)

// misbehave turns a good answer into what the manner makes of it.
func (g *Gateway) misbehave(m Manner, good answers) any {
	switch m {
	case Hangs, TimesOut:
		return misanswer(func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
			case <-g.closing:
			}
			panic(http.ErrAbortHandler)
		})
	case HangsUp:
		return misanswer(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	case TalksRubbish:
		return misanswer(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html><h1>502 Bad Gateway</h1></html>") })
	case Contradicts:
		twice := answers{Messages: good.Messages}
		for _, a := range good.Messages {
			twice.Messages = append(twice.Messages, answer{Key: a.Key, Status: "failed", Reason: "rejected"})
		}
		return twice
	case Forgets:
		var half answers
		for i := 0; i < len(good.Messages); i += 2 {
			half.Messages = append(half.Messages, good.Messages[i])
		}
		return half
	}
	return good
}
