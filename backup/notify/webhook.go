package notify

import (
	"context"
	"encoding/json"
	"strings"
)

// webhook tells a program that listens, in JSON.
type webhook struct{ web *web }

func (w *webhook) tell(ctx context.Context, e Event) error {
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	header := map[string]string{"Content-Type": "application/json"}
	if e.Run != "" {
		// So that who heard it in a try that seemed to fail hears it once.
		header["Idempotency-Key"] = headerText(strings.Trim(e.Run+"-"+string(e.Kind)+"-"+e.Repository, "-"))
	}
	_, err = w.web.post(ctx, nil, header, string(body))
	return err
}
