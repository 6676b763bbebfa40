// Package event has the codes of what happens to a WhatsApp chat, as
// docs/messages.md lists them: every way a chat comes in calls a thing the same.
package event

// Codes of events.
const (
	Encryption    = "encryption"
	SecurityCode  = "security-code"
	Created       = "created"
	Added         = "added"
	Joined        = "joined"
	Left          = "left"
	Removed       = "removed"
	Subject       = "subject"
	Icon          = "icon"
	Description   = "description"
	Settings      = "settings"
	Admin         = "admin"
	Invite        = "invite"
	NumberChanged = "number-changed"
	Disappearing  = "disappearing"
	Pinned        = "pinned"
	Blocked       = "blocked"
	Contact       = "contact"
	Business      = "business"
	Community     = "community"
	Privacy       = "privacy"
	Call          = "call"
	Unknown       = "unknown"
)
