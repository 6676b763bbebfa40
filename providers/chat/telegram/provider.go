// Package telegram reads what Telegram Desktop exports: one chat, or all of an
// account.
//
//	ChatExport_2024-03-10/      result.json  photos/  video_files/  voice_messages/  …
//	DataExport_2024-03-10/      result.json  chats/chat_001/photos/  profile_pictures/  …
//	ChatExport_2024-03-10 (1)/  messages.html  messages2.html  …  css/  js/  images/
//
// result.json is an object that is a chat, or has lists of them:
//
//	{"name": "Anna", "type": "personal_chat", "id": 123, "messages": [{…}, …]}
//	{"about": "…", "personal_information": {"user_id": 456, …}, "chats": {"list": [{"name": …}, …]}, …}
//
// The facts are those of Telegram Desktop's own writers, from version 1.3.8 (June
// 2018) to 6.1 (August 2025), and of exports of their times.
package telegram

import (
	"fmt"
	"io/fs"

	"chatkeep/providers/chat"
)

// platform is the word for Telegram in ids.
const platform = "telegram"

// The forms of export.
const (
	routeJSON = "json"
	routeHTML = "html"
)

// Provider reads Telegram Desktop's exports.
var Provider = chat.Provider{
	Name:      platform,
	Title:     "Telegram",
	Explain:   explain,
	Recognize: recognize,
	Open:      open,
}

func open(fsys fs.FS, m chat.Match, o chat.Options) (chat.Source, error) {
	switch m.Route {
	case routeJSON:
		return openJSON(fsys, m, o), nil
	case routeHTML:
		return openPages(fsys, m, o), nil
	}
	return nil, fmt.Errorf("telegram: no route %q", m.Route)
}
