package phrasebook_test

import (
	"slices"
	"testing"

	"chatkeep/providers/internal/phrasebook"
)

func TestEntries(t *testing.T) {
	table := "# greetings\n[hello]\nhello\nguten tag\n\n[bye]\n# many more\n au revoir "
	var got []string
	for code, phrase := range phrasebook.Entries(table) {
		got = append(got, code+"="+phrase)
	}
	if want := []string{"hello=hello", "hello=guten tag", "bye= au revoir "}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for range phrasebook.Entries(table) {
		break // a reader may stop
	}
}
