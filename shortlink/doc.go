// Package shortlink makes the short codes that messages carry, turns them back into a link and a
// recipient, and tells people's clicks from those of machines.
//
// A code is a keyed permutation of a number, so no row is stored for a recipient before they
// click: a link owns a range of numbers, one for each recipient, and a code is its number
// encrypted and written in base62.
package shortlink
