package zips

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"
)

func BenchmarkDeflate(b *testing.B) {
	text := chat(1, 16<<20)
	for _, level := range []int{1, 6, 9} {
		b.Run(fmt.Sprint(level), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := Deflate(io.Discard, bytes.NewReader(text), int64(len(text)), level); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Bytes are those of the content, as for Deflate. "none" is what a member of
// another program costs, "small" what a member costs however small it is.
func BenchmarkProve(b *testing.B) {
	text := chat(1, 16<<20)
	photo := noise(2, 4<<20)
	for _, test := range []struct {
		name   string
		part   part
		likely int
	}{
		{"1", part{data: text, level: 1}, 1},
		{"6", part{data: text, level: 6}, 6},
		{"9", part{data: text, level: 9}, 9},
		{"1 unlikely", part{data: text, level: 1}, 0},
		{"none", part{data: text, packed: goFlate(b, text), method: methodDeflate}, 0},
		{"photo", part{data: photo, level: 6}, 6},
		{"small", part{data: text[:500], level: 6}, 6},
	} {
		b.Run(test.name, func(b *testing.B) {
			zip := pack(b, "", false, test.part)
			s := only(b, zip)
			b.SetBytes(s.Member.Size)
			for b.Loop() {
				_, ok, err := Prove(context.Background(), bytes.NewReader(zip), s, test.likely)
				if err != nil || ok == (test.name == "none") {
					b.Fatal(ok, err)
				}
			}
		})
	}
}
