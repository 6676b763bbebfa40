// Package all lists what this build contains. A new chat or storage is one
// folder and one line here; help, recognition and flags come from these lists.
package all

import (
	"chatkeep/providers/chat"
	"chatkeep/providers/chat/instagram"
	"chatkeep/providers/chat/messenger"
	"chatkeep/providers/chat/telegram"
	"chatkeep/providers/chat/whatsapp"
	"chatkeep/providers/storage"
	"chatkeep/providers/storage/local"
	"chatkeep/providers/storage/rclone"
	"chatkeep/providers/storage/s3"
)

// Chats are the apps whose exports are read.
var Chats = []chat.Provider{
	whatsapp.Provider,
	telegram.Provider,
	messenger.Provider,
	instagram.Provider,
}

// Stores are the places where repositories are kept.
var Stores = []storage.Provider{
	local.Provider,
	s3.Provider,
	rclone.Provider,
}
