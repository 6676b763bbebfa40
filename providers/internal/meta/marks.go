package meta

import (
	"bytes"
	"slices"
)

// Marks are what one of the apps writes into its threads and the other never
// does, in the JSON as it is written.
type Marks []string

// FacebookMarks are Messenger's. Threads since 2023 may have none of them.
var FacebookMarks = Marks{
	`"type": "Generic"`, `"type":"Generic"`, `"type": "Share"`, `"type":"Share"`, `"type": "Call"`, `"type":"Call"`, // until 2023
	`"thread_type"`, `"joinable_mode"`, `"bumped_message_metadata"`, `_INTERNAL"`, "stickers_used",
	"your_facebook_activity", "your_activity_across_facebook",
}

// InstagramMarks are Instagram's.
var InstagramMarks = Marks{`"original_content_owner"`, `"profile_share_`, "your_instagram_activity"}

// in says whether one of the marks is in a text.
func (m Marks) in(text []byte) bool {
	return slices.ContainsFunc(m, func(mark string) bool { return bytes.Contains(text, []byte(mark)) })
}
