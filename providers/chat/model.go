package chat

import (
	"io/fs"
	"time"
)

// Conversation is a place where messages are.
type Conversation struct {
	ID           string // [ConversationID]: stable over exports
	Platform     string // the provider's name
	Account      string // the owner's account or workspace, or ""
	NativeID     string
	Kind         ConversationKind
	Title        string
	Participants []Participant
	Parent       string // the id of the conversation this is a thread of, or ""
	// Route and Path say where it was found, as in [Match].
	Route, Path string
	// Files are those that its messages were read from, where [Pointer] names
	// their folder.
	Files []string
}

// ConversationKind is the shape of a conversation.
type ConversationKind string

const (
	Direct    ConversationKind = "direct"
	Group     ConversationKind = "group"
	Channel   ConversationKind = "channel"
	Thread    ConversationKind = "thread"
	Broadcast ConversationKind = "broadcast"
	Self      ConversationKind = "self"
	OtherChat ConversationKind = "other"
)

// Participant is a person, or what stands in a person's place, as one export
// shows it.
type Participant struct {
	ID    string // [ParticipantID]
	IDs   []NativeID
	Names []Name
	Self  bool // the owner of the export
}

// NativeID is an identifier that the app or the world gives a person.
type NativeID struct{ Kind, Value string } // kind: phone, email, username, or the platform's name

// Name is what somebody is called, and by whom.
type Name struct{ Value, From string } // from: export, profile, contact, system

// Message is the state of a message when it was exported.
type Message struct {
	ID           string // [MessageIDs]
	NativeID     string
	Conversation string
	Sender       string // a participant's id, or "" where nobody sent it
	Time         time.Time
	Precision    Precision
	ZoneSource   ZoneSource
	Kind         MessageKind
	Text         string
	Spans        []Span
	ReplyTo      *Reply
	Thread       string
	Forwarded    *Forward
	Attachments  []Attachment
	Reactions    []Reaction
	Edits        []Edit
	Edited       bool // changed after sending, where no history tells when
	Deleted      *Deletion
	Call         *Call
	Poll         *Poll
	Location     *Location
	Event        *Event
	Expires      time.Time
	Source       Pointer
	// Extra keeps what the model has no field for, as the export had it.
	Extra map[string]string
}

// MessageKind is what a message is.
type MessageKind string

const (
	Text         MessageKind = "text"
	Media        MessageKind = "media"
	Sticker      MessageKind = "sticker"
	LocationKind MessageKind = "location"
	Contact      MessageKind = "contact"
	PollKind     MessageKind = "poll"
	CallKind     MessageKind = "call"
	EventKind    MessageKind = "event"
	Payment      MessageKind = "payment"
	Other        MessageKind = "other"    // of a kind we do not know: text and Extra hold it
	Unparsed     MessageKind = "unparsed" // not understood at all: Text is the raw record
)

// Precision is the smallest unit a time is known to.
type Precision string

const (
	Millisecond Precision = "ms"
	Second      Precision = "s"
	Minute      Precision = "min"
	Day         Precision = "day"
)

// ZoneSource says how the zone of a time is known.
type ZoneSource string

const (
	FromExport  ZoneSource = "export"
	FromUser    ZoneSource = "user"
	FromDevice  ZoneSource = "device" // the zone of the machine that read it
	UnknownZone ZoneSource = "unknown"
)

// Span marks a run of the text, in bytes of UTF-8.
type Span struct {
	Start, End int
	Style      string // bold, italic, underline, strike, code, pre, quote, spoiler, link, mention, emoji, or the app's own word
	Target     string // the link's address, the mentioned participant's id, the language of code, …
}

// Reply points to the message that is answered.
type Reply struct {
	ID, NativeID string
	Found        bool // whether that message is in this export
	Quote        string
}

// Forward says where a message came from.
type Forward struct {
	From string
	Time time.Time
}

// Attachment is a file that belongs to a message.
type Attachment struct {
	Role     string // image, video, audio, voice, file, sticker, gif, thumbnail, avatar
	Name     string // as the message calls it
	MIME     string
	Size     int64
	File     string // path within the export's fs.FS; "" where there is none
	State    AttachmentState
	Why      string // why it is not stored
	Width    int
	Height   int
	Duration time.Duration
	Caption  string
	// Open reads an attachment that is no file of the export. It is nil where
	// File is set.
	Open func() (fs.File, error)
}

// AttachmentState says whether the bytes are there.
type AttachmentState string

const (
	Stored    AttachmentState = "stored"
	Missing   AttachmentState = "missing" // the message names a file that is not in the export
	Expired   AttachmentState = "expired"
	Omitted   AttachmentState = "omitted" // exported without media
	ViewOnce  AttachmentState = "view-once"
	TooLarge  AttachmentState = "too-large"
	Encrypted AttachmentState = "encrypted"
	Failed    AttachmentState = "error"
)

// Reaction is one answer by emoji. Count is for exports that do not say who.
type Reaction struct {
	Emoji, By string
	Time      time.Time
	Count     int
}

// Edit is an earlier or later text of a message. Either part may be all that is
// known.
type Edit struct {
	Time time.Time
	Text string
}

// Deletion says that the message was taken back, and what is known of it. Where
// the export no longer tells what it was, its kind is [Other].
type Deletion struct {
	By   string
	Time time.Time
}

// Call is a voice or video call.
type Call struct {
	Video    bool
	Missed   bool
	Duration time.Duration
	Outcome  string // answered, missed, declined, cancelled, or ""
}

// Poll is a question with options.
type Poll struct {
	Question string
	Options  []PollOption
}

// PollOption is one possible answer.
type PollOption struct {
	Text  string
	Votes int
	By    []string
}

// Location is a place on earth.
type Location struct {
	Latitude, Longitude string // decimal degrees as the export wrote them; no floats
	Name, Address, URL  string
	Live                bool
}

// Event is something that happened to the conversation.
type Event struct {
	Code    string // encryption, created, added, left, removed, subject, icon, number-changed, …; "unknown"
	By      string
	Targets []string
}

// Pointer names the place in the export that a record was read from. An app may
// spread a conversation over files anew with every export, so that each message
// stands in another one: then File is the folder of these files, which
// [Conversation] names, or else each export would change all records.
type Pointer struct {
	File string // path within the export's fs.FS
	At   string // "line 12", "row 7", a JSON path
}

// Coverage is what an export claims to hold of a conversation. It decides
// whether a message that a later export lacks was deleted.
type Coverage struct {
	Conversation  string
	From, To      time.Time
	Messages      int
	MediaStored   int
	MediaMissing  int
	Complete      bool
	WhyIncomplete string
}
