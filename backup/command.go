package backup

import (
	"strings"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/schedule"
	"chatkeep/backup/session"
	"chatkeep/providers/chat"
)

// Commands are the commands that write to a repository or care for it. Chats are
// the apps that this build knows.
func Commands(env *session.Env, chats []chat.Provider) []*cli.Command {
	checkConfig(env, chats)
	return []*cli.Command{
		initCommand(env),
		kitCommand(env),
		configCommand(env),
		sourceCommand(env, chats),
		keyCommand(env),
		writerCommand(env),
		inspectCommand(env, chats),
		explainCommand(env, chats),
		backupCommand(env, chats),
		checkCommand(env),
		forgetCommand(env),
		pruneCommand(env),
		lockCommand(env),
		repairCommand(env),
		doctorCommand(env),
		parityCommand(env),
		statsCommand(env),
		copyCommand(env),
		runCommand(env),
		statusCommand(env),
		notifyCommand(env),
		scheduleCommand(env, schedule.ThisMachine()),
	}
}

// sourceFlags say how an export is to be read.
func sourceFlags() []cli.Flag {
	return append(session.ExportKeyFlags(),
		&cli.StringFlag{Name: "app", Usage: "everything is an export of `APP`, where recognition should not decide; files parses nothing"},
		&cli.StringFlag{Name: "me", Usage: "`NAME` or id under which you appear in the export"},
		&cli.StringFlag{Name: "chat", Usage: "`TITLE` of the conversation, where the export does not tell"},
		&cli.StringFlag{Name: "tz", Usage: "`ZONE` in which the export shows times without one, as Europe/Berlin"},
		&cli.StringFlag{Name: "date-order", Usage: "`ORDER` of day, month and year in the export: dmy, mdy or ymd"},
	)
}

func names(chats []chat.Provider) string {
	var all []string
	for _, p := range chats {
		all = append(all, p.Name)
	}
	return strings.Join(all, ", ")
}

// maxShown is how many lines of one kind a person is shown.
const maxShown = 20

// shown prints lines, and of many only the first.
func shown[T any](all []T, line func(T), more func(n int)) {
	for _, one := range all[:min(len(all), maxShown)] {
		line(one)
	}
	if n := len(all) - maxShown; n > 0 {
		more(n)
	}
}
