package kit

import (
	"errors"
	"fmt"
	"html/template"
	"image/color"
	"strings"
	"unicode"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"

	"chatkeep/backup/keys"
)

// quiet is the white border that the standard asks for, in modules.
const quiet = 4

// maxCode is how much a QR code on this page may hold, in bytes: with more, its
// modules are too small for paper.
const maxCode = 800

// code is a QR code on the page.
type code struct {
	SVG     template.HTML
	Caption string
}

// codesOf makes the codes of a page. A location that is too long for one is left to
// be typed, and so is one beyond ASCII: a code does not say how its bytes are meant,
// and readers guess.
func codesOf(f *Facts, key keys.RecoveryKey) (codes []code, err error) {
	if len(f.Open) <= maxCode && isASCII(f.Open) {
		c, err := newCode(f.Open, "how to open it")
		if err != nil {
			return nil, err
		}
		codes = append(codes, c)
	}
	if key != "" {
		c, err := newCode(string(key), "the recovery key")
		if err != nil {
			return nil, err
		}
		codes = append(codes, c)
	}
	return codes, nil
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII })
}

func newCode(text, caption string) (code, error) {
	// Bytes are said outright: left to choose, the encoder would put a text that
	// it cannot take into its error, which may be a secret.
	c, err := qr.Encode(text, qr.M, qr.Unicode)
	if err != nil {
		return code{}, errors.New("recovery kit: a text does not fit into a QR code")
	}
	return code{svg(c), caption}, nil
}

// svg draws a code, a unit a module: runs of dark modules are a rectangle.
func svg(c barcode.Barcode) template.HTML {
	size := c.Bounds().Dx()
	var path strings.Builder
	for y := range size {
		for x := 0; x < size; x++ {
			start := x
			for x < size && dark(c, x, y) {
				x++
			}
			if n := x - start; n > 0 {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", start+quiet, y+quiet, n, n)
			}
		}
	}
	all := size + 2*quiet
	return template.HTML(fmt.Sprintf(`<svg viewBox="0 0 %d %d" shape-rendering="crispEdges">`+
		`<path fill="#fff" d="M0 0h%dv%dH0z"/><path d="%s"/></svg>`, all, all, all, all, path.String()))
}

func dark(c barcode.Barcode, x, y int) bool { return c.At(x, y) == color.Black }
