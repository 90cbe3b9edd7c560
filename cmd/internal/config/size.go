package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Quota returns how many bytes the twin's backups may take here.
func (b Backup) Quota() int64 {
	n, err := size(b.FromTwin)
	if err != nil {
		return 0 // a configuration that was not checked
	}
	return n
}

// size reads a number of bytes: 20GiB, 500 MiB, 0.
func size(text string) (int64, error) {
	for i, unit := range []string{"KiB", "MiB", "GiB", "TiB"} {
		digits, ok := strings.CutSuffix(text, unit)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
		if shift := 10 * (i + 1); err == nil && n >= 0 && n <= math.MaxInt64>>shift {
			return n << shift, nil
		}
		return 0, notSize(text)
	}
	if text == "0" {
		return 0, nil
	}
	return 0, notSize(text)
}

func notSize(text string) error {
	return fmt.Errorf("%q: want a number of KiB, MiB, GiB or TiB, as 20GiB, or 0", text)
}

func second(s string) error {
	if s != "twin" && s != "none" {
		return errors.New("want twin or none")
	}
	return nil
}
