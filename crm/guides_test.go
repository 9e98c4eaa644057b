package crm_test

import (
	"database/sql"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/hibiken/asynq"
	"go.opentelemetry.io/otel"

	"github.com/coursecrm/coursecrm/crm"
	"github.com/coursecrm/coursecrm/hostadapter"
)

// The examples of this file are what docs/ shows.

func ExampleConfig_channels() {
	password := os.Getenv("SMTP_PASSWORD")
	config := crm.Config{
		Email: crm.Email{
			Addr: "smtp.example:587", From: "画室网校 <hello@mail.example>", Username: "hello@mail.example", Password: password,
			Rate: 20, // messages a second, over all processes
		},
		QuietHours: map[hostadapter.Channel]crm.QuietHours{
			hostadapter.ChannelSMS: {Start: 21 * time.Hour, End: 8 * time.Hour},
		},
		Links: crm.Links{
			Domains:  []string{"school.example"},                              // where links may lead, with all below
			SpoolDir: "/var/lib/school/clicks",                                // clicks wait here while the database is away
			Proxies:  []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}, // whose X-Forwarded-For counts
		},
	}
	fmt.Println(config.Email.Addr, config.QuietHours[hostadapter.ChannelSMS].End)
	// Output: smtp.example:587 8h0m0s
}

func ExampleConfig_sentinel() {
	config := crm.Config{
		Redis: asynq.RedisFailoverClientOpt{
			MasterName:    "school",
			SentinelAddrs: []string{"sentinel-1:26379", "sentinel-2:26379", "sentinel-3:26379"},
			Password:      os.Getenv("REDIS_PASSWORD"),
		},
	}
	fmt.Printf("%T\n", config.Redis)
	// Output: asynq.RedisFailoverClientOpt
}

func ExampleConfig_cluster() {
	config := crm.Config{
		Redis: asynq.RedisClusterClientOpt{
			Addrs:    []string{"redis-1:6379", "redis-2:6379", "redis-3:6379"},
			Password: os.Getenv("REDIS_PASSWORD"),
		},
	}
	fmt.Printf("%T\n", config.Redis)
	// Output: asynq.RedisClusterClientOpt
}

func ExampleConfig_replica() {
	open := func(address string) *sql.DB {
		db, err := sql.Open("pgx", address) // github.com/jackc/pgx/v5/stdlib
		if err != nil {
			panic(err)
		}
		db.SetMaxOpenConns(24)
		db.SetMaxIdleConns(12)
		return db
	}
	config := crm.Config{
		DB:        open("postgres://school@db-1/school?default_query_exec_mode=exec"),
		ReadDB:    open("postgres://school@db-2/school?default_query_exec_mode=exec"),
		ReadDBLag: 2 * time.Second,
	}
	fmt.Println(config.ReadDB.Stats().MaxOpenConnections)
	// Output: 24
}

func ExampleConfig_telemetry() {
	config := crm.Config{
		Meter:  otel.GetMeterProvider(),
		Tracer: otel.GetTracerProvider(),
	}
	fmt.Println(config.Meter != nil, config.Tracer != nil)
	// Output: true true
}

func ExampleCRM_Run() {
	role := func(name string) []crm.Role { // COURSECRM_ROLES="sync workers"; empty: all
		var roles []crm.Role
		for _, word := range strings.Fields(name) {
			roles = append(roles, crm.Role(word))
		}
		return roles
	}
	fmt.Println(role("workers"), len(role("")))
	// then: err := c.Run(ctx, role(os.Getenv("COURSECRM_ROLES"))...)
	// Output: [workers] 0
}
