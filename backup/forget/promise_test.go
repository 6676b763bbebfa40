package forget_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"chatkeep/backup/forget"
	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/retention"
	"chatkeep/providers/chat"
	"chatkeep/providers/storage/storagetest"
)

// life is a phone with chats on it, whose exports change from day to day.
type life struct {
	*world
	r     *rand.Rand
	chats map[string][]message
	n     int
}

// day lets people write, edit, react, delete, and lose pictures.
func (l *life) day() {
	for _, id := range []string{"aa", "bb"} {
		for range l.r.IntN(4) {
			l.n++
			m := message{chat: id, id: fmt.Sprintf("%04x", l.n), text: fmt.Sprintf("text %d\n", l.n), at: l.here}
			if l.r.IntN(3) == 0 {
				// Few names and few pictures: names clash, and pictures come back.
				path := fmt.Sprintf("%s/IMG-%d.jpg", []string{"media", "other"}[l.r.IntN(2)], l.r.IntN(5))
				m.media = map[string][]byte{path: noise(l.r.IntN(6))}
			}
			l.chats[id] = append(l.chats[id], m)
		}
		list := l.chats[id]
		if len(list) == 0 {
			continue
		}
		m := &list[l.r.IntN(len(list))]
		switch l.r.IntN(8) {
		case 0:
			m.text += " edited"
		case 1:
			m.reactions = append(m.reactions, chat.Reaction{Emoji: "x", By: "p"})
		case 2:
			m.text = ""
		case 3, 4:
			gone := map[string][]byte{}
			for path := range m.media {
				gone[path] = nil
			}
			m.media = gone
		}
	}
}

func noise(seed int) []byte {
	b := make([]byte, 300+20_000*(seed%2))
	r := rand.NewChaCha8([32]byte{byte(seed)})
	r.Read(b)
	return b
}

// export is what the app gives of it: of a long chat only the newest.
func (l *life) export() *export {
	x := &export{name: "phone", host: "pocket", incomplete: l.r.IntN(6) == 0, files: map[string][]byte{"_chat.txt": fmt.Append(nil, "export ", l.n)}}
	taken := map[string]string{}
	for _, id := range []string{"aa", "bb"} {
		list := l.chats[id]
		if limit := 3 + l.r.IntN(12); len(list) > limit {
			list = list[len(list)-limit:]
		}
		for _, m := range list {
			// One path has one picture in one export.
			media := map[string][]byte{}
			for path, data := range m.media {
				if have, ok := taken[path]; ok && data != nil && have != string(data) {
					path = "more/" + m.id + path[len(path)-4:]
				}
				if data != nil {
					taken[path] = string(data)
				}
				media[path] = data
			}
			m.media = media
			x.messages = append(x.messages, m)
		}
	}
	return x
}

func (l *life) request(heads []*repo.Head) forget.Request {
	grace := []retention.Duration{{}, {Days: 2}, {Days: 7}}[l.r.IntN(3)]
	switch l.r.IntN(4) {
	case 0:
		var named []format.Hash
		for _, h := range heads {
			if l.r.IntN(3) == 0 {
				named = append(named, h.Hash)
			}
		}
		if len(named) > 0 {
			return forget.Request{Named: named}
		}
		fallthrough
	case 1:
		return forget.Request{Policy: retention.Policy{Last: 1 + l.r.IntN(2)}, Grace: grace}
	case 2:
		return forget.Request{Policy: retention.Policy{Daily: 2, Weekly: 1}, Grace: grace}
	default:
		return forget.Request{Policy: retention.Policy{Tags: [][]string{{"none has it"}}}, Grace: grace, All: true}
	}
}

// TestPromise: whatever is forgotten, in whatever order and by whichever machine,
// what remains says all that was ever said. CHATKEEP_SEED runs one seed again.
func TestPromise(t *testing.T) {
	seeds, days := 5, 10
	if long() {
		seeds, days = 150, 40
	}
	first := 1
	if s := os.Getenv("CHATKEEP_SEED"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		first, seeds = n, 1
	}
	for seed := first; seed < first+seeds; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			l := &life{world: newWorld(t), r: rand.New(rand.NewPCG(uint64(seed), 11)), chats: map[string][]message{}}
			l.enrol(t, nil)
			l.enrol(t, &l.machines[0].key.ID)
			for range days {
				l.step(t)
				if t.Failed() {
					return
				}
			}
			l.sound(t)
		})
	}
}

func (l *life) step(t *testing.T) {
	l.clock(l.here.Add(time.Duration(1+l.r.IntN(40)) * time.Hour))
	l.day()
	l.backup(t, l.machines[l.r.IntN(len(l.machines))], l.export())
	if l.r.IntN(2) == 0 {
		return
	}
	l.clock(l.here.Add(time.Duration(1+l.r.IntN(40)) * time.Hour))
	m := l.machines[l.r.IntN(len(l.machines))]
	q := l.request(l.reader(t).Heads())
	store := storagetest.NewFault(l.store)
	if l.r.IntN(3) == 0 {
		store.Script(storagetest.Rule{Nth: 1 + l.r.IntN(60), Do: []storagetest.Trouble{storagetest.FailBefore, storagetest.FailAfter}[l.r.IntN(2)]})
	}
	plan, err := l.world.forget(t, m, store, q)
	l.nothingLost(t)
	if err == nil {
		l.gone(t, plan)
	}
}

// gone asks that what a plan forgets does not count any more.
func (l *life) gone(t *testing.T, plan *forget.Plan) {
	t.Helper()
	there := map[format.Hash]bool{}
	for _, h := range l.reader(t).Heads() {
		there[h.Hash] = true
	}
	for _, s := range plan.Snapshots {
		if there[s.Head.Hash] == s.Forgotten() {
			t.Errorf("snapshot %s is there: %v, and kept by %q", s.Head.Hash, there[s.Head.Hash], s.Reasons)
		}
	}
}
