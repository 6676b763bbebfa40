package split

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/zeebo/blake3"
)

// part is a piece of an input, as docs/splitting.md, section 9, defines it.
type part struct {
	Kind    string
	Seed    string
	Size    int
	Page    int
	Longest int
	Times   int
}

func (p part) bytes(t *testing.T) []byte {
	switch p.Kind {
	case "random":
		return random(p.Seed, p.Size)
	case "letters":
		return letters(p.Seed, p.Size)
	case "repeat":
		return repeat(p.Seed, p.Size)
	case "records":
		return records(p.Seed, p.Size, p.Longest)
	case "database":
		return database(p.Seed, p.Page, p.Size)
	case "hex":
		b, err := hex.DecodeString(strings.Repeat(p.Seed, max(p.Times, 1)))
		if err != nil {
			t.Fatal(err)
		}
		return b
	case "numbered":
		var b strings.Builder
		for i := range p.Size {
			b.WriteString(strings.ReplaceAll(p.Seed, "#", strconv.Itoa(i)))
		}
		return []byte(b.String())
	}
	t.Fatalf("no such kind of part: %q", p.Kind)
	return nil
}

func build(t *testing.T, parts []part) []byte {
	var all []byte
	for _, p := range parts {
		all = append(all, p.bytes(t)...)
	}
	return all
}

func load(t *testing.T, file string, into any) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatal(err)
	}
}

func keyOf(t *testing.T, s string) (key Key) {
	t.Helper()
	if n, err := hex.Decode(key[:], []byte(s)); err != nil || n != len(key) {
		t.Fatalf("key %q: %v", s, err)
	}
	return key
}

func ruleOf(t *testing.T, name string) Rule {
	t.Helper()
	for r := Whole; r <= Records; r++ {
		if r.String() == name {
			return r
		}
	}
	t.Fatalf("no such rule: %q", name)
	return 0
}

type cutVectors struct {
	Tables []struct {
		Key        string
		Gear0      string `json:"gear_0"`
		Gear255    string `json:"gear_255"`
		GearBLAKE3 string `json:"gear_blake3"`
		Records    string
	}
	Cases []struct {
		Name   string
		Rule   string
		Key    string
		Parts  []part
		BLAKE3 string
		Ends   []int
	}
}

func TestTables(t *testing.T) {
	var v cutVectors
	load(t, "testdata/cuts.json", &v)
	for _, want := range v.Tables {
		k := NewKeyed(keyOf(t, want.Key))
		if got := fmt.Sprintf("%016x", k.gear[0]); got != want.Gear0 {
			t.Errorf("first of the table is %s, want %s", got, want.Gear0)
		}
		if got := fmt.Sprintf("%016x", k.gear[255]); got != want.Gear255 {
			t.Errorf("last of the table is %s, want %s", got, want.Gear255)
		}
		var table []byte
		for _, g := range k.gear {
			table = binary.LittleEndian.AppendUint64(table, g)
		}
		if sum := blake3.Sum256(table); hex.EncodeToString(sum[:]) != want.GearBLAKE3 {
			t.Errorf("the table's hash is %x, want %s", sum, want.GearBLAKE3)
		}
		if got := hex.EncodeToString(k.records[:]); got != want.Records {
			t.Errorf("records key is %s, want %s", got, want.Records)
		}
	}
	if len(v.Tables) == 0 {
		t.Error("no tables")
	}
}

func TestVectors(t *testing.T) {
	var v cutVectors
	load(t, "testdata/cuts.json", &v)
	for _, c := range v.Cases {
		t.Run(c.Rule+"/"+c.Name, func(t *testing.T) {
			rule, key, b := ruleOf(t, c.Rule), keyOf(t, c.Key), build(t, c.Parts)
			if sum := blake3.Sum256(b); hex.EncodeToString(sum[:]) != c.BLAKE3 {
				t.Fatalf("the input of %d bytes was not made right", len(b))
			}
			if got := cutAll(t, NewKeyed(key).Cutter(rule), b); !slices.Equal(got, c.Ends) {
				t.Errorf("cut at %v\nwant %v", got, c.Ends)
			}
			if got := refEnds(rule, key, b); !slices.Equal(got, c.Ends) {
				t.Errorf("the reference cuts at %v\nwant %v", got, c.Ends)
			}
		})
	}
	if len(v.Cases) == 0 {
		t.Error("no cases")
	}
}

func TestChooseVectors(t *testing.T) {
	var v struct {
		Cases []struct {
			What string
			Rule string
			Name string
			Size int64
			Head []part
		}
	}
	load(t, "testdata/choose.json", &v)
	for _, c := range v.Cases {
		t.Run(c.What, func(t *testing.T) {
			// A head that is too long must make no difference.
			if got, want := Choose(c.Name, c.Size, build(t, c.Head)), ruleOf(t, c.Rule); got != want {
				t.Errorf("cut as %v, want %v", got, want)
			}
		})
	}
	if len(v.Cases) == 0 {
		t.Error("no cases")
	}
}
