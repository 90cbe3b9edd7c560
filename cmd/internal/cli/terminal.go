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

// InFront reports whether who reads from the terminal r gets what is typed: a shell
// has not put this process into the background.
func InFront(r any) bool {
	f, ok := r.(*os.File)
	if !ok {
		return false
	}
	group, err := unix.IoctlGetInt(int(f.Fd()), unix.TIOCGPGRP)
	return err != nil || group == unix.Getpgrp() // no shell minds a terminal that is not this session's
}

// Hide keeps a terminal from showing what is typed, until the function that it
// returns is called. On what is no terminal it does nothing.
func Hide(r any) (show func()) {
	f, ok := r.(*os.File)
	if !ok {
		return func() {}
	}
	was, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		return func() {}
	}
	quiet := *was
	quiet.Lflag &^= unix.ECHO
	_ = unix.IoctlSetTermios(int(f.Fd()), unix.TCSETS, &quiet)                // else it is shown: the person sees that
	return func() { _ = unix.IoctlSetTermios(int(f.Fd()), unix.TCSETS, was) } // likewise
}

// Screen returns how large the terminal w is. What is not known, or no
// terminal, has the usual columns and 0 rows.
func Screen(w any) (columns, rows int) {
	f, ok := w.(*os.File)
	if !ok {
		return usualWidth, 0
	}
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil || size.Col == 0 {
		return usualWidth, 0
	}
	return int(size.Col), int(size.Row)
}

// width returns how many columns help may have on w.
func width(w io.Writer) int {
	columns, _ := Screen(w)
	return min(max(columns, minWidth), maxWidth)
}
