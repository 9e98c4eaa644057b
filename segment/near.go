package segment

// cost is the least number of conditions that would have to turn for a part to come out as
// wanted; impossible when none can.
func cost(e *Explanation, want bool) int {
	const impossible = 1 << 20
	if e.Holds == want {
		return 0
	}
	word, _ := e.Rule.Members()
	switch {
	case word == "":
		return 1
	case len(e.Parts) == 0:
		return impossible
	}
	// "all" to hold and "any" or "none" to be made false or true by every member need each member
	// to turn; the others need one.
	each, turn := everyMember(word, want)
	sum, least := 0, impossible
	for i := range e.Parts {
		c := cost(&e.Parts[i], turn)
		sum, least = min(sum+c, impossible), min(least, c)
	}
	if each {
		return sum
	}
	return least
}

// everyMember says whether, for a group to come out as wanted, every member or one of them must
// come out as turn.
func everyMember(word string, want bool) (each, turn bool) {
	switch word {
	case "all":
		return want, want
	case "any":
		return !want, want
	}
	return want, !want
}

// markNear marks the conditions of the cheapest way to have a part come out as wanted.
func markNear(e *Explanation, want bool) {
	word, _ := e.Rule.Members()
	if e.Holds == want {
		return
	}
	if word == "" {
		e.Near = true
		return
	}
	each, turn := everyMember(word, want)
	best := -1
	for i := range e.Parts {
		switch {
		case each:
			markNear(&e.Parts[i], turn)
		case best < 0 || cost(&e.Parts[i], turn) < cost(&e.Parts[best], turn):
			best = i
		}
	}
	if best >= 0 {
		markNear(&e.Parts[best], turn)
	}
}
