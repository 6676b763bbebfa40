package chat

import (
	"testing"
	"time"
)

// TestCount has media of every state: what is not stored is missing.
func TestCount(t *testing.T) {
	at := time.Date(2021, 5, 18, 21, 4, 0, 0, time.UTC)
	var all []Attachment
	for _, state := range []AttachmentState{Stored, Missing, Expired, Omitted, ViewOnce, TooLarge, Encrypted, Failed} {
		all = append(all, Attachment{State: state})
	}
	var got Coverage
	for _, m := range []Message{
		{Kind: Media, Time: at, Attachments: all},
		{Kind: Text, Time: at.Add(-time.Hour)},
		{Kind: EventKind},
		{Kind: Unparsed, Time: at.Add(time.Hour), Attachments: all},
	} {
		got.Count(&m)
	}
	want := Coverage{From: at.Add(-time.Hour), To: at, Messages: 3, MediaStored: 1, MediaMissing: 7}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
