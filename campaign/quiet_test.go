package campaign

import (
	"testing"
	"time"
	_ "time/tzdata"
)

func TestQuietHours(t *testing.T) {
	t.Parallel()
	night := QuietHours{21 * time.Hour, 8 * time.Hour}
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		q     QuietHours
		now   string
		loc   *time.Location
		until string // empty: not quiet
	}{
		{"none", QuietHours{}, "2026-11-20T03:00:00+08:00", shanghai, ""},
		{"in the evening, until tomorrow", night, "2026-11-20T21:00:00+08:00", shanghai, "2026-11-21T08:00:00+08:00"},
		{"a moment before", night, "2026-11-20T20:59:59.999+08:00", shanghai, ""},
		{"at night, until today", night, "2026-11-20T03:00:00+08:00", shanghai, "2026-11-20T08:00:00+08:00"},
		{"over at eight", night, "2026-11-20T08:00:00+08:00", shanghai, ""},
		{"by the site's clock, not the server's", night, "2026-11-20T13:30:00Z", shanghai, "2026-11-21T08:00:00+08:00"},
		{"at noon", QuietHours{12 * time.Hour, 13*time.Hour + 30*time.Minute}, "2026-11-20T12:10:00+08:00", shanghai, "2026-11-20T13:30:00+08:00"},
		{"outside noon", QuietHours{12 * time.Hour, 14 * time.Hour}, "2026-11-20T11:59:00+08:00", shanghai, ""},
		{"over a night with a changed clock", night, "2026-03-28T22:00:00+01:00", berlin, "2026-03-29T08:00:00+02:00"},
		{"last day of a year", night, "2026-12-31T23:00:00+08:00", shanghai, "2027-01-01T08:00:00+08:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			now, err := time.Parse(time.RFC3339, c.now)
			if err != nil {
				t.Fatal(err)
			}
			until, quiet := c.q.Until(now, c.loc)
			if quiet != (c.until != "") {
				t.Fatalf("quiet is %v until %v", quiet, until)
			}
			if want, err := time.Parse(time.RFC3339, c.until); quiet && (err != nil || !until.Equal(want)) {
				t.Errorf("until %v, want %s", until, c.until)
			}
		})
	}
	for _, bad := range []QuietHours{{-1, 0}, {0, 24 * time.Hour}} {
		if bad.Check() == nil {
			t.Errorf("%v passed", bad)
		}
	}
}
