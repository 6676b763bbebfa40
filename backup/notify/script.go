package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"chatkeep/backup/shell"
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
	err = s.deps.Run(ctx, shell.Command{
		Name: "the command", Line: s.command, Env: append(withoutStores(s.deps.Environ()), variables(e)...), Grace: farewell,
		Stdin: bytes.NewReader(append(input, '\n')), Stderr: s.deps.Stderr,
	})
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("the command took longer than %v and was ended", s.timeout)
	}
	var ended *shell.Failed
	if errors.As(err, &ended) && ended.Code == tryAgain {
		return &passing{error: err}
	}
	return err
}

// farewell is how long a command that was ended may take to end.
const farewell = time.Second

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

// withoutStores is an environment without what gives access to the places of
// repositories. What opens repositories no command of a person's gets anyway.
func withoutStores(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(kv string) bool {
		name := strings.ToUpper(kv) // as Windows takes them
		return strings.HasPrefix(name, "AWS_") || strings.HasPrefix(name, "RCLONE_")
	})
}
