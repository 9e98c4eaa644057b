package hosttest

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/hostadapter"
)

// diff tells field by field how two rows differ, "Learner.Mobile: got "", want "199…"".
func diff(name string, got, want any) []difference {
	var d []difference
	compareValues(name, reflect.ValueOf(canonical(got)), reflect.ValueOf(canonical(want)), &d)
	return d
}

type difference struct{ path, got, want string }

func (d difference) String() string { return fmt.Sprintf("%s: got %s, want %s", d.path, d.got, d.want) }

func compareValues(path string, got, want reflect.Value, out *[]difference) {
	unequal := func() {
		*out = append(*out, difference{path, show(got), show(want)})
	}
	if g, ok := got.Interface().(time.Time); ok {
		if !g.Equal(want.Interface().(time.Time)) {
			unequal()
		}
		return
	}
	switch got.Kind() {
	case reflect.Struct:
		for i := range got.NumField() {
			compareValues(path+"."+got.Type().Field(i).Name, got.Field(i), want.Field(i), out)
		}
	case reflect.Slice:
		if got.Len() != want.Len() {
			unequal()
			return
		}
		for i := range got.Len() {
			compareValues(fmt.Sprintf("%s[%d]", path, i), got.Index(i), want.Index(i), out)
		}
	case reflect.Map:
		keys := map[string]reflect.Value{}
		for _, k := range append(got.MapKeys(), want.MapKeys()...) {
			keys[k.String()] = k
		}
		for _, k := range slices.Sorted(maps.Keys(keys)) {
			g, w := got.MapIndex(keys[k]), want.MapIndex(keys[k])
			if !g.IsValid() || !w.IsValid() {
				*out = append(*out, difference{path + "[" + k + "]", show(g), show(w)})
				continue
			}
			compareValues(path+"["+k+"]", g, w, out)
		}
	default:
		if !got.Equal(want) {
			unequal()
		}
	}
}

func show(v reflect.Value) string {
	if !v.IsValid() {
		return "nothing"
	}
	if t, ok := v.Interface().(time.Time); ok {
		if t.IsZero() {
			return "no time"
		}
		return t.Format(time.RFC3339Nano)
	}
	if v.Kind() == reflect.String {
		return fmt.Sprintf("%q", v.String())
	}
	return fmt.Sprintf("%+v", v.Interface())
}

// canonical writes the two ways to say one thing in one way: a documented default is spelled
// out, and what has no order is sorted.
func canonical(row any) any {
	switch r := row.(type) {
	case hostadapter.Learner:
		r = learnerKind.clone(r)
		if len(r.Roles) == 0 {
			r.Roles = []hostadapter.Role{hostadapter.RoleStudent}
		}
		slices.Sort(r.Roles)
		maps.DeleteFunc(r.Consent, func(_ hostadapter.Channel, s hostadapter.ConsentState) bool {
			return s == hostadapter.ConsentUnknown
		})
		return r
	case hostadapter.Offering:
		r = offeringKind.clone(r)
		slices.Sort(r.Tags)
		slices.Sort(r.CourseIDs)
		if r.Price == 0 {
			r.Currency = ""
		}
		return r
	case hostadapter.Order:
		r = orderKind.clone(r)
		r.Origin = cmp.Or(r.Origin, hostadapter.OriginSelf)
		r.SN = cmp.Or(r.SN, r.ID)
		slices.SortStableFunc(r.Items, func(a, b hostadapter.OrderItem) int {
			return cmp.Or(strings.Compare(string(a.Target.Type), string(b.Target.Type)), strings.Compare(a.Target.ID, b.Target.ID))
		})
		if !hasMoney(r) {
			r.Currency = ""
		}
		return r
	case hostadapter.Enrollment:
		r.Role = cmp.Or(r.Role, hostadapter.EnrolledStudent)
		return r
	}
	return row
}

func hasMoney(o hostadapter.Order) bool {
	return o.ListAmount != 0 || o.PayableAmount != 0 || o.PaidCash != 0 || o.Refunded != 0
}
