package android

// keys are the keys under which messages were first known: an edit or a deletion gives
// its row another one.
type keys struct{ edited, revoked *side }

func newKeys(s *store) *keys {
	return &keys{
		s.side("message_edit_info", "message_row_id", "original_key_id", "edited_timestamp", "sender_timestamp"),
		s.side("message_revoked", "message_row_id", "revoked_key_id", "admin_jid_row_id", "revoke_timestamp"),
	}
}

// of is the first key of a message, "" where it is the row's own.
func (k *keys) of(row int64) string {
	if rows := k.revoked.one(row); rows != nil && rows.Text(0) != "" {
		return rows.Text(0)
	}
	if rows := k.edited.one(row); rows != nil {
		return rows.Text(0)
	}
	return ""
}

func (k *keys) close() {
	k.edited.close()
	k.revoked.close()
}
