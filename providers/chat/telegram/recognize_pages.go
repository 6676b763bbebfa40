package telegram

import (
	"bytes"
	"io/fs"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/peek"
)

// recognizePages finds an export for people in the root of fsys. Foreign is how
// many entries of it have names that the app does not give.
func recognizePages(fsys fs.FS, foreign int) []chat.Match {
	for _, name := range []string{accountName, pageName} {
		head, err := peek.Head(fsys, name, headSize)
		sure := 96
		if !bytes.Contains(head, []byte("<title>Exported Data</title>")) || !bytes.Contains(head, []byte(`page_wrap"`)) {
			if foreign > 0 || !peek.Torn(head, err) {
				continue
			}
			sure = byName // its reader says what is wrong with it
		}
		m := chat.Match{Route: routeHTML, Path: name, Sure: sure, Whole: name == accountName || foreign == 0}
		return []chat.Match{m}
	}
	return nil
}
