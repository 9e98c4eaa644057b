package setting

// Detail is what the record of who did what keeps of changes: each value before and after.
func Detail(changes []Change) map[string]any {
	out := map[string]any{}
	for _, c := range changes {
		out[string(c.Key)] = map[string]any{"old": c.Old, "new": c.New}
	}
	return out
}

// Forgets reports whether a change deletes clicks that would have been kept: that has to be
// confirmed.
func Forgets(was, is Values) bool {
	return is.KeepMonths > 0 && (was.KeepMonths == 0 || is.KeepMonths < was.KeepMonths)
}
