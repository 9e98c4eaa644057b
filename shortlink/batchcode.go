package shortlink

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// A batch waits as bytes, in the database and on disk: a version, the words that its hits and agents
// hold, each once, the agents, the hits, and a checksum. A hit takes some 35 bytes so, where JSON
// takes 250, and that is most of what a visitor waits for. Numbers that are small mostly are
// varints, the others eight bytes in little-endian order.
const batchVersion = 1

// Flags of a hit.
const (
	flagHead = 1 << iota
	flagAhead
)

// Encode gives the form in which batches wait.
func (b Batch) Encode() []byte {
	w := &batchWriter{places: map[string]uint64{}}
	for _, a := range b.Agents {
		program := uint64(0)
		if a.Program {
			program = 1
		}
		w.rest = binary.LittleEndian.AppendUint64(w.rest, uint64(a.ID))
		w.rest = binary.AppendUvarint(w.rest, program)
		w.words(a.Text, string(a.Device), string(a.App), string(a.OS))
	}
	for _, h := range b.Hits {
		w.hit(h)
	}
	out := make([]byte, 0, len(w.rest)+len(w.list)*32+64)
	out = append(out, batchVersion)
	out = binary.AppendUvarint(out, uint64(len(w.list)))
	for _, word := range w.list {
		out = append(binary.AppendUvarint(out, uint64(len(word))), word...)
	}
	out = binary.AppendUvarint(out, uint64(len(b.Agents)))
	out = binary.AppendUvarint(out, uint64(len(b.Hits)))
	out = append(out, w.rest...)
	return binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(out))
}

// batchWriter collects words while it writes what refers to them.
type batchWriter struct {
	rest   []byte
	list   []string
	places map[string]uint64
	at     int64 // of the hit before, in microseconds
}

func (w *batchWriter) words(list ...string) {
	for _, word := range list {
		i, ok := w.places[word]
		if !ok {
			i = uint64(len(w.list))
			w.places[word], w.list = i, append(w.list, word)
		}
		w.rest = binary.AppendUvarint(w.rest, i)
	}
}

func (w *batchWriter) hit(h Hit) {
	flags := uint64(0)
	if h.Head {
		flags |= flagHead
	}
	if h.Ahead {
		flags |= flagAhead
	}
	at := h.At.UnixMicro()
	w.rest = binary.LittleEndian.AppendUint64(w.rest, uint64(h.ID))
	w.rest = binary.AppendVarint(w.rest, at-w.at)
	w.rest = binary.AppendVarint(w.rest, int64(h.Link))
	w.rest = binary.AppendVarint(w.rest, h.Campaign)
	w.rest = binary.AppendVarint(w.rest, h.Ordinal)
	w.rest = binary.AppendUvarint(w.rest, flags)
	w.rest = binary.LittleEndian.AppendUint64(w.rest, uint64(h.Agent))
	w.rest = binary.LittleEndian.AppendUint64(w.rest, uint64(h.Visitor))
	w.words(h.Referrer, h.Network, string(h.Kind), string(h.Reason))
	w.at = at
}

// DecodeBatch reads what Encode wrote. Any other bytes are an error, never a wrong batch.
//
// Errors: fault.ErrInvalid.
func DecodeBatch(data []byte) (Batch, error) {
	body := len(data) - crc32.Size
	if body < 1 || data[0] != batchVersion || binary.LittleEndian.Uint32(data[body:]) != crc32.ChecksumIEEE(data[:body]) {
		return Batch{}, fmt.Errorf("decode hits: %w", fault.ErrInvalid)
	}
	r := &batchReader{data: data[1:body]}
	for range r.count() {
		n := r.count()
		r.list = append(r.list, string(r.data[:n]))
		r.data = r.data[n:]
	}
	agents, hits := r.count(), r.count()
	var b Batch
	for range agents {
		a := Agent{ID: AgentID(r.eight()), Program: r.uvarint() == 1}
		a.Text, a.Device, a.App, a.OS = r.word(), Device(r.word()), App(r.word()), OS(r.word())
		b.Agents = append(b.Agents, a)
	}
	for range hits {
		b.Hits = append(b.Hits, r.hit())
	}
	if r.bad || len(r.data) > 0 {
		return Batch{}, fmt.Errorf("decode hits: %w", fault.ErrInvalid)
	}
	return b, nil
}

// batchReader reads until something is wrong; from then on it reads nothing.
type batchReader struct {
	data []byte
	list []string
	at   int64
	bad  bool
}

func (r *batchReader) fail() { r.bad, r.data = true, nil }

func (r *batchReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.data)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.data = r.data[n:]
	return v
}

func (r *batchReader) varint() int64 {
	v, n := binary.Varint(r.data)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.data = r.data[n:]
	return v
}

// count reads how many of something follow, none of which takes less than a byte.
func (r *batchReader) count() int {
	n := r.uvarint()
	if n > uint64(len(r.data)) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *batchReader) eight() int64 {
	if len(r.data) < 8 {
		r.fail()
		return 0
	}
	v := binary.LittleEndian.Uint64(r.data)
	r.data = r.data[8:]
	return int64(v)
}

func (r *batchReader) word() string {
	i := r.uvarint()
	if i >= uint64(len(r.list)) {
		r.fail()
		return ""
	}
	return r.list[i]
}

func (r *batchReader) hit() (h Hit) {
	h.ID = r.eight()
	r.at += r.varint()
	h.At = time.UnixMicro(r.at).UTC()
	h.Link, h.Campaign, h.Ordinal = LinkID(r.varint()), r.varint(), r.varint()
	flags := r.uvarint()
	h.Head, h.Ahead = flags&flagHead != 0, flags&flagAhead != 0
	h.Agent, h.Visitor = AgentID(r.eight()), r.eight()
	h.Referrer, h.Network, h.Kind, h.Reason = r.word(), r.word(), Kind(r.word()), Reason(r.word())
	return h
}
