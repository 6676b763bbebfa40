package notify

import (
	"context"
	"mime"
	"strings"
)

// ntfy tells the telephones that listen to a topic.
type ntfy struct{ web *web }

// priorities are ntfy's, 1 to 5; 4 makes a telephone ring longer.
var priorities = map[Kind]string{Failure: "4", Stale: "4", Warning: "3", Recovery: "3", Success: "2", Start: "1"}

func (n *ntfy) tell(ctx context.Context, e Event) error {
	_, err := n.web.post(ctx, nil, map[string]string{
		"Content-Type": "text/plain; charset=utf-8",
		"Title":        headerText(e.Title()),
		"Priority":     priorities[e.Kind],
		"Tags":         "chatkeep," + string(e.Kind),
	}, e.Text())
	return err
}

// headerText writes a line for a header: as it is where it is ASCII, else as RFC
// 2047 has it. What looks as if it were encoded already must not be decoded.
func headerText(line string) string {
	return mime.BEncoding.Encode("utf-8", strings.ReplaceAll(line, "=?", "= ?"))
}
