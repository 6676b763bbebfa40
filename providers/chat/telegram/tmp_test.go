package telegram

import (
	"chatkeep/providers/chat"
	"chatkeep/providers/chat/archive"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestTmp(t *testing.T) {
	root := os.Getenv("CHATKEEP_FIXTURES") + "/telegram"
	fs, _ := filepath.Glob(root + "/*/*")
	for _, p := range fs {
		e, err := archive.OpenPath(p, archive.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		ms, _ := Provider.Recognize(e.FS)
		fmt.Println("==", p, ms)
		for _, m := range ms {
			r := readMatch(t, e.FS, m, chat.Options{})
			for _, c := range r.conversations {
				fmt.Println("  ", c.Title, c.Kind, c.Account, c.NativeID, len(r.messages[c.ID]), len(c.Participants), r.coverage[c.ID])
				if len(r.messages[c.ID]) < 40 {
					for _, m := range r.messages[c.ID] {
						m.Conversation = ""
						b, _ := json.Marshal(m)
						fmt.Println("     ", string(b))
					}
				}
			}
			fmt.Println(r.errors, r.accounts)
		}
	}
}
