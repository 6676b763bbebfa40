package config

import (
	"strings"
	"unicode/utf8"
)

// near returns which of the words was probably meant, or "". Of two as near it
// is the first.
func near(word string, words []string) string {
	best, least := "", allowed(word)+1
	for _, w := range words {
		if d := distance(strings.ToLower(word), strings.ToLower(w), least); d < least {
			best, least = w, d
		}
	}
	return best
}

// allowed is how many slips of the hand a word may have: a third of its letters,
// and no more than three.
func allowed(word string) int { return min(max(utf8.RuneCountInString(word)/3, 1), 3) }

// distance counts the letters to put in, take out or exchange, and the
// neighbours to swap, that make b of a. From bound on it need not be exact.
func distance(a, b string, bound int) int {
	from, to := []rune(a), []rune(b)
	if len(from)-len(to) >= bound || len(to)-len(from) >= bound {
		return bound
	}
	var before []int
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range from {
		next := make([]int, len(to)+1)
		next[0] = i + 1
		for j, y := range to {
			cost := row[j]
			if x != y {
				cost = 1 + min(row[j], row[j+1], next[j])
			}
			if i > 0 && j > 0 && x == to[j-1] && from[i-1] == y {
				cost = min(cost, before[j-1]+1)
			}
			next[j+1] = cost
		}
		before, row = row, next
	}
	return row[len(to)]
}

// Meant is "; did you mean WORD?" of the word that is nearest, or "" where none is
// near.
func Meant(word string, words []string) string {
	if w := near(word, words); w != "" {
		return "; did you mean " + w + "?"
	}
	return ""
}
