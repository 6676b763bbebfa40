package runlog

import (
	"fmt"
	"strings"
	"testing"
)

func FuzzStream(f *testing.F) {
	for _, text := range []string{"", "8:1234", "8:", ":8", "8:1:2", "-1:2", "18446744073709551616:1", " 8:1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		device, inode, ok := parseStream(text)
		before, after, _ := strings.Cut(text, ":")
		same := strings.TrimLeft(before, "0")+":"+strings.TrimLeft(after, "0") == strings.TrimLeft(fmt.Sprint(device), "0")+":"+strings.TrimLeft(fmt.Sprint(inode), "0")
		if ok && !same {
			t.Errorf("%q is %d and %d", text, device, inode)
		}
	})
}
