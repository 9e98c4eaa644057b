// Package projection keeps the CRM's own copy of the host's data: which feeds there are, what a
// sound row looks like, and the loop that walks the feeds, resumes after a crash and repairs
// what was missed. Storage does the writing; everything that decides is here and pure.
package projection
