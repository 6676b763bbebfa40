package backup

import (
	"fmt"
	"slices"
	"time"

	"chatkeep/backup/config"
	"chatkeep/backup/rhythm"
	"chatkeep/backup/session"
	"chatkeep/providers/chat"
)

// withFlags lays what the flags say over what the configuration file says of a
// source, each value by itself. It says nothing of a path: that source is empty.
func withFlags(c *session.Call, s config.Source) (config.Source, error) {
	for flag, field := range map[string]*string{
		"app": &s.App, "me": &s.Me, "chat": &s.Chat, "tz": &s.TZ, "date-order": &s.DateOrder, "host": &s.Host,
		"exclude-larger-than": &s.ExcludeLargerThan, "before": &s.Before, "command": &s.Command,
		"export-key-file": &s.KeyFile, "export-key-command": &s.KeyCommand,
	} {
		if c.IsSet(flag) {
			*field = c.String(flag)
		}
	}
	for flag, field := range map[string]*[]string{"exclude": &s.Exclude, "include": &s.Include, "tag": &s.Tags} {
		if c.IsSet(flag) {
			*field = c.StringSlice(flag)
		}
	}
	for flag, field := range map[string]*bool{
		"newest": &s.Newest, "watch": &s.Watch, "no-videos": &s.NoVideos, "one-file-system": &s.OneFileSystem,
	} {
		if c.IsSet(flag) {
			*field = c.Bool(flag)
		}
	}
	for flag, field := range map[string]*time.Duration{
		"settle": &s.Settle, "before-timeout": &s.BeforeTimeout, "command-timeout": &s.CommandTimeout,
	} {
		if !c.IsSet(flag) {
			continue
		}
		var err error
		if *field, err = rhythm.ParseSpan(c.String(flag)); err != nil {
			return s, session.Usage("--%s: %v", flag, err)
		}
	}
	key, err := c.ExportKey()
	switch {
	case key.File != "":
		s.KeyCommand = ""
	case key.Command != "":
		s.KeyFile = ""
	}
	return s, err
}

// sourceOf makes a source of what is said of one, with the name that its snapshots
// share. Path is one of what its own path or pattern matches. What is wrong is told
// by its flag: the file was proved when it was read.
func sourceOf(c *session.Call, name string, s config.Source, path string, chats []chat.Provider) (Source, error) {
	src := Source{
		Path: path, Name: name, App: s.App, Providers: chats, Tags: s.Tags, Host: session.Label(s.Host),
		Chat:   chat.Options{Me: s.Me, Chat: s.Chat, DateOrder: s.DateOrder},
		Select: Selection{Exclude: s.Exclude, Include: s.Include, NoVideos: s.NoVideos, OneFileSystem: s.OneFileSystem},
	}
	src.Which = c.Choose
	src.Chat.Key = c.AskKey(session.ExportKey{File: s.KeyFile, Command: s.KeyCommand})
	if err := checkApp(chats, s.App); err != nil {
		return src, session.Usage("--app: %v", err)
	}
	if o := s.DateOrder; o != "" && !slices.Contains([]string{"dmy", "mdy", "ymd"}, o) {
		return src, session.Usage("--date-order: %q is none of dmy, mdy, ymd", o)
	}
	for _, tag := range s.Tags {
		if err := ownTag(tag); err != nil {
			return src, session.Usage("--tag: %v", err)
		}
	}
	if err := src.Select.Check(); err != nil {
		return src, session.Usage("%v", err)
	}
	var err error
	if s.ExcludeLargerThan != "" {
		if src.Select.LargerThan, err = session.ParseSize(s.ExcludeLargerThan); err != nil {
			return src, session.Usage("--exclude-larger-than: %v", err)
		}
	}
	if s.TZ != "" {
		if src.Chat.Zone, err = time.LoadLocation(s.TZ); err != nil {
			return src, session.Usage("--tz: there is no zone %q; they are named as in Europe/Berlin", s.TZ)
		}
	}
	return src, nil
}

// checkConfig has the configuration file looked at for what this package knows:
// apps, patterns and tags.
func checkConfig(env *session.Env, chats []chat.Provider) {
	env.CheckConfig("app", func(app string) error { return checkApp(chats, app) })
	pattern := func(p string) error {
		s := Selection{Exclude: []string{p}}
		return s.Check()
	}
	env.CheckConfig("exclude", pattern)
	env.CheckConfig("include", pattern)
	env.CheckConfig("tags", ownTag)
}

// checkApp refuses an app that this build does not know.
func checkApp(chats []chat.Provider, app string) error {
	known := func(p chat.Provider) bool { return p.Name == app }
	if app == "" || app == "files" || slices.ContainsFunc(chats, known) {
		return nil
	}
	return fmt.Errorf("%q is none of files, %s", app, names(chats))
}
