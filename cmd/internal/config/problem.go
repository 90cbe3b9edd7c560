package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ErrInvalid is what every Problem is.
var ErrInvalid = errors.New("configuration is not valid")

// ErrNoFile is what the problem is as well if there is no such file.
var ErrNoFile = errors.New("there is no configuration file")

// A noFileError is about the configuration itself, not a file that it names.
type noFileError struct{ error }

func (e *noFileError) Is(target error) bool { return target == ErrNoFile }

func (e *noFileError) Unwrap() error { return e.error }

// A Problem is one thing that is wrong, with its place and the way out.
type Problem struct {
	Where string // "/etc/twin/twin.toml:12", "TWIN_DATA" or "flag --set"
	Feed  string // "" unless a feed is to blame; the name as far as it is known
	Key   string // as written, within the feed's section where Feed is set; may be ""
	Err   error
}

// Error names the place, the feed, the key and what is wrong with it.
func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.Where + ": ")
	if p.Feed != "" {
		fmt.Fprintf(&b, "feed %q: ", p.Feed)
	}
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	b.WriteString(p.Err.Error())
	return b.String()
}

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.Err }

// Is makes every problem ErrInvalid.
func (p *Problem) Is(target error) bool { return target == ErrInvalid }

// Problems are all that was found wrong in one go; never empty as an error.
type Problems []*Problem

// Error tells the first and counts the others.
func (ps Problems) Error() string {
	if len(ps) == 1 {
		return ps[0].Error()
	}
	return fmt.Sprintf("%v (and %d more)", ps[0], len(ps)-1)
}

// Unwrap returns each of them.
func (ps Problems) Unwrap() []error {
	errs := make([]error, len(ps))
	for i, p := range ps {
		errs[i] = p
	}
	return errs
}

// AsProblems returns the problems that err consists of; none if it is not
// about the configuration.
func AsProblems(err error) Problems {
	var all Problems
	if errors.As(err, &all) {
		return all
	}
	var one *Problem
	if errors.As(err, &one) {
		return Problems{one}
	}
	return nil
}

// Sorted returns them in the order of their lines, those that have none first.
func (ps Problems) Sorted() Problems {
	return slices.SortedStableFunc(slices.Values(ps), func(a, b *Problem) int { return cmp.Compare(a.line(), b.line()) })
}

// line returns the line of the place, 0 if it has none.
func (p *Problem) line() int {
	n, err := strconv.Atoi(p.Where[strings.LastIndexByte(p.Where, ':')+1:])
	if err != nil {
		return 0
	}
	return n
}

// blame tells whether the key, or a part of it, is blamed already, or one that
// was meant to be it.
func (ps Problems) blame(key string) bool {
	return slices.ContainsFunc(ps, func(p *Problem) bool {
		strange, ok := errors.AsType[*unknownError](p.Err)
		return p.Key == key || ok && strange.meant == key ||
			strings.HasPrefix(p.Key, key+"[") || strings.HasPrefix(p.Key, key+".")
	})
}

// orNil is how a list of problems becomes an error: an empty one is none.
func (ps Problems) orNil() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}
