package backup

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"chatkeep/backup/format"
	"chatkeep/backup/record"
	"chatkeep/backup/repo"
	"chatkeep/backup/split"
	"chatkeep/providers/chat"
)

// exports is what all exports of a run gave so far.
type exports struct {
	mu            sync.Mutex
	conversations []*stored
	people        map[string][][]byte // lines by participant
	reports       []*ConversationReport
}

// stored is one conversation in the repository.
type stored struct {
	id     string
	lines  []byte // for conversations.jsonl
	chunks []format.ID
	size   int64
	last   time.Time
}

// parseExports finds and parses the exports of the source and returns the
// entries of their messages, ascending by path.
func (r *run) parseExports(ctx context.Context) ([]result, error) {
	f, err := discover(ctx, &r.src, r.warn)
	if err != nil {
		return nil, err
	}
	r.report.Troubles, r.report.Unparsed = f.troubles, f.unparsed()
	if len(f.found) == 0 {
		return nil, nil
	}
	key := r.outcomeKey(f)
	if entries, ok := r.recall(key); ok {
		return entries, nil
	}
	all := &exports{people: map[string][][]byte{}}
	if err := r.parseAll(ctx, f.found, all); err != nil {
		return nil, err
	}
	entries, err := r.entries(ctx, all)
	if err == nil {
		r.remember(key, entries, r.tally(all.reports))
	}
	return entries, err
}

// parseAll parses exports, one worker for each packer.
func (r *run) parseAll(ctx context.Context, list []found, all *exports) error {
	packers := r.packers[:len(r.packers)-1]
	return sideBySide(list, len(packers), func(worker, i int) error {
		to := &exportSink{ctx: ctx, r: r, packer: packers[worker], found: &list[i], all: all}
		reports, err := parse(ctx, &list[i], r.src.Chat, to)
		all.mu.Lock()
		defer all.mu.Unlock()
		all.reports = append(all.reports, reports...)
		return err
	})
}

// tally adds up what exports gave. It returns what was warned of.
func (r *run) tally(reports []*ConversationReport) (warnings []string) {
	slices.SortFunc(reports, func(a, b *ConversationReport) int {
		return strings.Compare(a.Title+"\x00"+a.ID+a.Path, b.Title+"\x00"+b.ID+b.Path)
	})
	r.report.Conversations, r.report.ConversationCount = reports, int64(len(reports))
	for _, c := range reports {
		r.report.Messages += c.Messages
		r.report.Unparsed += c.Unparsed
		r.report.MediaStored += c.MediaStored
		r.report.MediaMissing += c.MediaMissing
		warnings = append(warnings, c.warnings()...)
	}
	for _, w := range warnings {
		r.warn(w)
	}
	return warnings
}

// entries stores the lists of conversations and participants.
func (r *run) entries(ctx context.Context, all *exports) ([]result, error) {
	slices.SortFunc(all.conversations, func(a, b *stored) int {
		return strings.Compare(a.id+string(a.lines), b.id+string(b.lines))
	})
	var conversations, people bytes.Buffer
	var out []result
	for i, c := range all.conversations {
		name := format.MessagesDir + c.id
		if i > 0 && all.conversations[i-1].id == c.id {
			// Two exports of one conversation: both are kept as they are.
			name = nextName(out[len(out)-1].path, name)
		}
		conversations.Write(c.lines)
		out = append(out, entryOf(strings.TrimSuffix(name, ".jsonl")+".jsonl", c.chunks, c.size, c.last))
	}
	for _, id := range slices.Sorted(maps.Keys(all.people)) {
		lines := all.people[id]
		slices.SortFunc(lines, bytes.Compare)
		for _, l := range slices.CompactFunc(lines, bytes.Equal) {
			people.Write(l)
		}
	}
	for name, data := range map[string][]byte{format.ConversationsPath: conversations.Bytes(), format.ParticipantsPath: people.Bytes()} {
		s := r.recordStream(ctx, r.packers[0], name)
		if _, err := s.Write(data); err != nil {
			return nil, err
		}
		if err := s.Close(); err != nil {
			return nil, err
		}
		out = append(out, entryOf(name, s.IDs, s.Size, time.Time{}))
	}
	slices.SortFunc(out, func(a, b result) int { return strings.Compare(a.path, b.path) })
	return out, nil
}

// nextName is the name of one more stream of the conversation whose last one
// has the path last.
func nextName(last, base string) string {
	n := 1
	if rest, ok := strings.CutPrefix(strings.TrimSuffix(last, ".jsonl"), base+"-"); ok {
		_, _ = fmt.Sscan(rest, &n)
	}
	return fmt.Sprintf("%s-%d", base, n+1)
}

// entryOf is the entry of a file that the export did not have. Its time is that
// of its last message, for the clock would make it new every day.
func entryOf(name string, ids []format.ID, size int64, last time.Time) result {
	if last.IsZero() {
		last = time.Unix(0, 0)
	}
	e := &format.Entry{Path: name, Type: format.EntryFile, Size: size, Chunks: ids}
	return result{path: name, lines: format.AppendEntry(nil, e), stat: recordStat(last)}
}

func recordStat(last time.Time) format.Stat { return format.Stat{Mode: 0o600, Mtime: last} }

// recordStream stores a stream of records. No two conversations share a frame:
// its group is its name.
func (r *run) recordStream(ctx context.Context, p *repo.Packer, group string) *repo.Stream {
	hint := repo.Hint{Group: group, Increment: true}
	return p.Stream(ctx, format.Messages, hint, r.s.Cutter(split.Records), nil)
}

// exportSink stores what one export yields.
type exportSink struct {
	ctx    context.Context
	r      *run
	packer *repo.Packer
	found  *found
	all    *exports
}

func (s *exportSink) conversation(c *chat.Conversation) (messageSink, error) {
	stream := s.r.recordStream(s.ctx, s.packer, c.ID+s.found.inSnapshot(c.Path))
	return &conversationSink{s, c, stream, record.NewEncoder(stream, s.found.inSnapshot)}, nil
}

// conversationSink stores the messages of one conversation.
type conversationSink struct {
	s       *exportSink
	c       *chat.Conversation
	stream  *repo.Stream
	encoder *record.Encoder
}

func (s *conversationSink) message(m *chat.Message) error { return s.encoder.Message(m) }

func (s *conversationSink) done(cov *chat.Coverage, r *ConversationReport) error {
	if err := s.stream.Close(); err != nil {
		return err
	}
	var lines bytes.Buffer
	e := record.NewEncoder(&lines, s.s.found.inSnapshot)
	if err := e.Conversation(s.c); err != nil {
		return err
	}
	if err := e.Coverage(cov); err != nil {
		return err
	}
	people := map[string][]byte{}
	for i := range s.c.Participants {
		var line bytes.Buffer
		if err := record.NewEncoder(&line, nil).Participant(&s.c.Participants[i]); err != nil {
			return err
		}
		people[s.c.Participants[i].ID] = line.Bytes()
	}
	all := s.s.all
	all.mu.Lock()
	defer all.mu.Unlock()
	for id, line := range people {
		all.people[id] = append(all.people[id], line)
	}
	all.conversations = append(all.conversations, &stored{s.c.ID, lines.Bytes(), s.stream.IDs, s.stream.Size, r.last})
	return nil
}
