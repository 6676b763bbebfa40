package backup

import (
	"context"
	"strings"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/session"
	"chatkeep/providers/chat"
	"chatkeep/providers/storage"
)

func explainCommand(env *session.Env, chats []chat.Provider) *cli.Command {
	return &cli.Command{
		Name: "explain", Category: session.TakeIn, ArgsUsage: "[APP|PLACE]", Usage: "tell what to tap in an app to get an export, or how to set up a place",
		Description: "Without a word it lists the apps that this build knows, and the kinds of places there are texts about.\n\n" +
			"   chatkeep explain whatsapp\n   chatkeep explain google-drive",
		Flags: env.Flags(),
		Action: env.Action(func(_ context.Context, c *session.Call) error {
			all := explanations(chats, env.Stores)
			if c.Arg(0) == "" {
				return listExplanations(c, all)
			}
			for _, e := range all {
				if e.Name != c.Arg(0) {
					continue
				}
				e.Type = "summary"
				return c.Voice.Document(strings.TrimSuffix(e.Text, "\n")+"\n", e)
			}
			return session.Usage("%q is none of %s", c.Arg(0), namesOf(all))
		}),
	}
}

// explained is a text, or the mention of one.
type explained struct {
	Type  string `json:"type"`
	Name  string `json:"name"`
	Title string `json:"title"`
	Text  string `json:"text,omitempty"`
}

// explanations are the texts there are: of apps, and of places.
func explanations(chats []chat.Provider, stores []storage.Provider) (all []explained) {
	for _, p := range chats {
		all = append(all, explained{"app", p.Name, p.Title, p.Explain})
	}
	for _, p := range stores {
		for _, topic := range p.Topics {
			all = append(all, explained{"place", topic.Name, topic.Title, topic.Text})
		}
	}
	return all
}

func namesOf(all []explained) string {
	var names []string
	for _, e := range all {
		names = append(names, e.Name)
	}
	return strings.Join(names, ", ")
}

func listExplanations(c *session.Call, all []explained) error {
	counts := map[string]int{}
	for _, e := range all {
		counts[e.Type]++
		c.Voice.Print("%-12s %s", e.Name, e.Title)
		e.Text = ""
		if err := c.Voice.Object(e); err != nil {
			return err
		}
	}
	return c.Voice.Object(struct {
		Type   string `json:"type"`
		Apps   int    `json:"apps"`
		Places int    `json:"places"`
	}{"summary", counts["app"], counts["place"]})
}
