//go:build unix

package restore_test

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// archive makes up the exports of a person's chats: the same bytes for the same
// seed, size and day, and of a later day the exports made anew, with what came
// in between. Every export has new files and new times.
type archive struct {
	seed uint64
	size int64 // of day 1, in bytes, about
}

// The shares of what an archive is made of, in percent; the rest is small files.
const (
	shareMedia    = 72
	shareDatabase = 8
	shareTelegram = 8
	shareTexts    = 4
	shareSlack    = 8
)

// gained is what a day has and the day before had not.
type gained struct {
	bytes int64 // of new media, appended text, changed and new pages, new files
	texts int   // files that grew at their end
}

// write makes the archive of a day, from 1 on, in a folder that is not there yet.
func (a archive) write(t *testing.T, dir string, day int) gained {
	t.Helper()
	must(t, os.MkdirAll(dir, 0o755))
	t.Cleanup(func() { unlock(dir) })
	w := &exporter{t: t, a: a, dir: dir, day: day}
	w.whatsapp()
	w.telegram()
	w.database()
	w.slack()
	w.odd()
	w.datesOfFolders()
	return w.gained
}

// exporter writes one day's archive.
type exporter struct {
	t      *testing.T
	a      archive
	dir    string
	day    int
	files  int
	gained gained
}

// random is a source that depends on the archive and a name alone.
func (w *exporter) random(name string) *rand.Rand {
	return rand.New(w.a.noise(name))
}

func (a archive) noise(name string) *rand.ChaCha8 {
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], a.seed)
	for i, c := range []byte(name) {
		seed[8+i%24] = seed[8+i%24]*31 + c
	}
	return rand.NewChaCha8(seed)
}

// file writes one file, with a mode and a time that this day gives it.
func (w *exporter) file(name string, data []byte) {
	w.t.Helper()
	path := filepath.Join(w.dir, filepath.FromSlash(name))
	must(w.t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(w.t, os.WriteFile(path, data, []fs.FileMode{0o644, 0o600, 0o640, 0o664}[w.files%4]))
	w.date(path)
}

// date gives a file the next time of this day's export, to the nanosecond.
func (w *exporter) date(path string) {
	w.files++
	at := time.Date(2024, 3, w.day, 6, 0, w.files, 123456789*(w.files%8), time.UTC)
	must(w.t, os.Chtimes(path, at, at))
}

// at is how many of something there are on a day, that was n on day 1: one in
// fifty more every day, and no fewer than least.
func at(day, n, least int) int { return n + (day-1)*max(n/50, least) }

// grew notes that a file grew at its end, from what before days had of it.
func (w *exporter) grew(now, before int) {
	if w.day > 1 {
		w.gained.bytes += int64(now - before)
		w.gained.texts++
	}
}

// writer makes up what people write.
type writer struct {
	r     *rand.Rand
	words []string
}

func (a archive) writer(r *rand.Rand) *writer {
	w := &writer{r: r}
	dictionary := rand.New(a.noise("dictionary"))
	for range 3000 {
		var word strings.Builder
		for range 1 + dictionary.IntN(4) {
			word.WriteByte("bdfghklmnprstvw"[dictionary.IntN(15)])
			word.WriteString([]string{"a", "e", "i", "o", "u", "ä", "ei", "ou"}[dictionary.IntN(8)])
		}
		w.words = append(w.words, word.String())
	}
	return w
}

// say appends one message's text: a few words, the frequent ones often.
func (w *writer) say(dst []byte) []byte {
	for i := range 2 + w.r.IntN(22) {
		if i > 0 {
			dst = append(dst, ' ')
		}
		x := w.r.Float64()
		dst = append(dst, w.words[int(x*x*x*float64(len(w.words)))]...)
	}
	return dst
}

const messageSize = 130 // bytes in a text, about

// whatsapp writes text exports with the media they name.
func (w *exporter) whatsapp() {
	const perMedia = 200 // messages
	total := int(w.a.size * shareTexts / 100 / messageSize)
	chats := max(2, min(30, total/4000))
	media := max(1, total/chats/perMedia)
	size := int(w.a.size * shareMedia / 100 / int64(chats*media))
	for c := range chats {
		folder := fmt.Sprintf("whatsapp/WhatsApp Chat - Person %02d/", c)
		r := w.random(folder)
		words := w.a.writer(r)
		var text []byte
		before := 0
		clock := time.Date(2019, 5, 25, 12, 0, 0, 0, time.UTC)
		for i := range at(w.day, media*perMedia, perMedia) {
			if i == at(w.day-1, media*perMedia, perMedia) {
				before = len(text)
			}
			clock = clock.Add(time.Duration(1+r.IntN(9000)) * time.Second)
			text = append(text, clock.Format("[02.01.2006, 15:04:05] ")...)
			text = append(text, []string{"Person", "Someone Else"}[r.IntN(2)]...)
			text = append(text, ": "...)
			if i%perMedia == 0 {
				name := fmt.Sprintf("%08d-%s", i, clock.Format("PHOTO-2006-01-02-15-04-05.jpg"))
				text = append(text, "\u200e<attached: "+name+">"...)
				w.photo(folder+name, size/2+r.IntN(size), i/perMedia >= at(w.day-1, media, 1))
			} else {
				text = words.say(text)
			}
			text = append(text, "\r\n"...)
		}
		w.file(folder+"_chat.txt", text)
		w.grew(len(text), before)
	}
}

// photo writes what begins as a picture and cannot be compressed.
func (w *exporter) photo(name string, size int, isNew bool) {
	data := make([]byte, size)
	_, _ = w.a.noise(name).Read(data)
	copy(data, "\xff\xd8\xff\xe0")
	w.file(name, data)
	if w.day > 1 && isNew {
		w.gained.bytes += int64(size)
	}
}

// telegram writes large JSON files, where new messages come before the end, and
// beside them a film that is longer than any chunk.
func (w *exporter) telegram() {
	if w.a.size > 20<<20 {
		film := make([]byte, 9<<20)
		_, _ = w.a.noise("film").Read(film)
		copy(film, "\x00\x00\x00\x20ftypisom")
		w.file("telegram/chat_00/video_files/film.mp4", film)
	}
	total := int(w.a.size * shareTelegram / 100)
	chats := max(1, min(24, total/(6<<20)))
	for c := range chats {
		name := fmt.Sprintf("telegram/chat_%02d/result.json", c)
		r := w.random(name)
		words := w.a.writer(r)
		text := fmt.Appendf(nil, "{\n \"name\": \"Chat %d\",\n \"type\": \"personal_chat\",\n \"messages\": [\n", c)
		const each = 2 * messageSize
		before := 0
		for i := range at(w.day, total/chats/each, 50) {
			if i == at(w.day-1, total/chats/each, 50) {
				before = len(text)
			}
			text = fmt.Appendf(text, "  {\n   \"id\": %d,\n   \"type\": \"message\",\n   \"date_unixtime\": \"%d\",\n   \"from_id\": \"user%d\",\n   \"text\": \"",
				i+1, 1500000000+i*60, r.IntN(5))
			text = append(words.say(text), "\"\n  },\n"...)
		}
		text = append(text, "  {}\n ]\n}\n"...)
		w.file(name, text)
		w.grew(len(text), before)
	}
}

// database writes a file that looks like one of SQLite's from outside: a header
// and pages, of which one in two hundred changes a little from day to day. Text
// and noise take turns in a page, as rows and keys do.
func (w *exporter) database() {
	const page = 4096
	pages := int(w.a.size * shareDatabase / 100 / page)
	r := w.random("database")
	words := w.a.writer(r)
	var data []byte
	for p := range at(w.day, pages, 10) {
		start := len(data)
		for len(data) < start+page {
			data = binary.LittleEndian.AppendUint64(words.say(data), r.Uint64())
		}
		data = data[:start+page]
		if p >= at(w.day-1, pages, 10) && w.day > 1 {
			w.gained.bytes += page
		}
	}
	copy(data, "SQLite format 3\x00\x10\x00")
	changes := w.random("changes")
	for day := 2; day <= w.day; day++ {
		binary.BigEndian.PutUint32(data[24:], uint32(day))
		for range pages/200 + 1 {
			row := changes.IntN(pages)*page + 100 + changes.IntN(page-300)
			copy(data[row:row+60], words.say(nil))
			if day == w.day {
				w.gained.bytes += page
			}
		}
	}
	w.file("android/pages.db", data)
}

// slack writes a small file a day and channel.
func (w *exporter) slack() {
	const each = 16 << 10
	channels := 8
	days := max(2, int(w.a.size*shareSlack/100/each)/channels)
	for c := range channels {
		r := w.random(fmt.Sprint("slack", c))
		words := w.a.writer(r)
		for d := range at(w.day, days, 1) {
			text := []byte("[")
			for size := each/2 + r.IntN(each); len(text) < size; {
				text = fmt.Appendf(text, "\n {\"type\": \"message\", \"user\": \"U%06d\", \"ts\": \"%d.%06d\", \"text\": \"",
					r.IntN(20), 1600000000+d*86400+len(text), r.IntN(1e6))
				text = append(words.say(text), "\"},"...)
			}
			text = append(text[:len(text)-1], "\n]\n"...)
			date := time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, d).Format(time.DateOnly)
			w.file(fmt.Sprintf("slack/channel-%d/%s.json", c, date), text)
			if w.day > 1 && d >= at(w.day-1, days, 1) {
				w.gained.bytes += int64(len(text))
			}
		}
	}
}

// odd writes what file systems allow and people do not expect.
func (w *exporter) odd() {
	for _, name := range []string{
		"\xff\xfe not UTF-8", "\xc3", "new\nline", " ", "-rf", "empty", strings.Repeat("long", 63) + "nam",
		"e\u0301", "é", "a/b", "a-b", "a.b", "locked/in", "linked", "zz/linked too",
	} {
		w.file("odd/"+name, []byte(strings.TrimPrefix(name, "empty")))
	}
	at := func(name string) string { return filepath.Join(w.dir, "odd", name) }
	must(w.t, os.Link(at("linked"), at("a/another name")))
	must(w.t, os.Link(at("zz/linked too"), at("first name")))
	for name, target := range map[string]string{
		"to a file": "a/b", "to a folder": "a", "to nowhere": "../../nowhere\xff", "to the root": "/", "zz/up": "..",
	} {
		must(w.t, os.Symlink(target, at(name)))
	}
	for _, name := range []string{"nothing in it", "nothing in it/nor in this"} {
		must(w.t, os.Mkdir(at(name), 0o700))
	}
	w.sparse(at("sparse"))
	for name, mode := range map[string]fs.FileMode{"a/b": 0o400, "a-b": 0o777, "a.b": 0o440, "locked": 0o555, "empty": 0o444} {
		must(w.t, os.Chmod(at(name), mode))
	}
	// A tenth of a second before 1970, the first second of 32 bits, and beyond
	// the last.
	for name, when := range map[string]time.Time{
		"a-b": time.Unix(-1, 9e8), "a.b": time.Unix(-1<<31, 0), "empty": time.Unix(1<<32, 1), "-rf": time.Unix(0, 0),
	} {
		must(w.t, os.Chtimes(at(name), when, when))
	}
}

// sparse writes a large file with little in it.
func (w *exporter) sparse(name string) {
	f, err := os.Create(name)
	must(w.t, err)
	defer f.Close()
	must(w.t, f.Truncate(9<<20+5))
	for _, at := range []int64{0, 3<<20 - 10, 9 << 20} {
		_, err = f.WriteAt([]byte("here"), at)
		must(w.t, err)
	}
	must(w.t, f.Close())
	w.date(name)
}

// datesOfFolders gives the folders their times, when nothing is made in them any
// more.
func (w *exporter) datesOfFolders() {
	var folders []string
	must(w.t, filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			folders = append(folders, path)
		}
		return err
	}))
	for _, path := range slices.Backward(folders) {
		w.date(path)
	}
}

// unlock lets the test's end remove folders that may not be written to.
func unlock(dir string) {
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			err = os.Chmod(path, 0o700)
		}
		return err
	})
}
