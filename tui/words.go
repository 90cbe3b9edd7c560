package tui

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// age says how long ago in one unit, in at most four columns for a century.
func age(d time.Duration) string {
	switch d = max(d, 0); {
	case d < 100*time.Second:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < 100*time.Minute:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	default:
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	}
}

// length says how long a stretch is, in two units.
func length(d time.Duration) string {
	switch d = max(d, 0); {
	case d < time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	default:
		return fmt.Sprintf("%dd%02dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
	}
}

// speed says how many records a second.
func speed(rate float64) string {
	switch {
	case rate < 99.95:
		return strconv.FormatFloat(rate, 'f', 1, 64) + "/s"
	case rate < 9_999.5:
		return strconv.FormatFloat(rate, 'f', 0, 64) + "/s"
	case rate < 999_950:
		return strconv.FormatFloat(rate/1e3, 'f', 1, 64) + "k/s"
	default:
		return strconv.FormatFloat(rate/1e6, 'f', 1, 64) + "M/s"
	}
}

// count writes a number with commas.
func count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// gapsOf counts gaps in words.
func gapsOf(n int) string {
	if n == 1 {
		return "1 gap"
	}
	return count(int64(n)) + " gaps"
}

// moment shows a time so that times of the same day compare at a glance.
func moment(t time.Time) string { return t.UTC().Format("01-02 15:04:05") }

// word turns a word for scripts into one for people.
func word(s string) string { return foreign(strings.ReplaceAll(s, "_", " ")) }

// argument quotes a text for the shell where it needs that.
func argument(s string) string {
	plain := s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/:-=,") == ""
	if plain && s[0] != '-' && s[0] != '=' {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
