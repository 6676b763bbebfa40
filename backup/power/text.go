package power

import "strings"

// anyMetered reads what nmcli -g GENERAL.METERED device show prints: a word for
// each device, with empty lines between. What is guessed counts: NetworkManager
// guesses by what phones say of themselves.
func anyMetered(text string) bool {
	for line := range strings.Lines(text) {
		switch strings.TrimSpace(line) {
		case "yes", "yes (guessed)":
			return true
		}
	}
	return false
}

// drawsFromBattery reads what pmset -g batt prints; its first line names the source
// of the power. A UPS is none that a person carries around.
func drawsFromBattery(text string) bool {
	first, _, _ := strings.Cut(text, "\n")
	return strings.TrimSpace(first) == "Now drawing from 'Battery Power'"
}
