package setting

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// Check reports what is wrong with values, by key.
//
// Errors: fault.Fields.
func (v Values) Check() error {
	problems := fault.Fields{}
	checkText(problems, SiteName, v.SiteName, MaxSiteName)
	checkText(problems, SiteAddress, v.SiteAddress, MaxSiteAddress)
	if v.SiteName == "" {
		problems.Add(string(SiteName), "problem.missing")
	}
	for k, ch := range Channels() {
		if v.Quiet[ch].Check() != nil {
			problems.Add(string(k), "problem.clock")
		}
	}
	checkRange(problems, CapDays, int64(v.CapDays), campaign.MaxCapDays)
	if v.LateAfter < 0 || v.LateAfter > MaxLateAfter {
		problems.Add(string(LateAfter), "problem.range", 0, int64(MaxLateAfter.Minutes()))
	}
	checkRange(problems, LargeSend, v.LargeSend, MaxLargeSend)
	checkRange(problems, KeepMonths, int64(v.KeepMonths), MaxKeepMonths)
	checkBounds(problems, v.SpendBounds)
	return problems.Err()
}

// checkText takes a line of text. It goes into the heads of mails, where nothing may break a line.
func checkText(problems fault.Fields, k Key, text string, longest int) {
	switch {
	case utf8.RuneCountInString(text) > longest:
		problems.Add(string(k), "problem.long", longest)
	case !utf8.ValidString(text), strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }):
		problems.Add(string(k), "problem.control")
	}
}

func checkRange(problems fault.Fields, k Key, n, most int64) {
	if n < 0 || n > most {
		problems.Add(string(k), "problem.range", 0, most)
	}
}

func checkBounds(problems fault.Fields, list []int64) {
	if len(list) != SpendBands || list[0] <= 0 || list[len(list)-1] > MaxSpendBound ||
		!slices.IsSorted(list) || len(slices.Compact(slices.Clone(list))) != len(list) {
		problems.Add(string(SpendBounds), "problem.bounds", SpendBands)
	}
}
