package cli

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// How wide text is that has no terminal, and the bounds where it has one.
const (
	usualWidth = 80
	minWidth   = 40
	maxWidth   = 120
)

// IsTerminal reports whether w, or a reader, is a terminal.
func IsTerminal(w any) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// width returns how many columns help may have on w.
func width(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return usualWidth
	}
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil || size.Col == 0 {
		return usualWidth
	}
	return min(max(int(size.Col), minWidth), maxWidth)
}
