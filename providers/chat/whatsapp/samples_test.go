package whatsapp

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"chatkeep/providers/chat"
)

func TestZZ(t *testing.T) {
	root := os.Getenv("CHATKEEP_FIXTURES") + "/whatsapp"
	filepath.WalkDir(root, func(p string, e fs.DirEntry, err error) error {
		if filepath.Ext(p) != ".txt" || e.IsDir() {
			return nil
		}
		dir := filepath.Dir(p)
		ms, _ := recognize(os.DirFS(dir))
		var m chat.Match
		for _, x := range ms {
			if x.Path == filepath.Base(p) {
				m = x
			}
		}
		if m.Path == "" {
			fmt.Println("NOT RECOGNISED", p)
			return nil
		}
		s, err := open(os.DirFS(dir), m, chat.Options{Zone: time.UTC})
		if err != nil {
			t.Error(p, err)
			return nil
		}
		kinds := map[chat.MessageKind]int{}
		ev := map[string]int{}
		for c, err := range s.Conversations(context.Background()) {
			if err != nil {
				t.Error(p, err)
				return nil
			}
			n := 0
			for m, err := range s.Messages(context.Background(), c) {
				if err != nil {
					t.Error(p, err)
					return nil
				}
				n++
				kinds[m.Kind]++
				if m.Event != nil {
					ev[m.Event.Code]++
				}
				if m.Deleted != nil {
					ev["DELETED"]++
				}
				for _, a := range m.Attachments {
					ev[a.Role+"/"+string(a.State)]++
				}
			}
			cov := s.Coverage(c)
			names := ""
			for _, p := range c.Participants {
				names += p.Names[0].Value + fmt.Sprint(p.Self) + "|"
			}
			fmt.Println(p[len(root):], m.Sure, n, c.Kind, c.Title, "{", names, "}", kinds, ev, cov.From.Format(time.DateTime), cov.To.Format(time.DateTime), s.Accounts())
		}
		return nil
	})
}
