package shortlink

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// anyBatch draws a batch, with numbers of every size and words that come again.
func anyBatch(r *rand.Rand) Batch {
	number := func() int64 { return int64(r.Uint64() >> r.IntN(65)) }
	words := []string{"", "a", "mail.qq.com", "203.0.113.0/24", "human", "\x00\xff", "二"}
	word := func() string { return words[r.IntN(len(words))] }
	var b Batch
	for range r.IntN(4) {
		b.Agents = append(b.Agents, Agent{ID: AgentID(number()), Text: word(), Program: r.IntN(2) == 0, Device: Device(word()), App: App(word()), OS: OS(word())})
	}
	for range r.IntN(50) {
		b.Hits = append(b.Hits, Hit{ID: number(), At: time.UnixMicro(number() >> 10).UTC(), Link: LinkID(number()), Campaign: number(), Ordinal: number(),
			Head: r.IntN(2) == 0, Ahead: r.IntN(2) == 0, Agent: AgentID(number()), Referrer: word(), Network: word(), Visitor: number(), Kind: Kind(word()), Reason: Reason(word())})
	}
	return b
}

func TestBatchesComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		b := anyBatch(r)
		data := b.Encode()
		got, err := DecodeBatch(data)
		if err != nil || !reflect.DeepEqual(got, b) {
			t.Fatalf("%v\n%+v\n%+v", err, got, b)
		}
		// Torn or garbled bytes are never another batch.
		if len(data) > 0 {
			if _, err := DecodeBatch(data[:r.IntN(len(data))]); !errors.Is(err, fault.ErrInvalid) {
				t.Fatalf("a part is taken for a batch: %v", err)
			}
			data[r.IntN(len(data))] ^= byte(1 + r.IntN(255))
			if _, err := DecodeBatch(data); !errors.Is(err, fault.ErrInvalid) {
				t.Fatalf("a wrong byte is taken for a right one: %v", err)
			}
		}
	}
}

func TestHitsAreSmall(t *testing.T) {
	t.Parallel()
	agent := ReadAgent(phone)
	b := Batch{Agents: []Agent{agent}}
	for i := range int64(64) {
		b.Hits = append(b.Hits, Hit{ID: rand.Int64(), At: time.Date(2026, 11, 24, 12, 0, 0, int(i)*1000, time.UTC), Link: 300, Campaign: 120, Ordinal: 90_000 + 7*i,
			Agent: agent.ID, Network: "203.0.113.0/24", Visitor: rand.Int64(), Kind: Human})
	}
	if n := len(b.Encode()); n > 64*40+300 {
		t.Errorf("64 hits take %d bytes", n)
	}
}

func FuzzBatch(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		f.Add(anyBatch(r).Encode())
	}
	f.Add([]byte{})
	f.Add([]byte{batchVersion, 255, 255, 255, 255, 15, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		// The checksum keeps accidents out; behind it nothing may break either.
		data = sealed(data)
		b, err := DecodeBatch(data)
		if err != nil {
			if !errors.Is(err, fault.ErrInvalid) {
				t.Fatal(err)
			}
			return
		}
		again, err := DecodeBatch(b.Encode())
		if err != nil || !reflect.DeepEqual(again, b) {
			t.Fatalf("%v\n%+v\n%+v", err, again, b)
		}
	})
}

// sealed puts a checksum behind bytes.
func sealed(data []byte) []byte {
	return binary.LittleEndian.AppendUint32(slices.Clone(data), crc32.ChecksumIEEE(data))
}
