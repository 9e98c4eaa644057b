package devstack

import "testing"

func TestStack(t *testing.T) {
	t.Parallel()
	s, err := Start(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := query(t, s.DatabaseURL, "SELECT current_database()"); got != "coursecrm" {
		t.Errorf("database is %q", got)
	}
	if got := redisDo(t, s.RedisAddr, "PING"); got != "+PONG\r\n" {
		t.Errorf("PING answers %q", got)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	t.Parallel()
	p, r := startPostgres(t, Options{}), startRedis(t)
	for _, d := range []*daemon{p.daemon, r.daemon} {
		server, dog := d.proc.cmd.Process.Pid, d.dog.cmd.Process.Pid
		if !alive(server) || !alive(dog) || !exists(d.dir) {
			t.Fatalf("%s does not run as the test thinks", d.name)
		}
		if err := d.close(d.killSig); err != nil {
			t.Fatal(err)
		}
		if alive(server) || alive(dog) || exists(d.dir) {
			t.Errorf("%s left something: server %v, watchdog %v, directory %v", d.name, alive(server), alive(dog), exists(d.dir))
		}
	}
}

func TestFromEnv(t *testing.T) {
	const database = "postgres://somebody@db.example/x"
	t.Run("both named", func(t *testing.T) {
		t.Setenv("DATABASE_URL", database)
		for given, want := range map[string][2]string{
			"redis://:secret@cache.example:7000/2": {"redis://:secret@cache.example:7000/2", "cache.example:7000"},
			"rediss://cache.example":               {"rediss://cache.example", "cache.example:6379"},
			"cache.example:7001":                   {"redis://cache.example:7001", "cache.example:7001"},
		} {
			t.Setenv("REDIS_URL", given)
			s, err := FromEnv(t.Context(), Options{finder: &finder{}})
			if err != nil {
				t.Fatal(err)
			}
			if s.DatabaseURL != database || s.RedisURL != want[0] || s.RedisAddr != want[1] {
				t.Errorf("%s gives %+v", given, s)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("one named", func(t *testing.T) {
		t.Setenv("DATABASE_URL", database)
		t.Setenv("REDIS_URL", "")
		s, err := FromEnv(t.Context(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if s.DatabaseURL != database || redisDo(t, s.RedisAddr, "PING") != "+PONG\r\n" {
			t.Errorf("got %+v", s)
		}
	})
	t.Run("not an address", func(t *testing.T) {
		t.Setenv("DATABASE_URL", database)
		for _, wrong := range []string{"redis://", "redis://:secret@%zz"} {
			t.Setenv("REDIS_URL", wrong)
			if s, err := FromEnv(t.Context(), Options{}); err == nil {
				t.Errorf("%q gives %+v", wrong, s)
			}
		}
	})
}
