package backup

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"os"
	"runtime/debug"
	"slices"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/state"
)

// outcome is what parsing the exports of a source gave. The next run takes it
// where they are the same, file by file, and so is all else that parsing depends
// on. Names of people and chats are not in it: what holds those is named by chunk.
type outcome struct {
	Key                       string
	Conversations, Messages   int64
	MediaStored, MediaMissing int64
	Warnings                  []string
	Entries                   []outcomeEntry
}

type outcomeEntry struct {
	Path  string
	Lines []byte // of contents
	Last  time.Time
}

// recall takes the outcome of the last run, if it is that of these exports and
// every chunk of it is still there to refer to.
func (r *run) recall(key string) ([]result, bool) {
	o := readOutcome(r.o.Exports)
	if o == nil || key == "" || o.Key != key {
		return nil, false
	}
	var entries []result
	for _, e := range o.Entries {
		if !present(r.packers[0], e.Lines) {
			return nil, false
		}
		entries = append(entries, result{path: e.Path, lines: e.Lines, stat: recordStat(e.Last)})
	}
	r.report.ConversationCount, r.report.Messages, r.report.ExportsUnchanged = o.Conversations, o.Messages, true
	r.report.MediaStored, r.report.MediaMissing = o.MediaStored, o.MediaMissing
	for _, w := range o.Warnings {
		r.warn(w)
	}
	r.outcome = o // it stands for the next run, too
	return entries, true
}

// remember keeps an outcome for the next run. One that is not whole is none: what
// could not be read this time may be read the next.
func (r *run) remember(key string, entries []result, warnings []string) {
	if key == "" || r.report.Unparsed > 0 {
		return
	}
	o := &outcome{
		Key: key, Conversations: r.report.ConversationCount, Messages: r.report.Messages,
		MediaStored: r.report.MediaStored, MediaMissing: r.report.MediaMissing, Warnings: warnings,
	}
	for _, e := range entries {
		o.Entries = append(o.Entries, outcomeEntry{e.path, e.lines, e.stat.Mtime})
	}
	r.outcome = o
}

// keepOutcome writes it down, when what it names is committed. Without one the
// next run parses again: slower, no worse.
func (r *run) keepOutcome() {
	if r.outcome == nil || r.o.Exports == nil {
		return
	}
	w, err := r.o.Exports.Write()
	if err != nil {
		return
	}
	if err := json.NewEncoder(w).Encode(r.outcome); err != nil {
		w.Drop()
		return
	}
	_ = w.Close()
}

func readOutcome(t *state.Table) *outcome {
	if t == nil {
		return nil
	}
	in, err := t.Read()
	if err != nil {
		return nil
	}
	defer in.Close()
	o := &outcome{}
	if err := json.NewDecoder(in).Decode(o); err != nil {
		return nil
	}
	return o
}

// present reports whether every chunk that lines of contents name is there.
func present(p *repo.Packer, lines []byte) bool {
	for line := range bytes.Lines(lines) {
		e, err := format.ParseEntry(line)
		if err != nil || slices.ContainsFunc(e.Chunks, func(id format.ID) bool { return !p.Has(id) }) {
			return false
		}
	}
	return true
}

// outcomeKey stands for all that parsing depends on: the exports and the files
// they lie among, the options, this program, and this machine's zone, which is
// that of times without one. It is "" where a file changed so shortly ago that its
// times cannot tell a later change, and where the source leaves files out: they are
// read by parsers all the same, and the walk does not see them.
func (r *run) outcomeKey(f *finder) string {
	if s := &r.src.Select; len(s.Exclude) > 0 || s.LargerThan > 0 || s.NoVideos || s.OneFileSystem {
		return ""
	}
	h := sha256.New()
	put := func(format string, values ...any) {
		text := fmt.Sprintf(format, values...)
		_ = binary.Write(h, binary.LittleEndian, uint64(len(text)))
		h.Write([]byte(text))
	}
	o := r.src.Chat
	put("options %q %q %q %t %s", o.Me, o.DateOrder, o.Chat, o.Zone == nil, o.Zone) // a nil one calls itself UTC
	put("program %s", programPrint())
	putZone(h)
	for _, one := range f.found {
		put("export %q %q %q %d %t", one.provider.Name, one.match.Route, one.match.Path, one.match.Sure, one.match.Whole)
		for _, p := range one.parts {
			print := f.prints[p.node]
			if print == nil || print.nodes == 0 || r.tooFresh(fingerprint{Mtime: print.newest, Ctime: print.newest}) {
				return ""
			}
			put("part %q %q %q %x", p.file, p.folder, p.at, print.hash.Sum(nil))
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// programPrint tells one build from another: a later one may parse better.
func programPrint() string {
	text := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		text = info.String()
	}
	if file, err := os.Executable(); err == nil {
		if info, err := os.Stat(file); err == nil {
			text += fmt.Sprint(info.Size(), info.ModTime().UnixNano())
		}
	}
	return text
}

// putZone hashes what this machine's zone has been in the years that there are
// chats of. Its name tells nothing: it is "Local".
func putZone(h hash.Hash) {
	for year := 1990; year < 2060; year++ {
		for month := time.January; month <= time.December; month++ {
			_, offset := time.Date(year, month, 1, 0, 0, 0, 0, time.Local).Zone()
			_ = binary.Write(h, binary.LittleEndian, int32(offset))
		}
	}
}

// placePrint stands for everything that the walk met at and below a path.
type placePrint struct {
	hash   hash.Hash
	nodes  int
	newest int64 // of the times of files, in nanoseconds
}

// add takes in one node.
func (p *placePrint) add(n node) {
	p.nodes++
	id := identity(n.info)
	fmt.Fprintf(p.hash, "%q %d %d %d %d %d\n", n.path, n.info.Mode(), id.Size, id.Mtime, id.Ctime, id.Inode)
	if n.info.Mode().IsRegular() {
		p.newest = max(p.newest, id.Mtime, id.Ctime)
	}
}
