// Package hush keeps Bubble Tea from talking to the terminal before anybody
// asked for a screen.
//
// Bubble Tea's own init asks the terminal for its background colour and waits
// up to five seconds for an answer, in every program that links it: each verb
// of twinctl would swallow what was typed ahead, and stand still on a console
// that does not answer. It does not ask where CI is set. Packages are
// initialized in the order of their paths as soon as what they import is, so
// this one, which imports nothing but os, comes before Bubble Tea; package tui
// imports Bubble Tea, comes after it, and gives the variable its value back.
package hush

import "os"

const variable = "CI"

// before is what the variable was, and whether it was there.
var before, there = begin()

func begin() (string, bool) {
	value, ok := os.LookupEnv(variable)
	if !ok {
		_ = os.Setenv(variable, "hush") // fails for bad names alone
	}
	return value, ok
}

// End gives the variable its value back. It reports whether it had one.
func End() bool {
	if !there {
		_ = os.Unsetenv(variable)
		return false
	}
	_ = os.Setenv(variable, before)
	return true
}
