package hosttest

import (
	"reflect"
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/hostadapter"
)

func valueOf(v any) reflect.Value { return reflect.ValueOf(v) }

// checkContent compares the rows that are there with the seed. Of a removed row, and of an
// account that is closed, hosts keep different things, and none is asked for.
func (c *feedCase[T]) checkContent(t reporter, opts Options) {
	t.Helper()
	const most = 20
	said := 0
	owed := c.owed()
	for _, row := range c.mustRows(t, "", hostadapter.MaxPage) {
		want, ok := owed[c.id(row)]
		if !ok || c.isGone(want) {
			continue
		}
		for _, d := range diff(c.name, row, want) {
			if opts.ignores(d.path) {
				continue
			}
			if said++; said > most {
				t.Fatalf("and more; a field that the platform does not keep is named in Options.Ignore")
			}
			t.Errorf("%s: %s", c.id(row), d)
		}
	}
}

func (c *feedCase[T]) checkTombstones(t reporter) {
	t.Helper()
	fed := map[string]T{}
	for _, row := range c.mustRows(t, "", hostadapter.MaxPage) {
		fed[c.id(row)] = row
	}
	ids := c.keys(c.seed)
	for i, want := range c.seed {
		row, found := fed[ids[i]]
		switch {
		case c.isGone(want) && !found:
			t.Errorf("%s was removed, and the feed does not tell", ids[i])
		case c.isGone(want) && !c.isGone(row):
			t.Errorf("%s was removed, and is fed as if it were there", ids[i])
		case !c.isGone(want) && found && c.isGone(row):
			t.Errorf("%s is fed as removed, and is there", ids[i])
		}
	}
}

// each calls look for every row, and shows what it finds. Of a tombstone only its key and time
// are read, so only those are looked at.
func (c *feedCase[T]) each(t reporter, look func(T, *findings)) {
	t.Helper()
	rows := c.mustRows(t, "", hostadapter.MaxPage)
	shown := 0
	for _, row := range rows {
		if c.isDeleted(row) {
			row = c.tombstone(row)
		}
		var found findings
		look(row, &found)
		for _, f := range found {
			if shown++; shown > 20 {
				t.Fatalf("and more")
			}
			t.Errorf("%s: %s.%s", c.id(row), c.name, f)
		}
	}
}

func (c *feedCase[T]) checkRequired(t reporter) {
	t.Helper()
	c.each(t, func(row T, f *findings) {
		f.set("id", c.key(row))
		f.time(c.orderedBy(), *c.at(&row))
		if !c.isDeleted(row) {
			c.rules.required(row, f)
		}
	})
}

func (c *feedCase[T]) orderedBy() string {
	if _, ok := any(*new(T)).(hostadapter.Activity); ok {
		return "OccurredAt"
	}
	return "UpdatedAt"
}

func (c *feedCase[T]) checkWords(t reporter) {
	t.Helper()
	c.each(t, func(row T, f *findings) {
		if !c.isDeleted(row) {
			c.rules.words(row, f)
		}
	})
}

func (c *feedCase[T]) checkMoney(t reporter) {
	t.Helper()
	c.each(t, func(row T, f *findings) {
		if c.rules.money != nil && !c.isDeleted(row) {
			c.rules.money(row, f)
		}
	})
}

func (c *feedCase[T]) checkTimes(t reporter) {
	t.Helper()
	c.each(t, func(row T, f *findings) { times("", reflect.ValueOf(row), f) })
}

// never are times that hosts write for none, taken literally.
var never = []time.Time{time.Unix(0, 0), time.Unix(1<<31-1, 0), time.Unix(1<<32-1, 0)}

// times looks at every time in a row, however deep.
func times(path string, v reflect.Value, f *findings) {
	if at, ok := v.Interface().(time.Time); ok {
		_, offset := at.Zone()
		date := slices.Contains([]string{"Birthday", "Date"}, path)
		switch {
		case at.IsZero():
		case at.Location().String() != "UTC" || offset != 0:
			f.add("%s is %s in %v, want UTC", path, at.Format(time.RFC3339), at.Location())
		case at.Year() < 1800 || at.Year() > 9999:
			f.add("%s is in the year %d; no time is time.Time{}", path, at.Year())
		case !date && slices.ContainsFunc(never, at.Equal):
			f.add("%s is %s; no time is time.Time{}", path, at.Format(time.RFC3339))
		case path == "Birthday" && !at.Equal(at.Truncate(24*time.Hour)):
			f.add("%s is %s, want the date at 00:00 in UTC", path, at.Format(time.RFC3339))
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			times(v.Type().Field(i).Name, v.Field(i), f)
		}
	case reflect.Slice:
		for i := range v.Len() {
			times(path, v.Index(i), f)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			times(path, v.MapIndex(k), f)
		}
	}
}
