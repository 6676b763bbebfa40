package record

import (
	"slices"

	"chatkeep/providers/chat"
)

// Said is a message without what only says where in an export it stood: two that
// say the same are one state of it. A number of reactions that does not say who
// reacted is left out, too; it is nobody's word.
func Said(m *chat.Message) *chat.Message {
	out := *m
	out.Source = chat.Pointer{}
	if m.ReplyTo != nil {
		reply := *m.ReplyTo
		reply.Found = false
		out.ReplyTo = &reply
	}
	out.Reactions = slices.DeleteFunc(slices.Clone(m.Reactions), func(r chat.Reaction) bool { return r.By == "" })
	out.Attachments = slices.Clone(m.Attachments)
	for i := range out.Attachments {
		a := &out.Attachments[i]
		a.File, a.State, a.Why, a.Size = "", "", "", 0
	}
	return &out
}
