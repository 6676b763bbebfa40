package kit_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"chatkeep/backup/keys"
	"chatkeep/backup/kit"
)

// TestCodes reads the codes of a page with a reader that is not ours. Locations of all
// lengths give all sizes of codes that a page has.
func TestCodes(t *testing.T) {
	if _, err := exec.LookPath("zbarimg"); err != nil {
		if os.Getenv("CHATKEEP_REQUIRE_ALL") != "" {
			t.Fatal("zbarimg is missing")
		}
		t.Skip("zbarimg is missing")
	}
	for _, n := range []int{0, 20, 45, 70, 120, 200, 300, 450, 690} {
		f, key := some(), keys.NewRecoveryKey()
		f.Open = "chatkeep open 's3://bucket/" + strings.Repeat("Fotos_e.", n/8) + "' --id " + f.Repository.String()
		page, err := kit.HTML(f, key)
		if err != nil {
			t.Fatal(err)
		}
		codes := regexp.MustCompile(`(?s)<svg .*?</svg>`).FindAllString(string(page), -1)
		if len(codes) != 2 {
			t.Fatalf("%d codes, not 2", len(codes))
		}
		for i, want := range []string{f.Open, string(key)} {
			if got := scan(t, drawn(t, codes[i])); got != want {
				t.Errorf("%d bytes, code %d: read %q", len(f.Open), i, got)
			}
		}
	}
}

// TestNoCode leaves out a code that nobody could read on paper, and one that readers
// would take for other characters.
func TestNoCode(t *testing.T) {
	for _, more := range []string{strings.Repeat("x", 5000), "é"} {
		f := some()
		f.Open += more
		page, err := kit.HTML(f, keys.NewRecoveryKey())
		if err != nil || strings.Count(string(page), "<svg ") != 1 {
			t.Errorf("%v, %d codes, not 1", err, strings.Count(string(page), "<svg "))
		}
	}
}

// drawn draws a code as a browser would, some pixels a module.
func drawn(t *testing.T, svg string) *image.Gray {
	t.Helper()
	const scale = 4
	var width, height int
	if _, err := fmt.Sscanf(svg, `<svg viewBox="0 0 %d %d"`, &width, &height); err != nil || width != height {
		t.Fatalf("%v: %d by %d", err, width, height)
	}
	canvas := image.NewGray(image.Rect(0, 0, width*scale, height*scale))
	for i := range canvas.Pix {
		canvas.Pix[i] = 0xff
	}
	darkest := width
	for _, run := range regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`).FindAllStringSubmatch(svg, -1) {
		var x, y, n, back int
		if _, err := fmt.Sscan(strings.Join(run[1:], " "), &x, &y, &n, &back); err != nil || n != back {
			t.Fatalf("%v: %q", err, run[0])
		}
		darkest = min(darkest, x, y, width-x-n, height-y-1)
		for py := y * scale; py < (y+1)*scale; py++ {
			for px := x * scale; px < (x+n)*scale; px++ {
				canvas.SetGray(px, py, color.Gray{})
			}
		}
	}
	if darkest != 4 {
		t.Errorf("the border has %d modules, not 4", darkest)
	}
	return canvas
}

// scan reads the one code of a picture.
func scan(t *testing.T, picture *image.Gray) string {
	t.Helper()
	var file bytes.Buffer
	if err := png.Encode(&file, picture); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "code.png")
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", path)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "DBUS_") })
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("zbarimg: %v", err)
	}
	return strings.TrimSuffix(string(out), "\n")
}
