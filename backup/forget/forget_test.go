package forget_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"chatkeep/backup/forget"
	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/retention"
	"chatkeep/providers/chat"
	"chatkeep/providers/storage/storagetest"
)

// saying is an export with messages of one chat, and a picture each that has a
// name.
func (w *world) saying(texts ...string) *export {
	x := &export{name: "phone", host: "pocket", files: map[string][]byte{"_chat.txt": []byte(strings.Join(texts, "\n"))}}
	for _, text := range texts {
		m := message{chat: "aa", id: fmt.Sprintf("%x", text), text: text, at: time.Date(2026, 1, 1, len(text), 0, 0, 0, time.UTC)}
		if _, name, ok := strings.Cut(text, "pic "); ok {
			m.media = map[string][]byte{"media/" + name: []byte("the bytes of " + name)}
		}
		x.messages = append(x.messages, m)
	}
	return x
}

// pass lets days go by.
func (w *world) pass(days int) { w.clock(w.here.AddDate(0, 0, days)) }

// carried lists the carried snapshots that count.
func (w *world) carried(t *testing.T) (all []*repo.Head) {
	t.Helper()
	r := w.reader(t)
	for _, h := range r.Heads() {
		m, err := r.Manifest(t.Context(), h)
		if err != nil {
			t.Fatal(err)
		}
		if m.Carried() {
			all = append(all, h)
		}
	}
	return all
}

// texts are what a snapshot says, in order of texts.
func (w *world) texts(t *testing.T, h *repo.Head) string {
	t.Helper()
	var all []string
	for _, m := range messagesOf(t, w.reader(t), h) {
		all = append(all, m.text)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// TestCarried: what is carried is just what would be missing.
func TestCarried(t *testing.T) {
	w := newWorld(t)
	m := w.machines[0]
	w.backup(t, m, w.saying("one", "two pic a.jpg", "three"))
	w.pass(1)
	w.backup(t, m, w.saying("three", "four"))
	plan := w.must(t, m, last(1))
	w.nothingLost(t)
	if len(plan.Carried) != 1 || plan.Carried[0].Messages() != 2 {
		t.Fatalf("carried: %+v", plan.Carried)
	}
	c := plan.Carried[0].Conversations[0]
	if c.Title != "chat aa" || len(c.Attachments) != 1 || c.Attachments[0] != (forget.Attachment{Name: "a.jpg", Size: 18}) || c.From.Hour() != 3 || c.To.Hour() != 13 {
		t.Errorf("conversation: %+v", c)
	}
	heads := w.carried(t)
	if got := w.texts(t, heads[0]); len(heads) != 1 || got != "one, two pic a.jpg" {
		t.Errorf("%d carried snapshots, the first says %q", len(heads), got)
	}
	// Once more with more: one carried snapshot takes the place of the other.
	w.pass(1)
	w.backup(t, m, w.saying("four", "five"))
	w.must(t, m, last(1))
	w.nothingLost(t)
	heads = w.carried(t)
	if got := w.texts(t, heads[0]); len(heads) != 1 || got != "one, three, two pic a.jpg" {
		t.Errorf("%d carried snapshots, the first says %q", len(heads), got)
	}
	w.sound(t)
}

// TestSame: what only says where in an export a message stood is no other state,
// nor is a tally; what somebody said is.
func TestSame(t *testing.T) {
	by := func(who string, n int) []chat.Reaction { return []chat.Reaction{{Emoji: "x", By: who, Count: n}} }
	base := message{chat: "aa", id: "1", text: "one", media: map[string][]byte{"a/p.jpg": []byte("picture")}, reactions: by("", 3)}
	for name, c := range map[string]struct {
		change func(*message)
		same   bool
	}{
		"nothing":               {func(*message) {}, true},
		"the place":             {func(m *message) { m.media = map[string][]byte{"b/p.jpg": []byte("picture")} }, true},
		"the tally":             {func(m *message) { m.reactions = by("", 4) }, true},
		"no tally":              {func(m *message) { m.reactions = nil }, true},
		"somebody's reaction":   {func(m *message) { m.reactions = append(by("p", 0), m.reactions...) }, false},
		"the text":              {func(m *message) { m.text = "two" }, false},
		"the picture":           {func(m *message) { m.media = map[string][]byte{"a/p.jpg": []byte("Picture")} }, false},
		"the picture is gone":   {func(m *message) { m.media = map[string][]byte{"a/p.jpg": nil} }, false},
		"the conversation":      {func(m *message) { m.chat = "bb" }, false},
		"the picture's name":    {func(m *message) { m.media = map[string][]byte{"a/q.jpg": []byte("picture")} }, false},
		"the picture was named": {func(m *message) { m.media = nil }, false},
	} {
		w := newWorld(t)
		w.backup(t, w.machines[0], &export{name: "phone", messages: []message{base}})
		w.pass(1)
		next := base
		c.change(&next)
		w.backup(t, w.machines[0], &export{name: "phone", messages: []message{{chat: "aa", id: "0", text: "first"}, next}})
		plan := w.must(t, w.machines[0], last(1))
		if same := len(plan.Carried) == 0; same != c.same {
			t.Errorf("%s: the same state: %v", name, same)
		}
	}
	// The other way about: a picture that came back stands for one that was missing.
	w := newWorld(t)
	gone := base
	gone.media = map[string][]byte{"a/p.jpg": nil}
	w.backup(t, w.machines[0], &export{name: "phone", messages: []message{gone}})
	w.pass(1)
	w.backup(t, w.machines[0], &export{name: "phone", messages: []message{base}})
	if plan := w.must(t, w.machines[0], last(1)); len(plan.Carried) != 0 {
		t.Error("a message without its picture is carried, though it is there with it")
	}
}

// TestClash: two snapshots have one path with different bytes, and one is a folder
// where another is a file. Both are carried, again and again.
func TestClash(t *testing.T) {
	w := newWorld(t)
	m := w.machines[0]
	with := func(id, path, data string) *export {
		return &export{name: "phone", messages: []message{{chat: "aa", id: id, text: id, media: map[string][]byte{path: []byte(data)}}}}
	}
	for i, x := range []*export{with("1", "p.jpg", "one"), with("2", "p.jpg", "two"), with("3", "p.jpg/p.jpg", "three"), with("4", "p.jpg", "two"), with("5", "q.jpg", "five")} {
		w.backup(t, m, x)
		w.pass(1)
		if i == 1 {
			w.must(t, m, last(1))
		}
	}
	w.must(t, m, last(1))
	w.nothingLost(t)
	w.backup(t, m, with("6", "q.jpg", "six"))
	w.must(t, m, last(1))
	w.nothingLost(t)
	if n := len(w.carried(t)); n != 1 {
		t.Errorf("%d carried snapshots", n)
	}
	w.sound(t)
}

// TestLaterRelease: a record that says more than this release knows is carried
// byte for byte, and never moved.
func TestLaterRelease(t *testing.T) {
	w := newWorld(t)
	m := w.machines[0]
	line := func(later string) []byte {
		return []byte(`{"type":"message","id":"1","conversation":"aa","kind":"text","later":"` + later + `","source":{}}` + "\n")
	}
	unknown := []byte(`{"type":"vote","id":"2","later":"x"}` + "\n")
	for _, x := range [][]message{
		{{chat: "aa", line: line("one")}, {chat: "aa", line: unknown}}, {{chat: "aa", line: line("two")}}, {{chat: "aa", id: "3", text: "three"}},
	} {
		w.backup(t, m, &export{name: "phone", messages: x})
		w.pass(1)
	}
	w.must(t, m, last(1))
	w.nothingLost(t)
	// With an attachment whose path is taken it would have to be written anew.
	with := func(later, data string) *export {
		return &export{name: "phone", files: map[string][]byte{"p.jpg": []byte(data)}, messages: []message{{chat: "aa", line: []byte(
			`{"type":"message","id":"4","conversation":"aa","kind":"media","attachments":[{"role":"image","name":"p","size":3,"file":"originals/p.jpg","state":"stored"}],"later":"` + later + `","source":{}}` + "\n")}}}
	}
	w.backup(t, m, with("one", "one"))
	w.pass(1)
	w.backup(t, m, with("two", "two"))
	w.pass(1)
	w.backup(t, m, &export{name: "phone", messages: []message{{chat: "aa", id: "5", text: "end"}}})
	before := len(w.reader(t).Heads())
	if _, err := w.forget(t, m, w.store, last(1)); err == nil || !strings.Contains(err.Error(), "update chatkeep") {
		t.Errorf("moved: %v", err)
	}
	if after := len(w.reader(t).Heads()); after != before {
		t.Errorf("%d snapshots of %d", after, before)
	}
}

// TestFamilies: another machine forgets, under whose key all bytes have other
// ids. What it carried is found again, and not carried twice.
func TestFamilies(t *testing.T) {
	w := newWorld(t)
	laptop, server := w.machines[0], w.enrol(t, nil)
	w.backup(t, laptop, w.saying("one pic a.jpg", "two"))
	w.pass(1)
	w.backup(t, laptop, w.saying("one pic a.jpg", "three"))
	w.pass(1)
	w.backup(t, laptop, w.saying("four"))
	w.pass(1)
	oldest := w.reader(t).Heads()[0]
	w.must(t, server, forget.Request{Named: []format.Hash{oldest.Hash}})
	plan := w.must(t, server, last(1))
	w.nothingLost(t)
	if got := w.texts(t, w.carried(t)[0]); got != "one pic a.jpg, three, two" {
		t.Errorf("carried: %q", got)
	}
	if n := plan.Carried[0].Messages(); n != 3 {
		t.Errorf("%d records were carried for three", n)
	}
	// The laptop's own snapshot with the picture comes again.
	w.backup(t, laptop, w.saying("one pic a.jpg", "three"))
	w.pass(1)
	w.backup(t, laptop, w.saying("five"))
	plan = w.must(t, server, last(1))
	w.nothingLost(t)
	if len(plan.Carried) != 1 || plan.Carried[0].Messages() != 4 || w.texts(t, w.carried(t)[0]) != "four, one pic a.jpg, three, two" {
		t.Errorf("what was there already is carried again: %q", w.texts(t, w.carried(t)[0]))
	}
	// One byte of the picture, and it is another one.
	x := w.saying("one pic a.jpg")
	x.messages[0].media["media/a.jpg"] = bytes.ToUpper(x.messages[0].media["media/a.jpg"])
	w.backup(t, laptop, x)
	w.pass(1)
	w.backup(t, laptop, w.saying("six"))
	w.must(t, server, last(1))
	w.nothingLost(t)
	w.sound(t)
}

// TestAgain: the authority cannot be written. What was carried by then is found
// by the next run.
func TestAgain(t *testing.T) {
	for _, do := range []storagetest.Trouble{storagetest.FailBefore, storagetest.FailAfter} {
		w := newWorld(t)
		m := w.machines[0]
		w.backup(t, m, w.saying("one", "two pic a.jpg"))
		w.pass(1)
		w.backup(t, m, w.saying("three"))
		fault := storagetest.NewFault(w.store, storagetest.Rule{Op: storagetest.OpPut, Prefix: format.AuthorityDir, Do: do})
		if _, err := w.forget(t, m, fault, last(1)); err == nil {
			t.Fatal("it went well")
		}
		w.nothingLost(t)
		heads := len(w.store.Keys(format.SnapshotsDir))
		plan := w.must(t, m, last(1))
		if len(plan.Carried) > 0 || len(w.store.Keys(format.SnapshotsDir)) != heads {
			t.Errorf("%v: carried twice: %+v", do, plan.Carried)
		}
		w.nothingLost(t)
		if n := len(w.reader(t).Heads()); n != 2 {
			t.Errorf("%v: %d snapshots", do, n)
		}
		w.sound(t)
	}
}

// TestEveryFault lets each request of a run fail in turn.
func TestEveryFault(t *testing.T) {
	base := newWorld(t)
	m := base.machines[0]
	base.backup(t, m, base.saying("one", "two pic a.jpg", "old"))
	base.pass(1)
	base.backup(t, m, base.saying("three", "old"))
	base.must(t, m, last(1))
	base.pass(1)
	base.backup(t, m, base.saying("three", "four"))
	start := base.store
	for _, do := range []storagetest.Trouble{storagetest.FailBefore, storagetest.FailAfter} {
		for nth := 1; ; nth++ {
			w := *base
			w.store = start.Clone()
			mine := newMachine(t, m.key)
			fault := storagetest.NewFault(w.store, storagetest.Rule{Nth: nth, Do: do})
			_, err := w.forget(t, mine, fault, last(1))
			if err == nil && len(fault.Calls()) < nth {
				break
			}
			w.nothingLost(t)
			w.must(t, mine, last(1))
			w.nothingLost(t)
			if n := len(w.carried(t)); n != 1 {
				t.Errorf("%v at %d: %d carried snapshots", do, nth, n)
			}
			if n := len(w.reader(t).Heads()); n != 2 {
				t.Errorf("%v at %d: %d snapshots", do, nth, n)
			}
			if t.Failed() {
				t.Fatalf("%v of request %d: %v", do, nth, err)
			}
			if !long() {
				nth += nth / 4
			}
		}
	}
}

// TestChanged: somebody else changes the repository between plan and deed.
func TestChanged(t *testing.T) {
	w := newWorld(t)
	m := w.machines[0]
	w.backup(t, m, w.saying("one"))
	w.pass(1)
	w.backup(t, m, w.saying("two"))
	r := w.reader(t)
	q := last(1)
	q.Here, q.Zone = w.here, time.UTC
	q.GroupBy, _ = forget.GroupBy(nil)
	plan, err := forget.Make(t.Context(), r, q)
	if err != nil {
		t.Fatal(err)
	}
	w.enrol(t, nil)
	err = plan.Run(t.Context(), r, w.hands(m, w.store))
	var changed *repo.Changed
	if !errors.As(err, &changed) {
		t.Errorf("it went on: %v", err)
	}
	w.nothingLost(t)
	if n := len(w.reader(t).View().Authority.Forgotten); n != 0 {
		t.Errorf("%d are forgotten", n)
	}
}

// TestDamage: what cannot be read cannot be carried, and stays; what is damaged
// and stays stands for no other.
func TestDamage(t *testing.T) {
	for _, c := range []struct {
		which int
		gone  bool
	}{{0, true}, {1, true}, {0, false}} {
		which := c.which
		w := newWorld(t)
		m := w.machines[0]
		heads := []*repo.Head{w.backup(t, m, w.saying("one pic a.jpg", "two"))}
		w.pass(1)
		heads = append(heads, w.backup(t, m, w.saying("one pic a.jpg", "three")))
		w.pass(1)
		heads = append(heads, w.backup(t, m, w.saying("four")))
		for _, ref := range added(heads[which]) {
			data := w.store.Bytes(format.PackName(ref.SHA256))
			for i := len(data) / 3; i < len(data); i += 997 {
				data[i] ^= 1
			}
			if c.gone {
				data = nil
			}
			w.store.Tamper(format.PackName(ref.SHA256), data)
		}
		q := forget.Request{Named: []format.Hash{heads[0].Hash}}
		plan := w.must(t, m, q)
		there := slices.ContainsFunc(w.reader(t).Heads(), func(h *repo.Head) bool { return h.Hash == heads[0].Hash })
		if which == 0 {
			if damaged := plan.Damaged(); len(damaged) != 1 || damaged[0].Head.Hash != heads[0].Hash || !there {
				t.Errorf("a damaged one goes: %v, it is there: %v", damaged, there)
			}
			q.LoseMessages = true
			w.must(t, m, q)
			if n := len(w.reader(t).Heads()); n != 2 {
				t.Errorf("%d snapshots", n)
			}
			continue
		}
		if got := w.texts(t, w.carried(t)[0]); there || got != "one pic a.jpg, two" || len(plan.Notes) != 1 {
			t.Errorf("a damaged one stands for another: carried %q, notes %q", got, plan.Notes)
		}
	}
}

// added are the packs that came with a head.
func added(h *repo.Head) []format.Ref {
	if h.Add != nil {
		return h.Add.Packs
	}
	return h.Live.Packs
}

// TestSources: each source is for itself, on each machine.
func TestSources(t *testing.T) {
	w := newWorld(t)
	m := w.machines[0]
	for _, source := range []string{"phone pocket", "phone desk", "tablet desk"} {
		for _, text := range []string{"one", "two"} {
			x := w.saying(text)
			x.name, x.host, _ = strings.Cut(source, " ")
			w.backup(t, m, x)
			w.pass(1)
		}
	}
	q := last(1)
	q.Filter = func(m *format.Manifest) bool { return m.Source.Host == "desk" }
	plan := w.must(t, m, q)
	if len(plan.Forgotten()) != 2 || len(plan.Carried) != 2 {
		t.Errorf("%d forgotten, %d carried", len(plan.Forgotten()), len(plan.Carried))
	}
	if n := len(w.reader(t).Heads()); n != 6 {
		t.Errorf("%d snapshots", n)
	}
	q = forget.Request{Policy: retention.Policy{Tags: [][]string{{"none"}}}}
	_, err := w.forget(t, m, w.store, q)
	var nothing *forget.Last
	if !errors.As(err, &nothing) || nothing.Hint() == "" {
		t.Errorf("all of a source: %v", err)
	}
	q.All = true
	w.must(t, m, q)
	w.nothingLost(t)
	if n := len(w.reader(t).Heads()); n != 3 {
		t.Errorf("%d snapshots, not one carried for each source", n)
	}
}
