package meta

// hintError is an error with a cure.
type hintError struct{ text, hint string }

func (e *hintError) Error() string { return e.text }

// Hint says what to do.
func (e *hintError) Hint() string { return e.hint }
