package session

import (
	"context"
	"fmt"
	"sort"
	"strings"

	"github.com/urfave/cli/v2"
)

// shells are those that completion knows.
var shells = map[string]func(words map[string][]string) string{"bash": bashScript, "zsh": zshScript, "fish": fishScript}

func completionCommand(env *Env, app *cli.App) *cli.Command {
	return &cli.Command{
		Name: "completion", Category: Meta, Usage: "print a script that completes commands and flags in a shell",
		ArgsUsage: "SHELL",
		Description: "SHELL is bash, zsh or fish. Commands and flags are completed, and then files.\n\n" +
			"  bash  chatkeep completion bash > ~/.local/share/bash-completion/completions/chatkeep\n" +
			"  zsh   chatkeep completion zsh > \"${fpath[1]}/_chatkeep\"\n" +
			"  fish  chatkeep completion fish > ~/.config/fish/completions/chatkeep.fish",
		Flags: env.Flags(),
		Action: env.Action(func(_ context.Context, c *Call) error {
			script, ok := shells[c.Arg(0)]
			if !ok {
				return Usage("no completion for %q: bash, zsh and fish are known", c.Arg(0))
			}
			text := script(completions(app))
			return c.Voice.Document(text, struct {
				Type  string `json:"type"`
				Shell string `json:"shell"`
				Text  string `json:"text"`
			}{"summary", c.Arg(0), text})
		}),
	}
}

// completions lists what may follow each command, by its name with its group's.
func completions(app *cli.App) map[string][]string {
	words := map[string][]string{}
	collect(words, "", app.Commands)
	return words
}

func collect(words map[string][]string, name string, commands []*cli.Command) {
	for _, c := range commands {
		full := strings.TrimSpace(name + " " + c.Name)
		words[name] = append(words[name], c.Name)
		words[full] = append(words[full], "--help")
		for _, f := range c.Flags {
			// The library adds --help to the flags when it runs.
			if flag := f.Names()[0]; flag != "help" {
				words[full] = append(words[full], "--"+flag)
			}
		}
		collect(words, full, c.Subcommands)
	}
}

func sortedKeys(words map[string][]string) []string {
	names := make([]string, 0, len(words))
	for name := range words {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// bashScript completes by the first two words that are no flags.
func bashScript(words map[string][]string) string {
	var b strings.Builder
	b.WriteString(`# bash completion for chatkeep
_chatkeep() {
	local cur=${COMP_WORDS[COMP_CWORD]} name= word i words
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case "${name:+$name }$word" in
`)
	writeNames(&b, words, "\t\t")
	b.WriteString("\t\tesac\n\tdone\n\tcase \"$name\" in\n")
	for _, name := range sortedKeys(words) {
		fmt.Fprintf(&b, "\t%q) words=%q ;;\n", name, strings.Join(words[name], " "))
	}
	b.WriteString(`	esac
	COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _chatkeep chatkeep
`)
	return b.String()
}

// zshScript is the same in zsh's words.
func zshScript(words map[string][]string) string {
	var b strings.Builder
	b.WriteString(`#compdef chatkeep
_chatkeep() {
	local name= word
	for word in ${words[2,CURRENT-1]}; do
		case "${name:+$name }$word" in
`)
	writeNames(&b, words, "\t\t")
	b.WriteString("\t\tesac\n\tdone\n\tcase \"$name\" in\n")
	for _, name := range sortedKeys(words) {
		fmt.Fprintf(&b, "\t%q) compadd -- %s ;;\n", name, strings.Join(words[name], " "))
	}
	b.WriteString("\tesac\n\t[[ -n $name ]] && _files\n}\n_chatkeep \"$@\"\n")
	return b.String()
}

// writeNames writes the arms of a case that recognise a command by its name.
func writeNames(b *strings.Builder, words map[string][]string, indent string) {
	for _, name := range sortedKeys(words) {
		if name != "" {
			fmt.Fprintf(b, "%s%q) name=%q ;;\n", indent, name, name)
		}
	}
}

func fishScript(words map[string][]string) string {
	var b strings.Builder
	b.WriteString("# fish completion for chatkeep\n")
	for _, name := range sortedKeys(words) {
		condition := "__fish_use_subcommand"
		if name != "" {
			var seen []string
			for word := range strings.FieldsSeq(name) {
				seen = append(seen, "__fish_seen_subcommand_from "+word)
			}
			condition = strings.Join(seen, "; and ")
		}
		for _, word := range words[name] {
			if flag, ok := strings.CutPrefix(word, "--"); ok {
				fmt.Fprintf(&b, "complete -c chatkeep -n %q -l %s\n", condition, flag)
			} else {
				fmt.Fprintf(&b, "complete -c chatkeep -n %q -f -a %s\n", condition, word)
			}
		}
	}
	return b.String()
}
