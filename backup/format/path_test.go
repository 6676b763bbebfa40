package format

import "testing"

func TestStreamIDs(t *testing.T) {
	for _, c := range []struct{ path, whole, first string }{
		{"messages/ab12.jsonl", "ab12", ""},
		{"messages/ab12-2.jsonl", "ab12-2", "ab12"},
		{"messages/ab12-00010.jsonl", "ab12-00010", "ab12"},
		{"messages/ab-12-3.jsonl", "ab-12-3", "ab-12"},
		{"messages/ab12-.jsonl", "ab12-", ""},
		{"messages/ab12-x2.jsonl", "ab12-x2", ""},
		{"messages/-2.jsonl", "-2", ""},
	} {
		if whole, first := StreamIDs(c.path); whole != c.whole || first != c.first {
			t.Errorf("%s is of %q or %q, not of %q or %q", c.path, whole, first, c.whole, c.first)
		}
	}
}

func TestIsRecords(t *testing.T) {
	for path, want := range map[string]bool{
		ConversationsPath: true, ParticipantsPath: true, "messages/a.jsonl": true,
		"messages": false, "media/messages/a": false, "original/conversations.jsonl": false,
	} {
		if IsRecords(path) != want {
			t.Errorf("records %s: %v", path, !want)
		}
	}
}
