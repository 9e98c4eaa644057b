package devstack

import "testing"

// TestStandby: a standby follows its server, takes no writes, and survives the server's restart.
func TestStandby(t *testing.T) {
	t.Parallel()
	first := startPostgres(t, Options{})
	standby, err := first.StartStandby(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := standby.Close(); err != nil {
			t.Error(err)
		}
	})
	query(t, first.URL(), "CREATE TABLE seen (n integer)")
	follows := func(n string) func() bool {
		return func() bool {
			value, err := tryQuery(t.Context(), standby.URL(), "SELECT count(*)::text FROM seen")
			return err == nil && value == n
		}
	}
	eventually(t, "the table is there", follows("0"))
	if _, err := tryQuery(t.Context(), standby.URL(), "INSERT INTO seen VALUES (1) RETURNING n::text"); err == nil {
		t.Error("a standby took a write")
	}
	if err := first.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	query(t, first.URL(), "INSERT INTO seen VALUES (1) RETURNING n::text")
	eventually(t, "the row is there", follows("1"))
}
