package backup

import (
	"context"
	"encoding/json"

	"github.com/urfave/cli/v2"

	"chatkeep/backup/format"
	"chatkeep/backup/repo"
	"chatkeep/backup/session"
	"chatkeep/providers/storage"
)

func doctorStorageCommand(env *session.Env) *cli.Command {
	return &cli.Command{
		Name: "storage", ArgsUsage: "[LOCATION]", Usage: "test whether a place keeps the promises that a repository relies on, or print a policy for it",
		Description: "Puts, gets, lists and deletes objects in a folder of its own in the place, LOCATION or\n" +
			"the repository's, and removes them again, after an interruption, too. It moves about\n" +
			"150 MB each way and makes some 4,000 requests. The place must be there, and the\n" +
			"credentials be allowed to put and delete.\n\n" +
			"  chatkeep doctor storage\n" +
			"  chatkeep doctor storage s3:https://minio.example/chats\n\n" +
			"With --print-policy it asks nobody, and prints as JSON the rights that a role needs: a\n" +
			"writer backs up, a reader lists, checks and restores, a pruner prunes, a locker locks\n" +
			"for longer.\n\n" +
			"  chatkeep doctor storage --print-policy writer s3://bucket/chats > policy.json\n" +
			"  chatkeep doctor storage --print-policy reader --form bucket --principal 123456789012 s3://bucket/chats",
		Flags: env.RepositoryFlags(
			&cli.StringFlag{Name: "print-policy", Usage: "print the least rights of a `ROLE`: writer, reader, pruner or locker"},
			&cli.StringFlag{Name: "form", Usage: "the policy's `FORM`: aws for a user or role, minio, or bucket (default by the server)"},
			&cli.StringFlag{Name: "principal", Usage: "with --form bucket: the `ARN` or account that gets the rights"},
			&cli.StringFlag{Name: "writer-id", Usage: "with --print-policy writer: only what the writer with this `ID` may put, of 64 hex digits"},
		),
		Action: env.Action(func(ctx context.Context, c *session.Call) error {
			if at := c.Arg(0); at != "" {
				if c.IsSet("repo") {
					return session.Usage("either LOCATION or --repo")
				}
				other := c.At(at)
				defer other.Close()
				c = other
			}
			if c.IsSet("print-policy") {
				return printPolicy(c)
			}
			for _, flag := range []string{"form", "principal", "writer-id"} {
				if c.IsSet(flag) {
					return session.Usage("--%s goes with --print-policy", flag)
				}
			}
			x := newExamination(c)
			if err := x.storage(ctx); err != nil {
				return err
			}
			return x.end()
		}),
	}
}

// policySummary is what --print-policy --json prints; fields are only added.
type policySummary struct {
	Type   string          `json:"type"`
	Role   string          `json:"role"`
	Form   string          `json:"form"`
	Policy json.RawMessage `json:"policy"`
}

func printPolicy(c *session.Call) error {
	role := c.String("print-policy")
	writer := format.Hash{}
	if text := c.String("writer-id"); c.IsSet("writer-id") {
		var err error
		if writer, err = format.ParseHash(text); err != nil || role != string(repo.RoleWriter) {
			return session.Fail(session.ExitUsage, "chatkeep writer list --json shows ids; it goes with --print-policy writer", "--writer-id: %q cannot be taken", text)
		}
	}
	rights := repo.Rights(repo.Role(role), writer)
	if rights == nil {
		return session.Usage("--print-policy: %q is none of writer, reader, pruner and locker", role)
	}
	policy, err := c.Policy(storage.Grant{Rights: rights, Form: c.String("form"), Principal: c.String("principal")})
	if err != nil {
		return err
	}
	return c.Voice.Document(string(policy.Text), policySummary{"summary", role, policy.Form, policy.Text})
}
