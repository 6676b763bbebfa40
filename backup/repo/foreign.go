package repo

import (
	"context"
	"strings"

	"chatkeep/backup/format"
	"chatkeep/providers/storage"
)

// maxForeignShown is how many things that are no objects a message names.
const maxForeignShown = 3

// Foreign is the error of a place with things that are no objects. They may be of a
// later format, and say what must not go: so nothing is forgotten or pruned beside
// them, and no repository is begun.
type Foreign struct {
	Names []string // the first of them; one at least
}

func (e *Foreign) Error() string {
	shown := e.Names[:min(len(e.Names), maxForeignShown)]
	text := strings.Join(shown, ", ")
	if len(e.Names) > len(shown) {
		text += " and more"
	}
	return "there are things that are nothing of chatkeep's (" + text + ")"
}

// Hint tells what to do where there is a repository.
func (e *Foreign) Hint() string {
	return "move them away, or use the release of chatkeep that made them; chatkeep check lists them"
}

// FindForeign returns a [Foreign] with the first things in a store that are no
// objects, but for those that are known, nil where there are none. What a store's
// listing leaves out, as folders that a system makes, is none of them.
func FindForeign(ctx context.Context, store storage.Reader, known func(key string) bool) (*Foreign, error) {
	found := &Foreign{}
	for info, err := range listed(ctx, store, "") {
		if err != nil {
			return nil, err
		}
		if _, ok := format.ParseName(info.Key); ok || known != nil && known(info.Key) {
			continue
		}
		if found.Names = append(found.Names, info.Key); len(found.Names) > maxForeignShown {
			break
		}
	}
	if len(found.Names) == 0 {
		return nil, nil
	}
	return found, nil
}

// Occupied is the error of a place for a repository that has none and is not empty.
type Occupied struct {
	Place string // for people
	By    *Foreign
}

func (e *Occupied) Error() string {
	return e.Place + " has no repository and is not empty: " + e.By.Error()
}

// Hint tells what to do.
func (e *Occupied) Hint() string {
	return "choose an empty place, or a new folder in this one: beside such things nothing could be forgotten or pruned"
}
