package campaign

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

// Keys names messages towards providers, and understands the names that receipts bring back. A
// name holds a mark of the installation: providers and hosts remember keys longer than a database
// may live, and must not take a new message for an old one.
type Keys struct{ mark string }

// NewKeys makes the names of an installation from its secret.
func NewKeys(secret []byte) Keys {
	sum := sha256.Sum256(append([]byte("message key v1\x00"), secret...))
	return Keys{mark: "." + hex.EncodeToString(sum[:4])}
}

// Of names the message of a delivery: "c12.345.1f2e3d4c".
func (k Keys) Of(id ID, ordinal int64) string {
	return "c" + strconv.FormatInt(int64(id), 10) + "." + strconv.FormatInt(ordinal, 10) + k.mark
}

// OfTest names a test: "t12.1f2e3d4c".
func (k Keys) OfTest(id int64) string { return "t" + strconv.FormatInt(id, 10) + k.mark }

// Parse reads a name; a test is of campaign 0, its ordinal the test's id. False: it is not ours.
func (k Keys) Parse(key string) (ID, int64, bool) {
	rest, ok := strings.CutSuffix(key, k.mark)
	if !ok || rest == "" {
		return 0, 0, false
	}
	if rest[0] == 't' {
		n, ok := digits(rest[1:])
		return 0, n, ok
	}
	left, right, ok := strings.Cut(rest[1:], ".")
	id, ok1 := digits(left)
	ordinal, ok2 := digits(right)
	return ID(id), ordinal, rest[0] == 'c' && ok && ok1 && ok2 && id > 0
}

// digits reads digits as they are written above: no sign, no zero in front.
func digits(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && n >= 0 && strconv.FormatInt(n, 10) == text
}
