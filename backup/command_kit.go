package backup

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/keys"
	"chatkeep/backup/kit"
	"chatkeep/backup/session"
)

func kitCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "kit", Category: session.SetUp, Usage: "make the recovery kit: a page for the safe",
		Description: "Where the repository is, what opens it, its newest state, and how to get everything\n" +
			"back, with chatkeep and without. No secret is on the page: a recovery key can be put\n" +
			"there when it is made alone, by --with-recovery-key of init and of key add.\n\n" +
			"  chatkeep kit\n" +
			"  chatkeep kit --output kit.html",
		Flags: env.KeyFlags(
			&cli.StringFlag{Name: "format", Usage: "`FORMAT` of the page: text or html (default html where --output ends in .html, else text)"},
			&cli.StringFlag{Name: "output", Usage: "write it to `FILE`, which must not exist"}),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			output := c.String("output")
			if output == "" && c.IsSet("output") {
				return session.Usage("--output is empty")
			}
			form, err := kitFormat(c.String("format"), output)
			if err != nil {
				return err
			}
			a, err := c.Open(ctx)
			if err == nil && !a.Vouched() {
				// So far the id is the place's own claim, and no page may have that.
				_, err = a.Reader(ctx)
			}
			if err != nil {
				return err
			}
			facts, err := factsOf(ctx, c, a)
			if err != nil {
				return err
			}
			page, err := form(facts, "")
			if err != nil {
				return err
			}
			summary := kitSummaryOf(c, a, facts, output)
			if output == "" {
				return c.Voice.Document(string(page), summary)
			}
			if err := session.WriteSecret(output, page); err != nil {
				return err
			}
			c.Voice.Say("the recovery kit is in %s: print it, and keep it in a safe", output)
			return c.Voice.Object(summary)
		}),
	}
}

// kitForm writes a kit; the key is empty where there is to be no secret in it.
type kitForm func(*kit.Facts, keys.RecoveryKey) ([]byte, error)

// kitFormat is the form that a flag names, or else the name of the file.
func kitFormat(name, path string) (kitForm, error) {
	if name == "" && slices.Contains([]string{".html", ".htm"}, strings.ToLower(filepath.Ext(path))) {
		name = "html"
	}
	switch name {
	case "html":
		return kit.HTML, nil
	case "", "text":
		return kit.Text, nil
	}
	return nil, session.Usage("--format: %q is neither text nor html", name)
}

// writeKit writes the kit that --kit asks for beside something new, with the recovery
// key that was just made if the flags say so.
func writeKit(ctx context.Context, c *session.Call, a *session.Archive, path string, key keys.RecoveryKey) error {
	if path == "" {
		return nil
	}
	form, err := kitFormat("", path)
	if err != nil {
		return err
	}
	if !c.WithRecoveryKey() {
		key = ""
	}
	facts, err := factsOf(ctx, c, a)
	if err != nil {
		return err
	}
	page, err := form(facts, key)
	if err != nil {
		return err
	}
	if err := c.WriteKit(path, page); err != nil {
		return err
	}
	if key != "" {
		c.Voice.Say("the recovery kit, with the recovery key, is in %s: print it, keep it in a safe, and delete the file", path)
		return nil
	}
	c.Voice.Say("the recovery kit is in %s: print it, and keep it in a safe", path)
	return nil
}

// writeKitBeside is writeKit after something was done, which an error says.
func writeKitBeside(ctx context.Context, c *session.Call, a *session.Archive, path string, key keys.RecoveryKey, done string) error {
	err := writeKit(ctx, c, a, path, key)
	if err == nil {
		return nil
	}
	hint := "chatkeep kit makes one"
	if c.WithRecoveryKey() {
		hint = path + " has the recovery key alone; chatkeep kit makes a page without it"
	}
	return session.Fail(session.ExitFailed, hint, "%s, but the recovery kit was not written: %v", done, err)
}
