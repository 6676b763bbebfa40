package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// tryAgain is the exit code by which programs that hand on mail ask for another
// try.
const tryAgain = 75

// script tells by a command of the person's own.
type script struct {
	command string
	timeout time.Duration
	deps    Deps
}

func (s *script) tell(ctx context.Context, e Event) error {
	input, err := json.Marshal(e)
	if err != nil {
		return err
	}
	err = s.deps.Run(ctx, Command{
		Text: s.command, Env: append(harmless(s.deps.Environ(), false), variables(e)...),
		Stdin: append(input, '\n'), Stderr: s.deps.Stderr,
	})
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("the command took longer than %v and was ended", s.timeout)
	}
	// The error must not hand on its exit code as ours.
	var ended interface{ ExitCode() int }
	if !errors.As(err, &ended) {
		return fmt.Errorf("the command did not run: %s", oneLine(err.Error(), maxHint))
	}
	err = fmt.Errorf("the command ended with exit code %d", ended.ExitCode())
	if ended.ExitCode() == tryAgain {
		return &passing{error: err}
	}
	return err
}

// variables are an event as a command finds it in its environment.
func variables(e Event) []string {
	return []string{
		"CHATKEEP_EVENT=" + string(e.Kind),
		"CHATKEEP_TITLE=" + e.Title(),
		"CHATKEEP_SUMMARY=" + e.Summary,
		"CHATKEEP_HINT=" + e.Hint,
		"CHATKEEP_JOB=" + e.Job,
		// Without NAME it is what chatkeep takes for the place to work on.
		"CHATKEEP_REPOSITORY_NAME=" + e.Repository,
		"CHATKEEP_RUN=" + e.Run,
		"CHATKEEP_HOST=" + e.Host,
		"CHATKEEP_TIME=" + e.Time.Format(time.RFC3339),
		"CHATKEEP_EXIT_CODE=" + strconv.Itoa(e.ExitCode),
		"CHATKEEP_SECONDS=" + strconv.FormatFloat(e.Duration.Seconds(), 'f', -1, 64),
		"CHATKEEP_BYTES_STORED=" + strconv.FormatInt(e.BytesStored, 10),
		"CHATKEEP_FILES=" + strconv.FormatInt(e.Files, 10),
		"CHATKEEP_MESSAGES=" + strconv.FormatInt(e.Messages, 10),
	}
}

// credentials is where systemd puts a service's secrets.
const credentials = "CREDENTIALS_DIRECTORY"

// harmless is an environment without what gives access to repositories. A command
// that is asked for a secret of its own may look where systemd keeps them.
func harmless(env []string, asked bool) []string {
	var kept []string
	for _, kv := range env {
		name, _, _ := strings.Cut(kv, "=")
		name = strings.ToUpper(name) // as Windows takes them
		secret := name == credentials && !asked
		for _, prefix := range []string{"CHATKEEP_PASSPHRASE", "CHATKEEP_NEW_PASSPHRASE", "CHATKEEP_EXPORT_KEY", "AWS_", "RCLONE_"} {
			secret = secret || strings.HasPrefix(name, prefix)
		}
		if !secret {
			kept = append(kept, kv)
		}
	}
	return kept
}
