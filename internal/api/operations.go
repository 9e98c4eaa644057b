package api

import "github.com/coursecrm/coursecrm/hostadapter"

// Operation is a read or an action of the API as its table has it.
type Operation struct {
	ID, Method, Path string // the path below Prefix
	Permission       hostadapter.Permission
}

// Operations lists the API, so that a test can hold the panel's routes to it.
func Operations() []Operation {
	table := new(API).operations()
	out := make([]Operation, len(table))
	for i, o := range table {
		out[i] = Operation{o.id, o.method, o.path, o.perm}
	}
	return out
}
