package record

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"chatkeep/providers/chat"
)

// ErrNotCanonical is what a strict decoder refuses a record with that is
// spelled otherwise than an encoder would.
var ErrNotCanonical = errors.New("not spelled as chatkeep writes it")

// ErrUnknownType is what a record of a type that this release does not know
// gives. The reader may go on with the next.
var ErrUnknownType = errors.New("a type this release does not know")

// Decoder reads records, one a line.
type Decoder struct {
	// Strict refuses every line that an encoder would not have written: with
	// unknown keys, keys in another order, other spellings. Readers of archives
	// leave it off, so that a later release may add keys.
	Strict bool
	r      *bufio.Reader
	line   int
	buf    []byte
}

// NewDecoder returns a decoder that reads r.
func NewDecoder(r io.Reader) *Decoder {
	return &Decoder{r: bufio.NewReaderSize(r, 64<<10)}
}

// Next returns the next record: a *chat.Participant, *chat.Conversation,
// *chat.Message or *chat.Coverage. At the end it gives io.EOF. Any other error
// is an [*Error] about one line, after which the next may be asked for, or that
// of the reader itself. Paths are those of the snapshot, and a conversation's
// participants have nothing but their ids.
func (d *Decoder) Next() (any, error) {
	b, err := d.readLine()
	if err != nil && !errors.Is(err, ErrTooLong) {
		return nil, err
	}
	if err == nil {
		var r any
		if r, err = decode(b); err == nil && d.Strict {
			err = canonical(r, b)
		}
		if err == nil {
			return r, nil
		}
	}
	return nil, &Error{Line: d.line, Err: err}
}

// Parse reads one record, a line without its end, as [Decoder.Next] does.
// Canonical tells whether the line is the record's one spelling: one that is not
// may say more than the record does.
func Parse(line []byte) (r any, isCanonical bool, err error) {
	if r, err = decode(line); err != nil {
		return nil, false, err
	}
	return r, canonical(r, line) == nil, nil
}

// Line returns the line that the last Next read, without its end, valid until the
// next: also one that it does not know the type of. Of what was too long, or cut
// off, it is no line.
func (d *Decoder) Line() []byte { return d.buf[:max(0, len(d.buf)-1)] }

// readLine reads a line without its end. One too long is read to its end and
// dropped.
func (d *Decoder) readLine() ([]byte, error) {
	d.buf = d.buf[:0]
	long := false
	for {
		part, err := d.r.ReadSlice('\n')
		if len(d.buf)+len(part) > MaxLine+1 {
			long = true
			d.buf = d.buf[:0]
		}
		if !long {
			d.buf = append(d.buf, part...)
		}
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err != nil && err != io.EOF:
			return nil, err
		case err == io.EOF && len(part) == 0 && len(d.buf) == 0 && !long:
			return nil, io.EOF
		}
		d.line++
		if long {
			return nil, ErrTooLong
		}
		if err == io.EOF {
			return nil, &Error{Line: d.line, Err: fmt.Errorf("no line end: %w", io.ErrUnexpectedEOF)}
		}
		return d.buf[:len(d.buf)-1], nil
	}
}

// canonical encodes a record again and compares.
func canonical(r any, line []byte) error {
	var b bytes.Buffer
	e := NewEncoder(&b, nil)
	var err error
	switch r := r.(type) {
	case *chat.Participant:
		err = e.Participant(r)
	case *chat.Conversation:
		err = e.Conversation(r)
	case *chat.Message:
		err = e.Message(r)
	case *chat.Coverage:
		err = e.Coverage(r)
	}
	if err != nil {
		return err
	}
	want := b.Bytes()[:b.Len()-1]
	if bytes.Equal(want, line) {
		return nil
	}
	i := 0
	for i < len(want) && i < len(line) && want[i] == line[i] {
		i++
	}
	return fmt.Errorf("byte %d: %w", i, ErrNotCanonical)
}

// decode reads one line.
func decode(b []byte) (any, error) {
	v, err := parse(b)
	if err != nil {
		return nil, err
	}
	if v.kind != '{' {
		return nil, errors.New("not an object")
	}
	f := fields{&v, &err}
	var r any
	switch f.str("type") {
	case "participant":
		r = participant(f)
	case "conversation":
		r = conversation(f)
	case "message":
		r = message(f)
	case "coverage":
		r = coverage(f)
	default:
		return nil, ErrUnknownType
	}
	return r, err
}

func participant(f fields) *chat.Participant {
	return &chat.Participant{
		ID:    f.str("id"),
		IDs:   each(f, "ids", func(f fields) chat.NativeID { return chat.NativeID{Kind: f.str("kind"), Value: f.str("value")} }),
		Names: each(f, "names", func(f fields) chat.Name { return chat.Name{Value: f.str("value"), From: f.str("from")} }),
		Self:  f.flag("self"),
	}
}

func conversation(f fields) *chat.Conversation {
	c := &chat.Conversation{
		ID: f.str("id"), Platform: f.str("platform"), Account: f.str("account"), NativeID: f.str("native_id"),
		Kind: chat.ConversationKind(f.str("kind")), Title: f.str("title"), Parent: f.str("parent"),
		Route: f.str("route"), Path: f.str("path"),
		Files: each(f, "files", func(f fields) string { return f.str("file") }),
	}
	for _, id := range f.ids("participants") {
		c.Participants = append(c.Participants, chat.Participant{ID: id})
	}
	return c
}

func message(f fields) *chat.Message {
	m := &chat.Message{
		ID: f.str("id"), NativeID: f.str("native_id"), Conversation: f.str("conversation"), Sender: f.str("sender"),
		Time: f.time("time"), Precision: chat.Precision(f.str("time_precision")), ZoneSource: chat.ZoneSource(f.str("time_zone_source")),
		Kind: chat.MessageKind(f.str("kind")), Text: f.str("text"), Thread: f.str("thread"), Edited: f.flag("edited"),
		Spans: each(f, "spans", func(f fields) chat.Span {
			return chat.Span{Start: f.int("start"), End: f.int("end"), Style: f.str("style"), Target: f.str("target")}
		}),
		Attachments: each(f, "attachments", attachment),
		Reactions: each(f, "reactions", func(f fields) chat.Reaction {
			return chat.Reaction{Emoji: f.str("emoji"), By: f.str("by"), Time: f.time("time"), Count: f.int("count")}
		}),
		Edits:   each(f, "edits", func(f fields) chat.Edit { return chat.Edit{Time: f.time("time"), Text: f.str("text")} }),
		Expires: f.time("expires"),
		Extra:   extra(f),
	}
	if s, ok := f.sub("reply_to"); ok {
		m.ReplyTo = &chat.Reply{ID: s.str("id"), NativeID: s.str("native_id"), Found: s.flag("found"), Quote: s.str("quote")}
	}
	if s, ok := f.sub("forwarded"); ok {
		m.Forwarded = &chat.Forward{From: s.str("from"), Time: s.time("time")}
	}
	if s, ok := f.sub("deleted"); ok {
		m.Deleted = &chat.Deletion{By: s.str("by"), Time: s.time("time")}
	}
	if s, ok := f.sub("source"); ok {
		m.Source = chat.Pointer{File: s.str("file"), At: s.str("at")}
	}
	matter(f, m)
	return m
}

// matter reads what a message of a special kind holds.
func matter(f fields, m *chat.Message) {
	if s, ok := f.sub("call"); ok {
		m.Call = &chat.Call{Video: s.flag("video"), Missed: s.flag("missed"), Duration: s.millis("duration_ms"), Outcome: s.str("outcome")}
	}
	if s, ok := f.sub("poll"); ok {
		m.Poll = &chat.Poll{Question: s.str("question"), Options: each(s, "options", func(f fields) chat.PollOption {
			return chat.PollOption{Text: f.str("text"), Votes: f.int("votes"), By: f.ids("by")}
		})}
	}
	if s, ok := f.sub("location"); ok {
		m.Location = &chat.Location{
			Latitude: s.str("latitude"), Longitude: s.str("longitude"), Name: s.str("name"), Address: s.str("address"),
			URL: s.str("url"), Live: s.flag("live"),
		}
	}
	if s, ok := f.sub("event"); ok {
		m.Event = &chat.Event{Code: s.str("code"), By: s.str("by"), Targets: s.ids("targets")}
	}
}

func attachment(f fields) chat.Attachment {
	return chat.Attachment{
		Role: f.str("role"), Name: f.str("name"), MIME: f.str("mime"), Size: f.num("size"), File: f.str("file"),
		State: chat.AttachmentState(f.str("state")), Why: f.str("why"), Width: f.int("width"), Height: f.int("height"),
		Duration: f.millis("duration_ms"), Caption: f.str("caption"),
	}
}

// extra reads the fields that the model has no place for.
func extra(f fields) map[string]string {
	s, ok := f.sub("extra")
	if !ok {
		return nil
	}
	m := map[string]string{}
	for i, k := range s.v.keys {
		if s.v.list[i].kind != '"' {
			f.fail("extra", "an object of strings")
			return nil
		}
		m[k] = s.v.list[i].text
	}
	raw, ok := f.sub("extra_b64")
	if !ok {
		return m
	}
	for i, k := range raw.v.keys {
		b, err := base64.StdEncoding.Strict().DecodeString(raw.v.list[i].text)
		if _, known := m[k]; err != nil || !known || raw.v.list[i].kind != '"' {
			f.fail("extra_b64", "base64 of a field of extra")
			continue
		}
		m[k] = string(b)
	}
	return m
}

func coverage(f fields) *chat.Coverage {
	return &chat.Coverage{
		Conversation: f.str("conversation"), From: f.time("from"), To: f.time("to"), Messages: f.int("messages"),
		MediaStored: f.int("media_stored"), MediaMissing: f.int("media_missing"),
		Complete: f.flag("complete"), WhyIncomplete: f.str("why_incomplete"),
	}
}
