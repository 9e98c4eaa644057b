package shortlink

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// Number is what a code stands for: the first number of a link plus the recipient's ordinal.
type Number int64

// CodeLen is the length of every code.
const CodeLen = 8

// Numbers is how many codes there are: 62^8, some 218 million million.
const Numbers Number = 62 * 62 * 62 * 62 * 62 * 62 * 62 * 62

// ErrMalformed says that a text is not a code.
var ErrMalformed = errors.New("shortlink: not a code")

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// Coder turns numbers into codes and back. It is safe for concurrent use.
type Coder struct {
	block cipher.Block
}

// NewCoder makes a coder from the installation's secret (any length).
func NewCoder(secret []byte) *Coder {
	key := sha256.Sum256(append([]byte("shortlink code v1\x00"), secret...))
	block, err := aes.NewCipher(key[:16])
	if err != nil {
		panic(fmt.Sprintf("shortlink: %v", err)) // 16 bytes are always a key
	}
	return &Coder{block: block}
}

// The permutation is a balanced Feistel network over 48 bits, the smallest even width that holds
// all numbers, with AES as round function; a result beyond the range is encrypted again until it
// falls inside (cycle walking, 1.3 times on average). Black and Rogaway, "Ciphers with Arbitrary
// Finite Domains", 2002. Ten rounds, as NIST SP 800-38G uses for FF1.
const (
	halfBits = 24
	halfMask = 1<<halfBits - 1
	rounds   = 10
)

// Encode gives the code of a number from 0 to Numbers-1; others panic: they are a bug in the
// allocation of ranges.
func (c *Coder) Encode(n Number) string {
	if n < 0 || n >= Numbers {
		panic("shortlink: number out of range")
	}
	for {
		n = c.permute(n, false)
		if n < Numbers {
			break
		}
	}
	var code [CodeLen]byte
	for i := CodeLen - 1; i >= 0; i-- {
		code[i] = alphabet[n%62]
		n /= 62
	}
	return string(code[:])
}

// Decode gives the number of a code. Every well-formed code has one; whether a link owns it is
// for the store to say.
//
// Errors: ErrMalformed.
func (c *Coder) Decode(code string) (Number, error) {
	if len(code) != CodeLen {
		return 0, ErrMalformed
	}
	var n Number
	for i := range CodeLen {
		d := digit(code[i])
		if d < 0 {
			return 0, ErrMalformed
		}
		n = n*62 + Number(d)
	}
	for {
		n = c.permute(n, true)
		if n < Numbers {
			return n, nil
		}
	}
}

func digit(b byte) int {
	switch {
	case b >= '0' && b <= '9':
		return int(b - '0')
	case b >= 'A' && b <= 'Z':
		return int(b-'A') + 10
	case b >= 'a' && b <= 'z':
		return int(b-'a') + 36
	}
	return -1
}

func (c *Coder) permute(n Number, backwards bool) Number {
	left, right := uint32(n>>halfBits)&halfMask, uint32(n)&halfMask
	for i := range rounds {
		if backwards {
			left, right = right^c.round(rounds-1-i, left), left
		} else {
			left, right = right, left^c.round(i, right)
		}
	}
	return Number(left)<<halfBits | Number(right)
}

func (c *Coder) round(i int, half uint32) uint32 {
	var buf [aes.BlockSize]byte
	buf[0] = byte(i)
	binary.BigEndian.PutUint32(buf[4:], half)
	c.block.Encrypt(buf[:], buf[:])
	return binary.BigEndian.Uint32(buf[:]) & halfMask
}
