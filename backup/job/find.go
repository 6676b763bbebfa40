package job

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"chatkeep/backup/config"
)

// Finder makes sources ready to be stored. All its fields have to be set.
type Finder struct {
	Now func() time.Time
	// Sleep waits, or returns an error when the context ends first.
	Sleep func(context.Context, time.Duration) error
	// Match returns the paths that a source stands for now, at least one.
	Match func(config.Source) ([]string, error)
	// Produce runs the command that makes a source's export.
	Produce func(ctx context.Context, name string, s config.Source) error
}

// Find produces a source's export, where it has a command for that, finds it, and
// waits until nobody writes to a watched one any more, within reason. It returns
// the paths to store, and what a watched source looks like, "" for others. Of a
// command's output there is one path, which is empty.
func (f *Finder) Find(ctx context.Context, name string, s config.Source) (paths []string, looks string, err error) {
	if s.Before != "" {
		if err := f.Produce(ctx, name, s); err != nil {
			return nil, "", err
		}
	}
	if paths, err = f.paths(s); err == nil && s.Watch {
		looks, err = f.settle(ctx, s, paths)
	}
	return paths, looks, err
}

func (f *Finder) paths(s config.Source) ([]string, error) {
	if s.Command != "" {
		return []string{""}, nil
	}
	return f.Match(s)
}

// maxSettles is how often a folder that is being written to is waited for.
const maxSettles = 5

// settle waits until nobody writes to a watched source any more, and returns what
// it looks like.
func (f *Finder) settle(ctx context.Context, s config.Source, paths []string) (string, error) {
	for n := 0; ; n++ {
		looks, newest, err := lookAt(paths)
		if err != nil {
			return "", err
		}
		age := f.Now().Sub(newest)
		if age >= s.Settle || age < 0 || n == maxSettles {
			return looks, nil
		}
		if err := f.Sleep(ctx, s.Settle-age); err != nil {
			return "", err
		}
	}
}

// NotReady is the trouble of a source that cannot be stored because of an error
// that Find returned, or the like.
func NotReady(source string, err error) Trouble {
	return Trouble{Code: codeOf(err), Message: source + ": " + err.Error(), Hint: hintOf(err)}
}

// codeOf is the exit code that an error stands for.
func codeOf(err error) int {
	var known interface{ ExitCode() int }
	switch {
	case errors.As(err, &known):
		return known.ExitCode()
	case errors.Is(err, fs.ErrNotExist):
		return codeShrunk // what was there is gone
	case errors.Is(err, fs.ErrPermission):
		return codeLogin
	}
	return codeFailed
}

func hintOf(err error) string {
	var known interface{ Hint() string }
	if errors.As(err, &known) {
		return known.Hint()
	}
	return ""
}
