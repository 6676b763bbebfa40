package backup

import (
	"time"

	"chatkeep/backup/config"
	"chatkeep/backup/session"
	"chatkeep/providers/chat"
)

// Configured makes a source of one of the configuration file. Path is one of what
// its own path or pattern matches. Snapshots of it share the name.
func Configured(name string, s config.Source, path string, chats []chat.Provider) (Source, error) {
	src := Source{
		Path: path, Name: name, App: s.App, Providers: chats, Tags: s.Tags, Host: session.Label(s.Host),
		Chat:   chat.Options{Me: s.Me, Chat: s.Chat, DateOrder: s.DateOrder},
		Select: Selection{Exclude: s.Exclude, Include: s.Include, NoVideos: s.NoVideos, OneFileSystem: s.OneFileSystem},
	}
	var err error
	if s.ExcludeLargerThan != "" {
		src.Select.LargerThan, err = session.ParseSize(s.ExcludeLargerThan)
	}
	if err == nil && s.TZ != "" {
		src.Chat.Zone, err = time.LoadLocation(s.TZ)
	}
	return src, err
}

// checkConfig has the configuration file looked at for what this package knows:
// apps, patterns and tags.
func checkConfig(env *session.Env, chats []chat.Provider) {
	env.CheckConfig("app", func(app string) error {
		if !knownApp(chats, app) {
			return session.Usage("%q is none of files, %s", app, names(chats))
		}
		return nil
	})
	pattern := func(p string) error {
		s := Selection{Exclude: []string{p}}
		return s.Check()
	}
	env.CheckConfig("exclude", pattern)
	env.CheckConfig("include", pattern)
	env.CheckConfig("tags", ownTag)
}
