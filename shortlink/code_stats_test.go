package shortlink

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"
)

// pick is the place of a letter in the alphabet.
func pick(t testing.TB, letter byte) int {
	d, ok := digit(letter)
	if !ok {
		t.Fatalf("letter %q", letter)
	}
	return int(d)
}

// TestNoCollision: a quarter of the codes for each of four versions, over the same numbers.
func TestNoCollision(t *testing.T) {
	t.Parallel()
	versions := []int{0, 1, 7, 15}
	c := newCoder(t, someKeys(versions...)...)
	seen := make([]uint64, 0, manyCodes)
	for n := range Number(manyCodes / len(versions)) {
		for _, version := range versions {
			seen = append(seen, binary.BigEndian.Uint64([]byte(mustEncode(t, c, version, n))))
		}
	}
	slices.Sort(seen)
	if distinct := len(slices.Compact(seen)); distinct != manyCodes {
		t.Errorf("%d codes of %d", distinct, manyCodes)
	}
}

// table counts letters by something else that must have no say in them.
type table [][len(alphabet)]float64

// unlikely gives the chi-squared statistic of letters that are uniform in each row, as standard
// deviations of the normal distribution (Wilson and Hilferty's approximation; 4.75 is p = 1e-6).
func (rows table) unlikely() float64 {
	var chi, freedom float64
	for _, row := range rows {
		var sum float64
		for _, k := range row {
			sum += k
		}
		if sum == 0 {
			continue
		}
		freedom += float64(len(row) - 1)
		expected := sum / float64(len(row))
		for _, k := range row {
			chi += (k - expected) * (k - expected) / expected
		}
	}
	v := 2 / (9 * freedom)
	return (math.Cbrt(chi/freedom) - (1 - v)) / math.Sqrt(v)
}

// Campaigns of the tests own that many numbers each.
const campaignSize = manyCodes / 100

// TestCodesTellNothing: letters are uniform at each place, whatever the number's place in the
// sequence, its campaign, and the letter that its predecessor has there.
func TestCodesTellNothing(t *testing.T) {
	t.Parallel()
	c := newCoder(t, someKeys(0)...)
	var plain, sequence, owner, neighbour [CodeLen]table
	for place := range CodeLen {
		plain[place], sequence[place] = make(table, 1), make(table, 36)
		owner[place], neighbour[place] = make(table, 100), make(table, 36)
	}
	var same [CodeLen]float64
	last := mustEncode(t, c, 0, manyCodes)
	for n := range manyCodes {
		code := mustEncode(t, c, 0, Number(n))
		for place := range CodeLen {
			letter, before := pick(t, code[place]), pick(t, last[place])
			plain[place][0][letter]++
			sequence[place][n%36][letter]++
			owner[place][n/campaignSize][letter]++
			neighbour[place][before][letter]++
			if letter == before {
				same[place]++
			}
		}
		last = code
	}
	worst := 0.0
	for place := range CodeLen {
		for name, rows := range map[string]table{
			"alone": plain[place], "by sequence": sequence[place], "by campaign": owner[place], "by its predecessor": neighbour[place],
		} {
			sigma := rows.unlikely()
			if math.Abs(sigma) > 4.75 {
				t.Errorf("letter %d %s: %.2f sigma", place, name, sigma)
			}
			worst = max(worst, math.Abs(sigma))
		}
		const p = 1.0 / 36
		sigma := (same[place] - manyCodes*p) / math.Sqrt(manyCodes*p*(1-p))
		if math.Abs(sigma) > 4.75 {
			t.Errorf("letter %d is its predecessor's in %.5f of codes, %.2f sigma", place, same[place]/manyCodes, sigma)
		}
		worst = max(worst, math.Abs(sigma))
	}
	t.Logf("worst of all: %.2f sigma", worst)
}

// TestCodesDoNotTellTheirKey: letters are uniform for each version, and have nothing to do with
// those of the same number of another version.
func TestCodesDoNotTellTheirKey(t *testing.T) {
	t.Parallel()
	c := newCoder(t, someKeys(allVersions()...)...)
	var version, other [CodeLen]table
	for place := range CodeLen {
		version[place], other[place] = make(table, KeyVersions), make(table, 36)
	}
	for n := range Number(manyCodes / 10 / KeyVersions) {
		last := mustEncode(t, c, KeyVersions-1, n)
		for v := range KeyVersions {
			code := mustEncode(t, c, v, n)
			for place := range CodeLen {
				letter := pick(t, code[place])
				version[place][v][letter]++
				other[place][pick(t, last[place])][letter]++
			}
			last = code
		}
	}
	for place := range CodeLen {
		for name, rows := range map[string]table{"version": version[place], "other versions": other[place]} {
			if sigma := rows.unlikely(); math.Abs(sigma) > 4.75 {
				t.Errorf("letter %d by %s: %.2f sigma", place, name, sigma)
			}
		}
	}
}

// TestTheStatisticSees makes sure that the tests above could fail.
func TestTheStatisticSees(t *testing.T) {
	t.Parallel()
	favoured := make(table, 1) // one letter of ten million codes has two per cent more than its share
	for letter := range favoured[0] {
		favoured[0][letter] = 1e7 / 36
	}
	favoured[0][7] *= 1.02
	counter := make(table, 1) // a code's letter that counts on, as in codes by sequence
	for n := range 100_000 {
		counter[0][n/36/36/36%36]++
	}
	uneven := make(table, 100) // uniform on the whole, but each campaign prefers one letter a little
	for campaign := range uneven {
		for letter := range uneven[campaign] {
			uneven[campaign][letter] = 1e5 / 36
		}
		uneven[campaign][campaign%36] *= 1.3
	}
	for name, rows := range map[string]table{"favoured letter": favoured, "counter": counter, "campaigns": uneven} {
		if sigma := rows.unlikely(); sigma < 4.75 {
			t.Errorf("%s: %.2f sigma", name, sigma)
		}
	}
}
