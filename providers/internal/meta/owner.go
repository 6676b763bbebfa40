package meta

import (
	"io"
	"path"
	"slices"

	"chatkeep/providers/chat"
	"chatkeep/providers/internal/jsonstream"
)

// findSelf decides who the owner of the export is: the one whom the user names,
// or whom the profile in the download names, or the only one who takes part in
// all of several threads. Threads themselves say nothing of it.
func (s *source) findSelf() {
	if s.looked {
		return
	}
	s.looked = true
	if s.self = chat.NormalText(s.options.Me); s.self != "" {
		return
	}
	threads := map[string]int{} // in how many each name takes part
	all := 0
	for _, t := range s.threads {
		names := t.peek()
		if len(names) > 0 {
			all++
		}
		for _, name := range names {
			threads[name]++
		}
	}
	for _, name := range s.profile() {
		if threads[name] > 0 {
			s.self = chat.NormalText(name)
			return
		}
	}
	var common []string
	for name, n := range threads {
		if n == all && all > 1 && !isDeleted(name) {
			common = append(common, name)
		}
	}
	if len(common) == 1 {
		s.self = chat.NormalText(common[0])
		return
	}
	s.warnings = append(s.warnings, "which participant is the owner of the export is not known; --me says so")
}

// peek reads who takes part in a thread from the beginning of its first file.
func (t *thread) peek() (names []string) {
	if t.form == inHTML {
		return nil
	}
	f, err := t.s.fsys.Open(t.place.files[0])
	if err != nil {
		return nil
	}
	defer f.Close()
	j := jsonstream.NewReader(f, jsonstream.Limits{})
	if j.Enter() != nil {
		return nil
	}
	for {
		if more, err := j.Next(); err != nil || !more {
			return nil
		}
		if string(j.Name()) != "participants" {
			continue
		}
		v, err := j.Value()
		if err != nil {
			return nil
		}
		reader := &thread{s: &source{ignored: map[string]int{}}}
		reader.list(v)
		return reader.people
	}
}

// maxProfile bounds the files that name the owner, in bytes.
const maxProfile = 4 << 20

// profile are the names that a download gives its owner.
func (s *source) profile() (names []string) {
	files := slices.Clone(s.app.Profile)
	for _, name := range s.layout.notes {
		if path.Base(name) == "autofill_information.json" {
			files = append(files, name)
		}
	}
	for _, name := range files {
		f, err := s.fsys.Open(name)
		if err != nil {
			continue
		}
		b, err := io.ReadAll(io.LimitReader(f, maxProfile))
		f.Close()
		if v, ok := jsonstream.Parse(b); err == nil && ok {
			names = append(names, ownNames(v, 0)...)
		}
	}
	return names
}

// ownNames finds names in a profile: Facebook's has "full_name", its memory of
// forms "FULL_NAME", and Instagram's fields with labels in the account's language,
// of which only the name is one that takes part in a thread.
func ownNames(v jsonstream.Value, depth int) (names []string) {
	if depth > 6 {
		return nil
	}
	for e := range v.Elements() {
		names = append(names, ownNames(e, depth+1)...)
	}
	for k, m := range v.Members() {
		switch string(k) {
		case "full_name", "FULL_NAME":
			names = append(names, texts(m)...)
		case "string_map_data":
			for _, f := range m.Members() {
				names = append(names, texts(f.Get("value"))...)
			}
		default:
			names = append(names, ownNames(m, depth+1)...)
		}
	}
	return names
}

// texts are a string, or those in a list.
func texts(v jsonstream.Value) (list []string) {
	if s, ok := text(v); ok {
		return []string{s}
	}
	for e := range v.Elements() {
		list = append(list, texts(e)...)
	}
	return list
}
