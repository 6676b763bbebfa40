package metrics

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

const ending = ".prom"

// Write replaces the file at path by the text of the families, at once, so that a
// collector reads the old or the new one. Everybody may read it, since a collector
// is another user. The folder has to be there: it is the collector's.
func Write(path string, families []Family) error {
	if filepath.Ext(path) != ending {
		return &WrongName{path}
	}
	// Its name must not end in .prom, or a collector would read it half-written.
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("the file of metrics: %w", err)
	}
	_, err = f.Write(Text(families))
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("the file of metrics: %w", err)
	}
	return nil
}

// WrongName is the error of a file that no collector would read.
type WrongName struct{ Path string }

func (e *WrongName) Error() string {
	return fmt.Sprintf("the file of metrics, %s: its name does not end in %s", e.Path, ending)
}

// Hint says what to do.
func (e *WrongName) Hint() string { return "node_exporter reads no other: name it chatkeep" + ending }
