package session

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"
)

func manCommand(env *Env, app *cli.App) *cli.Command {
	return &cli.Command{
		Name: "man", Category: Meta, ArgsUsage: "[DIR]", Usage: "print the manual page, or write one for each command into a folder",
		Description: "Without DIR the page of the whole goes to stdout. With it, chatkeep.1, and a page for\n" +
			"each command as chatkeep-backup.1, are written there.\n\n" +
			"  chatkeep man | man -l -\n" +
			"  chatkeep man ~/.local/share/man/man1",
		Flags: env.Flags(),
		Action: env.Action(func(_ context.Context, c *Call) error {
			pages := manPages(app)
			dir := c.Arg(0)
			if dir == "" {
				return c.Voice.Document(pages["chatkeep"], struct {
					Type string `json:"type"`
					Text string `json:"text"`
				}{"summary", pages["chatkeep"]})
			}
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return err
			}
			for name, page := range pages {
				if err := os.WriteFile(filepath.Join(dir, name+".1"), []byte(page), 0o644); err != nil {
					return err
				}
			}
			c.Voice.Say("%s written to %s", Plural(int64(len(pages)), "page", "pages"), dir)
			return c.Voice.Object(struct {
				Type  string `json:"type"`
				Dir   string `json:"dir"`
				Pages int    `json:"pages"`
			}{"summary", dir, len(pages)})
		}),
	}
}

// manPages makes the pages, by name.
func manPages(app *cli.App) map[string]string {
	pages := map[string]string{}
	var list roff
	list.section("COMMANDS")
	addPages(pages, &list, app.Name, app.Commands)
	var page roff
	page.title(app.Name, app.Usage)
	page.section("SYNOPSIS")
	page.line(`\fB` + app.Name + `\fR COMMAND [flags] [arguments]`)
	page.section("DESCRIPTION")
	page.text("Flags may stand anywhere; -- ends them. Output for programs is --json, one object a line.")
	page.b.WriteString(list.b.String())
	page.exits()
	pages[app.Name] = page.b.String()
	return pages
}

// addPages makes a page for each command, and a line for it in a list.
func addPages(pages map[string]string, list *roff, above string, commands []*cli.Command) {
	for _, c := range commands {
		name := above + "-" + c.Name
		list.item(`\fB`+escapeRoff(strings.ReplaceAll(name, "-", " "))+`\fR`, c.Usage)
		if !isGroup(c) {
			pages[name] = manPage(name, c)
		}
		addPages(pages, list, name, c.Subcommands)
	}
}

func manPage(name string, c *cli.Command) string {
	var page roff
	page.title(name, c.Usage)
	page.section("SYNOPSIS")
	page.line(strings.TrimSpace(`\fB` + escapeRoff(strings.ReplaceAll(name, "-", " ")) + `\fR [flags] ` + escapeRoff(c.ArgsUsage)))
	if c.Description != "" {
		page.section("DESCRIPTION")
		page.text(c.Description)
	}
	page.section("FLAGS")
	for _, f := range c.VisibleFlags() {
		if f.Names()[0] == "help" {
			continue // the library adds it when it runs
		}
		page.item(flagTerm(f), flagUsage(f))
	}
	page.exits()
	return page.b.String()
}

// flagTerm is a flag as it is written.
func flagTerm(f cli.Flag) string {
	var names []string
	for _, n := range f.Names() {
		dashes := "--"
		if len(n) == 1 {
			dashes = "-"
		}
		names = append(names, `\fB`+escapeRoff(dashes+n)+`\fR`)
	}
	return strings.Join(names, ", ")
}

func flagUsage(f cli.Flag) string {
	documented, ok := f.(cli.DocGenerationFlag)
	if !ok {
		return ""
	}
	return strings.ReplaceAll(documented.GetUsage(), "`", "")
}

// roff writes a page in the language of man.
type roff struct{ b strings.Builder }

func (r *roff) line(text string) { r.b.WriteString(text + "\n") }

// title begins a page. Its day is that of the commit, where that is known: a page
// is the same whenever it is made.
func (r *roff) title(name, usage string) {
	day, _, _ := strings.Cut(thisBuild().Date, "T")
	r.line(".TH " + strings.ToUpper(escapeRoff(name)) + ` 1 "` + day + `" "chatkeep" "chatkeep"`)
	r.section("NAME")
	r.line(escapeRoff(name) + ` \- ` + escapeRoff(usage))
}

func (r *roff) section(name string) { r.line(".SH " + name) }

func (r *roff) item(term, text string) {
	r.line(".TP")
	r.line(term)
	r.line(escapeRoff(strings.ReplaceAll(text, "\n", " ")))
}

// text writes lines: those that are indented are examples, and stay as they are.
func (r *roff) text(text string) {
	example := false
	for line := range strings.SplitSeq(text, "\n") {
		indented := strings.HasPrefix(line, "  ")
		switch {
		case indented && !example:
			r.line(".EX")
		case !indented && example:
			r.line(".EE")
		}
		example = indented
		if line == "" {
			r.line(".PP")
		} else {
			r.line(escapeRoff(line))
		}
	}
	if example {
		r.line(".EE")
	}
}

// exits lists the exit codes.
func (r *roff) exits() {
	r.section("EXIT STATUS")
	for _, e := range exitCodes {
		r.item(`\fB`+e.code+`\fR`, e.meaning)
	}
}

var exitCodes = []struct{ code, meaning string }{
	{"0", "done"},
	{"1", "failed"},
	{"3", "done, but a file could not be read or a record not be parsed"},
	{"10", "there is no repository"},
	{"11", "the repository is damaged, or not to be trusted"},
	{"12", "the wrong key"},
	{"13", "the storage cannot be reached; later it may work"},
	{"14", "a source or the storage refused the login"},
	{"15", "stale: no success for too long"},
	{"16", "a source shrank, or is gone"},
	{"64", "the command line is wrong"},
	{"130", "interrupted"},
}

// escapeRoff keeps text from being taken for a command.
func escapeRoff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`, "…", `\&...`).Replace(text)
	if strings.HasPrefix(text, ".") {
		text = `\&` + text
	}
	return text
}
