package shortlink

import (
	"net/http"
	"strings"
	"time"
)

// Kind of a hit.
type Kind string

// Kinds. Rates count human hits only; raw hits are shown beside them.
const (
	Human     Kind = "human"
	Bot       Kind = "bot"
	Prefetch  Kind = "prefetch"
	Duplicate Kind = "duplicate"
)

// Reason why a hit is not a person's.
type Reason string

// Reasons.
const (
	NoReason       Reason = ""
	ReasonMethod   Reason = "head"     // asked for the headers only
	ReasonAgent    Reason = "agent"    // says itself that it is a program
	ReasonNoAgent  Reason = "no_agent" // says nothing of itself
	ReasonPrefetch Reason = "prefetch" // a browser looking ahead
	ReasonRepeat   Reason = "repeat"   // the same recipient a moment ago
	RepeatWithin          = 10 * time.Second
)

// programs are parts of user agents by which programs name themselves, lower case. In-app
// browsers of WeChat, QQ, DingTalk and Sogou are people and match none of them.
var programs = []string{
	"bot", "spider", "crawl", "slurp", "curl/", "wget/", "python", "java/", "go-http-client", "okhttp", "httpclient",
	"libwww", "scrapy", "headless", "phantom", "preview", "facebookexternalhit", "whatsapp", "skypeuripreview",
	"barracuda", "mimecast", "proofpoint", "safelinks", "urldefense", "scanner", "monitor", "validator",
}

// Classify tells what made a request, but for repeats, which only the store can see.
func Classify(r *http.Request) (Kind, Reason) {
	agent := strings.ToLower(r.UserAgent())
	switch {
	case r.Method == http.MethodHead:
		return Bot, ReasonMethod
	case strings.TrimSpace(agent) == "":
		return Bot, ReasonNoAgent
	case isPrefetch(r.Header):
		return Prefetch, ReasonPrefetch
	}
	for _, p := range programs {
		if strings.Contains(agent, p) {
			return Bot, ReasonAgent
		}
	}
	return Human, NoReason
}

func isPrefetch(h http.Header) bool {
	for _, name := range []string{"Purpose", "Sec-Purpose", "X-Purpose", "X-Moz"} {
		if v := strings.ToLower(h.Get(name)); strings.Contains(v, "prefetch") || strings.Contains(v, "preview") {
			return true
		}
	}
	return false
}
