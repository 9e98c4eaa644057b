package shortlink

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// Number is what a code stands for, besides the version of its key: the first number of a link plus
// the recipient's ordinal.
type Number int64

// CodeLen is the length of every code.
const CodeLen = 8

// KeyVersions is how many versions of the key there can be, from 0 on.
const KeyVersions = 16

// Numbers is how many numbers each version of the key has, some 176 thousand million.
const Numbers Number = codes / KeyVersions

// codes is how many codes there are: 36^8, some 2.8 million million.
const codes = halfOfCodes * halfOfCodes

// Both ranges are squares, so that the permutations need no number beyond them.
const (
	halfOfCodes   = 36 * 36 * 36 * 36
	halfOfNumbers = halfOfCodes / 4
)

var (
	// ErrMalformed says that a text is not a code.
	ErrMalformed = errors.New("shortlink: not a code")
	// ErrKey says that a code is of a version of the key that is not known here.
	ErrKey = errors.New("shortlink: unknown version of the key")
)

// No letter has two cases: gateways, and people who type a code, may change it.
const alphabet = "0123456789abcdefghijklmnopqrstuvwxyz"

// Key is a version of the key of codes. Version 0 takes part in all codes, so it can never go;
// nor can another while codes of it are in people's phones.
type Key struct {
	Version int    // from 0 to KeyVersions-1
	Secret  []byte // at best 32 random bytes
}

// Coder turns numbers into codes and back. It is safe for concurrent use.
//
// A number is encrypted within the numbers of its version, which then stand side by side, and the
// result within all codes: so versions never share a code, and no letter tells the version.
type Coder struct {
	all      permutation              // of codes
	versions [KeyVersions]permutation // of Numbers; zero: not known
}

// NewCoder makes a coder. It keeps no key.
//
// Errors: a version out of range, twice or without a secret; no version 0.
func NewCoder(keys ...Key) (*Coder, error) {
	c := &Coder{}
	for _, k := range keys {
		if k.Version < 0 || k.Version >= KeyVersions || len(k.Secret) == 0 || c.versions[k.Version].block != nil {
			return nil, fmt.Errorf("shortlink: key of version %d is out of range, there twice or empty", k.Version)
		}
		var err error
		if c.versions[k.Version], err = newPermutation(k.Secret, fmt.Sprintf("numbers of version %d", k.Version), halfOfNumbers); err != nil {
			return nil, err
		}
		if k.Version == 0 {
			if c.all, err = newPermutation(k.Secret, "codes", halfOfCodes); err != nil {
				return nil, err
			}
		}
	}
	if c.all.block == nil {
		return nil, errors.New("shortlink: no key of version 0")
	}
	return c, nil
}

// Encode gives the code of a number from 0 to Numbers-1 under a version of the key.
//
// Errors: ErrKey for a version that is not known; a number out of range.
func (c *Coder) Encode(version int, n Number) (string, error) {
	if n < 0 || n >= Numbers {
		return "", fmt.Errorf("shortlink: number %d is out of range", n)
	}
	if !c.knows(version) {
		return "", ErrKey
	}
	place := uint64(version)*uint64(Numbers) + c.versions[version].forward(uint64(n))
	place = c.all.forward(place)
	var code [CodeLen]byte
	for i := CodeLen - 1; i >= 0; i-- {
		code[i] = alphabet[place%uint64(len(alphabet))]
		place /= uint64(len(alphabet))
	}
	return string(code[:]), nil
}

// Decode gives the version of the key and the number of a code in either case of letters. Every
// text of CodeLen letters and digits has them; whether a link owns them is for the store to say.
//
// Errors: ErrMalformed; ErrKey for a version that is not known, which is then given with number 0.
func (c *Coder) Decode(code string) (version int, n Number, err error) {
	if len(code) != CodeLen {
		return 0, 0, ErrMalformed
	}
	var place uint64
	for i := range CodeLen {
		d, ok := digit(code[i])
		if !ok {
			return 0, 0, ErrMalformed
		}
		place = place*uint64(len(alphabet)) + d
	}
	place = c.all.backward(place)
	version = int(place / uint64(Numbers))
	if !c.knows(version) {
		return version, 0, ErrKey
	}
	return version, Number(c.versions[version].backward(place % uint64(Numbers))), nil
}

func (c *Coder) knows(version int) bool {
	return version >= 0 && version < KeyVersions && c.versions[version].block != nil
}

func digit(b byte) (uint64, bool) {
	switch {
	case b >= '0' && b <= '9':
		return uint64(b - '0'), true
	case b >= 'A' && b <= 'Z':
		return uint64(b-'A') + 10, true
	case b >= 'a' && b <= 'z':
		return uint64(b-'a') + 10, true
	}
	return 0, false
}

// permutation maps the numbers below half² one to one onto themselves: a balanced Feistel network
// that adds modulo half, with AES as round function. Form and number of rounds are those of FF1 in
// NIST SP 800-38G, without its tweak and its CBC-MAC, as our halves fit one block.
type permutation struct {
	block cipher.Block
	half  uint64
}

const rounds = 10

// newPermutation derives a permutation; two purposes of one secret have nothing to do with each
// other.
func newPermutation(secret []byte, purpose string, half uint64) (permutation, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "course crm short links: "+purpose, 16)
	if err != nil {
		return permutation{}, fmt.Errorf("shortlink: derive key: %w", err)
	}
	block, err := aes.NewCipher(key)
	return permutation{block: block, half: half}, err
}

func (p *permutation) forward(n uint64) uint64 {
	var buf [aes.BlockSize]byte
	left, right := n/p.half, n%p.half
	for i := range rounds {
		left, right = right, (left+p.round(&buf, i, right))%p.half
	}
	return left*p.half + right
}

func (p *permutation) backward(n uint64) uint64 {
	var buf [aes.BlockSize]byte
	left, right := n/p.half, n%p.half
	for i := rounds - 1; i >= 0; i-- {
		left, right = (right+p.half-p.round(&buf, i, left))%p.half, left
	}
	return left*p.half + right
}

// round gives a number below half; that 2^64 is no multiple of it favours no number by more than
// 2^-43 of its share. The caller lends the buffer, which else were allocated in each round.
func (p *permutation) round(buf *[aes.BlockSize]byte, i int, half uint64) uint64 {
	binary.BigEndian.PutUint64(buf[:8], uint64(i))
	binary.BigEndian.PutUint64(buf[8:], half)
	p.block.Encrypt(buf[:], buf[:])
	return binary.BigEndian.Uint64(buf[:8]) % p.half
}
