// Package shortlink makes the short codes that messages carry, turns them back into a link and a
// recipient, and tells people's clicks from those of machines.
//
// A code is a keyed permutation of a number, so no row is stored for a recipient before they
// click: a link owns a range of numbers, one for each recipient, and a code is its number
// encrypted and written in digits and small letters. A [FreeLink], which staff make for a poster or
// a group, owns one number and may have a name besides.
//
// [Statistics] tell who followed links, when and with what; they count what people did, and show
// beside it every hit with what it was taken for.
package shortlink
