// Package places knows where chats lie on a person's machine: the data of the apps
// themselves, and what exports are called where browsers, phones and apps put them.
// It is a table of names and opens nothing. What it knows is from the apps' help
// pages, from programs that read the same data, and from what people report; a place
// that is not there any more costs nothing.
package places

import "slices"

// Kind says what may be done with what is at a place.
type Kind string

const (
	// Export was made to be taken away. It may be looked into.
	Export Kind = "export"
	// Own is what an app works with, or a backup that only the app can read. Nobody
	// but the app opens it: to open a database can change it.
	Own Kind = "own"
)

// Folder is where a place lies, which differs by system.
type Folder string

const (
	Home     Folder = "home"
	Anywhere Folder = "anywhere" // the home and every visible folder in it
	Config   Folder = "config"   // where apps keep their data: ~/.config, Application Support, AppData\Roaming
	Local    Folder = "local"    // what of it stays on the machine: ~/.local/share, AppData\Local
	Saved    Folder = "saved"    // where people put files: downloads, documents, desktop, a cloud's folder
)

// Place is somewhere to look.
type Place struct {
	Name  string // proposed for a source of it
	App   string // the provider that would read it, as --app has it, whether a build has it or not; "" for several
	Title string // what it is, for people
	Kind  Kind
	On    []string // systems, as runtime.GOOS has them; all where empty
	In    Folder
	// Paths are below the folder, by "/", and may be patterns as those of a source.
	Paths []string
	// Has is a path, or a pattern, below it without which it is something else.
	Has string
	// Note is what to know before it is backed up.
	Note string
}

// Of are the places of a system.
func Of(system string) []Place {
	return slices.DeleteFunc(slices.Clone(known), func(p Place) bool { return len(p.On) > 0 && !slices.Contains(p.On, system) })
}
