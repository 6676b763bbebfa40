package format

import (
	"encoding/base64"
	"math"
	"slices"
	"time"
	"unicode/utf8"
)

// Manifest says what a snapshot holds.
type Manifest struct {
	Repository Hash
	Writer     Hash
	Seq        uint64
	Prev       []Hash // as in the head that names it
	Live       Hash   // hash of that head's live set
	Source     Source
	Tags       []string
	Started    time.Time // whole seconds in UTC, as Finished
	Finished   time.Time
	Program    string // name and version of what wrote it
	Complete   bool   // false when a file could not be read
	Totals     Totals
	Contents   List // of entries
	Stats      List // of modes and times, one for each entry
}

// TagPrefix is how tags begin that are not for people to give.
const TagPrefix = "chatkeep:"

// TagCarried marks a snapshot that was not backed up but carried: it holds what
// forgotten snapshots of its source had, and no other one has.
const TagCarried = TagPrefix + "carried"

// Carried reports whether the snapshot is a carried one.
func (m *Manifest) Carried() bool { return slices.Contains(m.Tags, TagCarried) }

// Source is where a snapshot comes from.
type Source struct {
	Name string
	Host string
	Path string // raw bytes; need not be UTF-8
	App  string // "files", "auto" or a provider's name
}

// Totals count what a snapshot holds.
type Totals struct {
	Files         int64
	Bytes         int64
	Conversations int64
	Messages      int64
	Unparsed      int64
	MediaStored   int64
	MediaMissing  int64
	Unreadable    int64
}

// List is a stream of lines in chunks of kind Meta. With Depth 0 Chunks are
// the stream's; with more they are a text of ids of the depth below.
type List struct {
	Entries int64 // lines that begin an entry
	Bytes   int64 // of the stream
	Depth   int   // at most MaxDepth
	Chunks  []ID  // at most MaxListChunks below MaxDepth
}

// Encode returns the manifest's bytes with their final line feed. It checks
// nothing; ParseManifest does.
func (m *Manifest) Encode() []byte {
	p := new(pen)
	p.raw(`{"type":"manifest","format":1,"repository":`).hash(m.Repository)
	p.raw(`,"writer":`).hash(m.Writer).raw(`,"seq":`).num(m.Seq).raw(`,"prev":`).hashes(m.Prev)
	p.raw(`,"live":`).hash(m.Live)
	p.raw(`,"source":{"name":`).str(m.Source.Name).raw(`,"host":`).str(m.Source.Host)
	p.raw(",").bytes("path", m.Source.Path).raw(`,"app":`).str(m.Source.App)
	p.raw(`},"tags":`).strs(m.Tags)
	p.raw(`,"started":`).time(m.Started).raw(`,"finished":`).time(m.Finished)
	p.raw(`,"program":`).str(m.Program).raw(`,"complete":`).bool(m.Complete)
	for _, f := range m.Totals.fields() {
		p.raw(f.key).int(*f.value)
	}
	p.raw(`},"contents":`).listing(&m.Contents).raw(`,"stats":`).listing(&m.Stats).raw("}\n")
	return p.b
}

type total struct {
	key   string
	value *int64
}

// fields lists the totals with what stands before each.
func (t *Totals) fields() []total {
	return []total{
		{`,"totals":{"files":`, &t.Files},
		{`,"bytes":`, &t.Bytes},
		{`,"conversations":`, &t.Conversations},
		{`,"messages":`, &t.Messages},
		{`,"unparsed":`, &t.Unparsed},
		{`,"media_stored":`, &t.MediaStored},
		{`,"media_missing":`, &t.MediaMissing},
		{`,"unreadable":`, &t.Unreadable},
	}
}

func (p *pen) listing(l *List) *pen {
	p.raw(`{"entries":`).int(l.Entries).raw(`,"bytes":`).int(l.Bytes)
	return p.raw(`,"depth":`).int(int64(l.Depth)).raw(`,"chunks":`).ids(l.Chunks).raw("}")
}

// bytes writes a name that need not be UTF-8.
func (p *pen) bytes(key, name string) *pen {
	p.raw(`"`).raw(key).raw(`":`).str(name)
	if !utf8.ValidString(name) {
		p.raw(`,"`).raw(key).raw(`_b64":"`)
		p.b = base64.StdEncoding.AppendEncode(p.b, []byte(name))
		p.raw(`"`)
	}
	return p
}

// ParseManifest reads a decoded manifest of at most MaxManifest bytes. That it
// belongs to the head that names it is CheckManifest's to say.
func ParseManifest(data []byte) (*Manifest, error) {
	c := cursor{data: data, what: "manifest"}
	if len(data) > MaxManifest {
		c.fail(Oversized, "%d bytes, and %d is the limit", len(data), MaxManifest)
		return nil, c.err
	}
	m := new(Manifest)
	m.Repository = c.preamble("manifest")
	c.lit(`,"writer":`)
	m.Writer = c.hash()
	c.lit(`,"seq":`)
	m.Seq = c.objectNumber("its seq")
	c.lit(`,"prev":`)
	m.Prev = c.previous(m.Seq)
	c.lit(`,"live":`)
	m.Live = c.hash()
	c.source(&m.Source)
	c.lit(`,"tags":`)
	m.Tags = c.strs(math.MaxInt, "tags")
	c.lit(`,"started":`)
	m.Started = c.time()
	c.lit(`,"finished":`)
	m.Finished = c.time()
	c.lit(`,"program":`)
	m.Program = c.str()
	c.lit(`,"complete":`)
	m.Complete = c.bool()
	for _, f := range m.Totals.fields() {
		c.lit(f.key)
		*f.value = c.int()
	}
	c.lit(`},"contents":`)
	m.Contents = c.listing()
	c.lit(`,"stats":`)
	m.Stats = c.listing()
	c.lit("}\n")
	if c.err == nil && m.Contents.Entries != m.Stats.Entries {
		c.fail(Malformed, "it has %d entries and %d stats", m.Contents.Entries, m.Stats.Entries)
	}
	if err := c.same(m.Encode); err != nil {
		return nil, err
	}
	return m, nil
}

func (c *cursor) source(s *Source) {
	c.lit(`,"source":{"name":`)
	s.Name = c.str()
	c.lit(`,"host":`)
	s.Host = c.str()
	s.Path = c.bytes(",", "path")
	c.lit(`,"app":`)
	s.App = c.str()
	c.lit("}")
}

func (c *cursor) listing() (l List) {
	c.lit(`{"entries":`)
	l.Entries = c.int()
	c.lit(`,"bytes":`)
	l.Bytes = c.int()
	c.lit(`,"depth":`)
	depth := c.num()
	if depth > MaxDepth {
		c.fail(Oversized, "a list of depth %d, and %d is the limit", depth, MaxDepth)
	}
	l.Depth = int(depth)
	limit := MaxListChunks
	if depth == MaxDepth {
		limit = math.MaxInt
	}
	c.lit(`,"chunks":`)
	l.Chunks = c.ids(limit, "ids of a list that could be deeper")
	c.lit("}")
	empty := len(l.Chunks) == 0
	if c.err == nil && (empty != (l.Bytes == 0) || empty && l.Depth > 0 || l.Entries > l.Bytes) {
		c.fail(Malformed, "a list of %d entries and %d bytes has depth %d and %d chunks", l.Entries, l.Bytes, l.Depth, len(l.Chunks))
	}
	return l
}

// CheckManifest reports, as WrongPlace, that m is not the manifest of h, whose
// live set has the hash live.
func CheckManifest(m *Manifest, h *Head, live Hash) error {
	what := "manifest"
	if h.Manifest != nil {
		what = ManifestName(h.Manifest.SHA256)
	}
	switch {
	case m.Repository != h.Repository:
		return Fail(WrongRepository, what, "it is of repository %s", m.Repository)
	case m.Writer != h.Writer || m.Seq != h.Seq:
		return Fail(WrongPlace, what, "it is of head %d of writer %s", m.Seq, m.Writer)
	case !slices.Equal(m.Prev, h.Prev):
		return Fail(WrongPlace, what, "it continues other heads than the head that names it")
	case m.Live != live:
		return Fail(WrongPlace, what, "it is of another live set than the head that names it")
	}
	return nil
}
