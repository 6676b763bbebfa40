package keys

import (
	"crypto/rand"
	"strings"
)

// A generated passphrase is made of words of two syllables, each a consonant
// and a vowel, as in "bako-tive-luro-…": a person can say, type and remember
// them, on any keyboard layout with Latin letters, and no word list is needed.
// Letters that are spelled alike when heard (c, q, x, w, y) are left out.
const (
	consonants    = "bdfghjklmnprstvz"
	vowels        = "aeiou"
	wordSyllables = 2
	words         = 6
)

// GeneratePassphrase returns a passphrase of six words joined by `-`, 29
// characters in all. Its twelve syllables are drawn evenly from 16·5 = 80, so
// it has 12 · log2(80), that is 75.8 bits: more than scrypt leaves to guess.
func GeneratePassphrase() string {
	var b strings.Builder
	for i := range words * wordSyllables {
		if i > 0 && i%wordSyllables == 0 {
			b.WriteByte('-')
		}
		n := below(len(consonants) * len(vowels))
		b.WriteByte(consonants[n/len(vowels)])
		b.WriteByte(vowels[n%len(vowels)])
	}
	return b.String()
}

// below draws a number from 0 to n-1 evenly; n is at most 256.
func below(n int) int {
	limit := 256 - 256%n // what is above would make small numbers likelier
	for {
		var b [1]byte
		_, _ = rand.Read(b[:])
		if int(b[0]) < limit {
			return int(b[0]) % n
		}
	}
}
