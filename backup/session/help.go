package session

import "strings"

// The templates of help, in the library's template language.
const (
	groupHelp = `{{.HelpName}} - {{.Usage}}

usage: {{.HelpName}} COMMAND [flags] [arguments]
{{if .Description}}
{{.Description}}
{{end}}
commands:{{range .VisibleCommands}}
  {{.Name}}{{"\t"}}{{.Usage}}{{end}}
`

	commandHelp = `{{.HelpName}} - {{.Usage}}

usage: {{.HelpName}}{{if .VisibleFlags}} [flags]{{end}}{{if .ArgsUsage}} {{.ArgsUsage}}{{end}}
{{if .Description}}
{{.Description}}
{{end}}{{if .VisibleCommands}}
commands:{{range .VisibleCommands}}
  {{.Name}}{{"\t"}}{{.Usage}}{{end}}
{{end}}{{range .VisibleFlagCategories}}
{{if .Name}}{{.Name}}{{else}}flags{{end}}:
{{range .Flags}}  {{.}}
{{end}}{{end}}`
)

// appHelp lists the groups of commands in the order in which one meets them.
func appHelp() string {
	var b strings.Builder
	b.WriteString("chatkeep - {{.Usage}}\n\nusage: chatkeep COMMAND [flags] [arguments]\n")
	for _, group := range []string{SetUp, TakeIn, LookAfter, GiveBack, Automate, Meta} {
		b.WriteString("\n" + group + "{{range .VisibleCommands}}{{if eq .Category `" + group + "`}}\n" +
			"  {{.Name}}{{`\t`}}{{.Usage}}{{end}}{{end}}\n")
	}
	b.WriteString("\nchatkeep COMMAND --help tells more. Flags may stand anywhere; -- ends them.\n")
	return b.String()
}
