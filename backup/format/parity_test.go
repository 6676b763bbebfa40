package format

import (
	"bytes"
	"encoding/hex"
	"testing"
)

// parityVector has a parity object and what it is over, or how reading it fails.
type parityVector struct {
	Name   string   `json:"name"`
	Packs  []string `json:"packs"`
	Row    int      `json:"row"`
	Object string   `json:"object"`
	Fail   Class    `json:"fail"`
}

// times multiplies in the field that the specification names.
func times(a, b byte) (product byte) {
	for ; b != 0; b >>= 1 {
		if b&1 != 0 {
			product ^= a
		}
		high := a&0x80 != 0
		if a <<= 1; high {
			a ^= 0x1d
		}
	}
	return product
}

func TestParityVectors(t *testing.T) {
	matrix := ParityMatrix()
	for _, v := range load[[]parityVector](t, "parity.json") {
		t.Run(v.Name, func(t *testing.T) {
			object := unhexed(t, v.Object)
			p, err := ParseParity(object)
			wantClass(t, err, v.Fail)
			if err != nil {
				return
			}
			if !bytes.Equal(p.Encode(), object) {
				t.Errorf("written again: %x", p.Encode())
			}
			var packs [][]byte
			row := make([]byte, len(p.Data))
			for c, text := range v.Packs {
				pack, err := hex.DecodeString(text)
				if err != nil {
					t.Fatal(err)
				}
				packs = append(packs, pack)
				for i, b := range pack {
					row[i] ^= times(matrix[v.Row][c], b)
				}
			}
			if p.Row != v.Row || len(p.Packs) != len(packs) || !bytes.Equal(row, p.Data) {
				t.Errorf("row %d over %d packs is %x, want %x", p.Row, len(p.Packs), p.Data, row)
			}
			for c, pack := range packs {
				if p.Packs[c] != (Ref{Sum(pack), int64(len(pack))}) || len(p.Sums[c]) != 1 || p.Sums[c][0] != SumBlocks(pack)[0] {
					t.Errorf("column %d is %+v with sums %x", c, p.Packs[c], p.Sums[c])
				}
			}
		})
	}
}

func FuzzParity(f *testing.F) {
	for _, v := range load[[]parityVector](f, "parity.json") {
		f.Add(unhexed(f, v.Object))
	}
	f.Fuzz(func(t *testing.T, object []byte) {
		allocates(t, allowance(len(object)), func() {
			p, err := ParseParity(object)
			if checkError(t, err) && !bytes.Equal(p.Encode(), object) {
				t.Fatal("written again, it is other bytes")
			}
		})
	})
}
