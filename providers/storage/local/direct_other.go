//go:build !linux

package local

import (
	"context"
	"errors"
	"os"
)

// Only Linux has O_DIRECT.
const openDirect = 0

var errNotDirect = errors.New("no direct writes here")

func directRefused(_ int, err error) error { return err }

func writeDirect(context.Context, *os.File, []byte) error { return errNotDirect }
