package telegram

import (
	"os"
	"testing"
	"testing/fstest"

	"chatkeep/providers/chat"
	"chatkeep/providers/chat/chattest"
)

// made are the exports in testdata, with how many conversations and messages are
// in them.
var made = []struct {
	name, route             string
	conversations, messages int
}{
	{"json-account", routeJSON, 7, 92},
	{"json-chat-2020", routeJSON, 1, 10},
	{"html-chat", routeHTML, 1, 42},
	{"html-account-2019", routeHTML, 4, 13},
}

// odd has records that are no messages, or no JSON.
const odd = `{"name":"Odd","type":"private_group","id":77,"messages":[
	{"id":1,"type":"message","date":"2024-01-01T00:00:00","date_unixtime":"1704067200","from":"A","from_id":"user1","text":"one"},
	7, null, ["x"], {"id":2,"type":"message","text":tru}, "stray",
	{"id":1,"type":"message","date":"2024-01-01T00:00:00","date_unixtime":"1704067200","from":"A","from_id":"user1","text":"one again"},
	{"id":3,"type":"message","date":"2024-01-01T00:01:00","date_unixtime":"1704067260","from":"B","from_id":"user2","text":"two\x1F"}
]}`

func TestSuite(t *testing.T) {
	cases := []chattest.Case{
		{Name: "odd records", Export: fstest.MapFS{"result.json": file(odd)}, Route: routeJSON, Conversations: 1, Messages: 3, Unparsed: 5},
		{
			Name:   "newest first",
			Export: fstest.MapFS{"export.json": file(newestFirst(t, small))}, Route: routeJSON,
			Conversations: 1, Messages: 4,
		},
		{
			Name: "named behind its messages",
			Export: fstest.MapFS{"result.json": file(`{"messages":[{"type":"message","date_unixtime":"1704067200","from":"A","text":"hi"},` +
				`{"type":"message","date_unixtime":"1704067200","from":"A","text":"hi"}],"id":5,"type":"bot_chat","name":"A"}`)},
			Options:       chat.Options{Me: "B"},
			Conversations: 1, Messages: 2,
		},
	}
	for _, m := range made {
		cases = append(cases, chattest.Case{
			Name: m.name, Export: os.DirFS("testdata/exports/" + m.name), Route: m.route, Conversations: m.conversations, Messages: m.messages,
		})
	}
	chattest.Run(t, Provider, cases...)
}
