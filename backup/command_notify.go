package backup

import (
	"context"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/notify"
	"chatkeep/backup/session"
)

func notifyCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "notify", Category: session.Automate, Usage: "see whether people can be told",
		Subcommands: []*cli.Command{{
			Name: "test", ArgsUsage: "[CHANNEL…]", Usage: "tell the channels something harmless",
			Description: "Sends a sample to each channel of the configuration file, or to those named, whatever\n" +
				"it wants to hear of.\n\n" +
				"  chatkeep notify test\n" +
				"  chatkeep notify test phone --kind failure",
			Flags: env.Flags(session.ConfigFlag(),
				&cli.StringFlag{Name: "kind", Value: string(notify.Success), Usage: "`WORD` for what is told: start, success, warning, failure, recovery or stale"},
				session.DryRun()),
			Action: env.Action(testChannels),
		}},
	}
}

// toldOf is a channel in the output of notify test --json; fields are only added.
type toldOf struct {
	Type  string `json:"type"`
	Name  string `json:"name"`
	Told  bool   `json:"told"`
	Error string `json:"error,omitempty"`
}

func testChannels(ctx context.Context, c *session.Call) error {
	n, err := newNotifier(c)
	if err != nil {
		return err
	}
	kind := notify.Kind(c.String("kind"))
	switch kind {
	case notify.Start, notify.Success, notify.Warning, notify.Failure, notify.Recovery, notify.Stale:
	default:
		return session.Usage("--kind: %q is none of start, success, warning, failure, recovery, stale", string(kind))
	}
	names := c.Args().Slice()
	if len(names) == 0 {
		names = n.Names()
	}
	if len(names) == 0 {
		return session.Fail(session.ExitUsage, "docs/monitoring.md shows some", "the configuration file has no channel")
	}
	var failed []error
	for _, name := range names {
		one := toldOf{Type: "channel", Name: name}
		if !c.DryRun() {
			if err := n.Try(ctx, name, notify.Sample(kind)); err != nil {
				failed = append(failed, err)
				one.Error = err.Error()
			} else {
				one.Told = true
				c.Voice.Print("%s: told", name)
			}
		} else {
			c.Voice.Print("%s: would be told", name)
		}
		if err := c.Voice.Object(one); err != nil {
			return err
		}
	}
	if err := c.Voice.Object(struct {
		Type     string `json:"type"`
		Channels int    `json:"channels"`
		Failed   int    `json:"failed"`
		DryRun   bool   `json:"dry_run,omitempty"`
	}{"summary", len(names), len(failed), c.DryRun()}); err != nil {
		return err
	}
	return joined(failed)
}
