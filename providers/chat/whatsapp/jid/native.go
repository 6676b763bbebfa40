package jid

// Native is a message's own id: whether the owner sent it, and its key, which is
// unique among those of one direction in one conversation.
func Native(fromMe bool, key string) string {
	if fromMe {
		return "1/" + key
	}
	return "0/" + key
}
