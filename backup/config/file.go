package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// File is a config, and the file that it stands in.
type File struct {
	Path   string
	There  bool // false: there is no such file, and the config is that of an empty one
	Config *Config

	known    Known
	document *document
}

// Load reads the file at a path.
func Load(path string, known Known) (*Config, error) {
	f, err := Open(path, known)
	if err != nil {
		return nil, err
	}
	if !f.There {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return f.Config, nil
}

// Open is Load for one who also wants to know where what stands, or to change it.
// A file that is not there is no error.
func Open(path string, known Known) (*File, error) {
	data, err := os.ReadFile(path)
	there := !errors.Is(err, fs.ErrNotExist)
	if err != nil && there {
		return nil, fmt.Errorf("config: %w", err)
	}
	d := parseDocument(path, data)
	c := read(d, known)
	if err := problemsOf(d.problems); err != nil {
		return nil, err
	}
	return &File{Path: path, There: there, Config: c, known: known, document: d}, nil
}

// At is where a value or a table stands, as "FILE:LINE", or "" if it does not: it
// was filled in.
func (f *File) At(path ...string) string {
	n := f.document.find(path...)
	if n == nil {
		return ""
	}
	line, _ := f.document.position(n.key)
	return fmt.Sprintf("%s:%d", f.Path, line)
}
