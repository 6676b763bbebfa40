package storagetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// HeadReferences gives the keys of the packs, index objects and manifest that
// the body of a head names, in whatever way it groups them: a hash anywhere
// below a field "packs", "index" or "manifest" counts, unless it is below
// "drop". Other objects refer to nothing. It knows no more of the format than
// that, so as not to repeat a mistake of the code it watches.
func HeadReferences(key string, data []byte) ([]string, error) {
	if !strings.HasPrefix(key, "snapshots/") {
		return nil, nil
	}
	var signed struct {
		Body string `json:"body"`
	}
	if err := json.Unmarshal(data, &signed); err != nil {
		return nil, fmt.Errorf("a head that is not JSON: %w", err)
	}
	var body map[string]any
	if err := json.Unmarshal([]byte(signed.Body), &body); err != nil {
		return nil, errors.New("a head whose body is not a JSON object in a string")
	}
	var keys []string
	collect(body, "", &keys)
	slices.Sort(keys)
	return slices.Compact(keys), nil
}

var wholeHash = regexp.MustCompile(`^[0-9a-f]{64}$`)

// collect walks v; folder says what the hashes in it name, or "".
func collect(v any, folder string, keys *[]string) {
	switch v := v.(type) {
	case map[string]any:
		for field, value := range v {
			switch field {
			case "drop":
			case "packs", "index", "manifest":
				collect(value, field, keys)
			default:
				collect(value, folder, keys)
			}
		}
	case []any:
		for _, value := range v {
			collect(value, folder, keys)
		}
	case string:
		if !wholeHash.MatchString(v) {
			return
		}
		switch folder {
		case "packs":
			*keys = append(*keys, packKey(v))
		case "index":
			*keys = append(*keys, "index/"+v+".age")
		case "manifest":
			*keys = append(*keys, "manifests/"+v+".age")
		}
	}
}
