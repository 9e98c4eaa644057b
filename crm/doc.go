// Package crm is the door to the library: a customer-relationship system that a learning
// platform mounts in its own admin panel.
//
// The platform implements [hostadapter.HostAdapter], runs [Migrate] when it deploys, makes a
// [CRM] with [New], mounts two handlers and runs the background work:
//
//	c, err := crm.New(crm.Config{
//		DB: db, Redis: redis, Host: academy,
//		BasePath: "/admin/crm", PublicURL: "https://learn.example/go",
//	})
//	mux.Handle("/admin/crm/", c.Admin()) // the slash at the end mounts the whole tree
//	mux.Handle("/go/", c.Public())       // short links, unsubscribing, receipts; never behind a login
//	go c.Run(ctx)
//
// New connects, checks and starts nothing. [CRM.Run] starts everything and returns when all has
// stopped; several processes may run at once, each with all roles or with some.
// Guides for developers of a host are in the folder docs, the smallest host in examples/start.
package crm
