package projection

// Reason says why a row was not taken: "field: code". Staff see it in their own language; a row
// with several faults gets the first.
type Reason string

// Codes of reasons.
const (
	codeMissing    = "missing"
	codeTooLong    = "too_long"
	codeUnknown    = "unknown_value"
	codeTime       = "impossible_time"
	codeMoney      = "negative_money"
	codeQuantity   = "impossible_quantity"
	codeCurrency   = "no_currency"
	codeLearner    = "unknown_learner"
	codeWrongPlace = "not_an_offering"
)

// ReasonUnknownLearner is given by storage: only there is known who exists.
const ReasonUnknownLearner Reason = "learner_id: " + codeLearner

// Code is the part of a reason after the field's name.
func (r Reason) Code() string {
	for i := 0; i+1 < len(r); i++ {
		if r[i] == ':' {
			return string(r[i+2:])
		}
	}
	return string(r)
}

// Field is the part of a reason before the code.
func (r Reason) Field() string {
	for i := range len(r) {
		if r[i] == ':' {
			return string(r[:i])
		}
	}
	return ""
}

// Codes lists every code, so that a test can hold the message files to it.
func Codes() []string {
	return []string{codeMissing, codeTooLong, codeUnknown, codeTime, codeMoney, codeQuantity,
		codeCurrency, codeLearner, codeWrongPlace}
}
