package backup

import (
	"context"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/session"
	"chatkeep/providers/chat"
)

func explainCommand(env *session.Env, chats []chat.Provider) *cli.Command {
	return &cli.Command{
		Name: "explain", Category: session.TakeIn, ArgsUsage: "[APP]", Usage: "tell what to tap in an app to get an export",
		Description: "Without APP it lists the apps that this build knows.",
		Flags:       env.Flags(),
		Action: env.Action(func(_ context.Context, c *session.Call) error {
			if c.Arg(0) == "" {
				return listApps(c, chats)
			}
			p, ok := find(chats, c.Arg(0))
			if !ok {
				return session.Usage("%q is none of %s", c.Arg(0), names(chats))
			}
			if c.Voice.JSON() {
				return c.Voice.Object(explained{"summary", p.Name, p.Title, p.Explain})
			}
			_, err := io.WriteString(env.Stdout, strings.TrimSuffix(p.Explain, "\n")+"\n")
			return err
		}),
	}
}

type explained struct {
	Type    string `json:"type"`
	Name    string `json:"name"`
	Title   string `json:"title"`
	Explain string `json:"explain,omitempty"`
}

func listApps(c *session.Call, chats []chat.Provider) error {
	for _, p := range chats {
		c.Voice.Print("%-12s %s", p.Name, p.Title)
		if err := c.Voice.Object(explained{Type: "app", Name: p.Name, Title: p.Title}); err != nil {
			return err
		}
	}
	return c.Voice.Object(struct {
		Type string `json:"type"`
		Apps int    `json:"apps"`
	}{"summary", len(chats)})
}
