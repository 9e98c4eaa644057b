package main

import (
	"database/sql"
	"os"
	"testing"
	"time"

	host "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
)

// TestAdapter holds the adapter to the contract: every page size, every cursor, a context that ends,
// and what the ten rows mean in the CRM's words.
func TestAdapter(t *testing.T) {
	seed := tenRows()
	hosttest.RunWith(t, hosttest.Options{Seed: &seed, Ignore: []string{"Order.Items.Title"}}, func(t *testing.T, seed hosttest.Seed) host.HostAdapter {
		db, err := sql.Open("pgx", os.Getenv("DATABASE_URL"))
		if err != nil {
			t.Fatal(err)
		}
		db.SetMaxOpenConns(1) // all that follows is on this one connection and gone with it
		t.Cleanup(func() { db.Close() })
		statements := "SET search_path = pg_temp; " + schoolSQL
		if len(seed.Learners) == 0 {
			statements += "; TRUNCATE users, courses, orders, places"
		}
		if _, err := db.Exec(statements); err != nil {
			t.Fatal(err)
		}
		return adapter{db}
	})
}

// tenRows says what school.sql holds.
func tenRows() hosttest.Seed {
	at := func(text string) time.Time {
		t, err := time.Parse("2006-01-02 15:04-07", text+"+08")
		if err != nil {
			panic(err)
		}
		return t.UTC()
	}
	watercolour, colours := host.Target{Type: host.TargetCourse, ID: "1"}, host.Target{Type: host.TargetCourse, ID: "2"}
	items := []host.OrderItem{{Target: watercolour, Quantity: 1, Amount: 19900}}
	return hosttest.Seed{
		Learners: []host.Learner{
			{ID: "1", Nickname: "林晓", Mobile: "13800000001", Email: "lin@school.example", Status: host.LearnerActive,
				Consent: host.Consent{host.ChannelEmail: host.ConsentGranted}, RegisteredAt: at("2026-03-01 10:00"), UpdatedAt: at("2026-06-01 10:00")},
			{ID: "2", Nickname: "王磊", Mobile: "13800000002", Status: host.LearnerActive, RegisteredAt: at("2026-04-11 20:30"), UpdatedAt: at("2026-06-01 10:00")},
			{ID: "3", Nickname: "陈静", Email: "chen@school.example", Status: host.LearnerActive,
				Consent: host.Consent{host.ChannelEmail: host.ConsentDenied}, RegisteredAt: at("2026-05-20 09:15"), UpdatedAt: at("2026-06-02 08:00")},
			{ID: "4", Nickname: "何老师", Email: "he@school.example", Status: host.LearnerActive, Roles: []host.Role{host.RoleTeacher},
				RegisteredAt: at("2026-01-05 08:00"), UpdatedAt: at("2026-01-05 08:00")},
		},
		Offerings: []host.Offering{
			{Type: host.TargetCourse, ID: "1", Title: "零基础水彩", Status: host.OfferingPublished, Price: 19900, Currency: "CNY", RequiredUnits: 12, UpdatedAt: at("2026-02-01 09:00")},
			{Type: host.TargetCourse, ID: "2", Title: "色彩入门", Status: host.OfferingPublished, Currency: "CNY", RequiredUnits: 3, UpdatedAt: at("2026-02-01 09:00")},
		},
		Orders: []host.Order{
			{ID: "1", SN: "1", LearnerID: "1", Status: host.OrderFinished, ListAmount: 19900, PayableAmount: 19900, PaidCash: 19900, Currency: "CNY", Items: items,
				CreatedAt: at("2026-03-02 19:00"), PaidAt: at("2026-03-02 19:03"), UpdatedAt: at("2026-03-02 19:03")},
			{ID: "2", SN: "2", LearnerID: "2", Status: host.OrderPending, ListAmount: 19900, PayableAmount: 19900, Currency: "CNY", Items: items,
				CreatedAt: at("2026-05-30 21:00"), UpdatedAt: at("2026-05-30 21:00")},
		},
		Enrollments: []host.Enrollment{
			{ID: "1", LearnerID: "1", Target: watercolour, Role: host.EnrolledStudent, Status: host.EnrollmentActive, JoinReason: host.JoinPurchase, OrderID: "1",
				JoinedAt: at("2026-03-02 19:03"), DoneUnits: 5, RequiredDone: 5, LastLearnAt: at("2026-05-28 20:00"), UpdatedAt: at("2026-05-28 20:00")},
			{ID: "2", LearnerID: "3", Target: colours, Role: host.EnrolledStudent, Status: host.EnrollmentActive, JoinReason: host.JoinFree,
				JoinedAt: at("2026-05-20 09:20"), DoneUnits: 3, RequiredDone: 3, LastLearnAt: at("2026-05-22 22:10"), UpdatedAt: at("2026-05-22 22:10")},
		},
	}
}
