package spill

import "os"

// tempFile is a file that goes away when it is closed.
type tempFile struct {
	*os.File
	name string // "" where it has none any more
}

func newTempFile() (*tempFile, error) {
	f, err := os.CreateTemp("", "chatkeep-spill-")
	if err != nil {
		return nil, err
	}
	t := &tempFile{File: f}
	// Windows does not remove what is open.
	if os.Remove(f.Name()) != nil {
		t.name = f.Name()
	}
	return t, nil
}

func (t *tempFile) Close() error {
	err := t.File.Close()
	if t.name != "" {
		err = os.Remove(t.name)
	}
	return err
}
