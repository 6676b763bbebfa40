package chat

// Media counts the media that a message names: those that the export has, and
// those that it has not, for whatever reason [AttachmentState] knows.
func (m *Message) Media() (stored, missing int) {
	for i := range m.Attachments {
		if m.Attachments[i].State == Stored {
			stored++
		} else {
			missing++
		}
	}
	return stored, missing
}

// Count adds a message to what is claimed. One that was not parsed counts for
// nothing.
func (c *Coverage) Count(m *Message) {
	if m.Kind == Unparsed {
		return
	}
	c.Messages++
	stored, missing := m.Media()
	c.MediaStored += stored
	c.MediaMissing += missing
	if m.Time.IsZero() {
		return
	}
	if c.From.IsZero() || m.Time.Before(c.From) {
		c.From = m.Time
	}
	if m.Time.After(c.To) {
		c.To = m.Time
	}
}
