package report

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/nearest"
	"github.com/twinctl/twin/collector/record"
)

// vicinity is how far before and behind a span it is looked for who there is:
// one who was quiet, or whom nobody listened to, is not unknown.
const vicinity = 7 * record.Day

// namedAtMost is how many names an error says.
const namedAtMost = 8

// unknown says that there is none, and which there are.
func unknown(kind, word string, names []string) error {
	return fmt.Errorf("%w %s %q: %s", ErrUnknown, kind, word, instead(word, names))
}

// uncounted says that nobody knows a queue or an agent: people did not
// administer it, and nothing was counted of it.
func uncounted(kind, word string, names []string) error {
	return fmt.Errorf("%w %s %q: it is not administered, and nothing was counted of it in the week around that time; %s",
		ErrUnknown, kind, word, instead(word, names))
}

// instead tells what a word may have been meant to be, or could be.
func instead(word string, names []string) string {
	if near, ok := nearest.Word(word, names); ok {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if len(names) == 0 {
		return "none is known"
	}
	names = slices.Sorted(slices.Values(names))
	quoted := make([]string, 0, namedAtMost)
	for _, name := range names[:min(len(names), namedAtMost)] {
		quoted = append(quoted, fmt.Sprintf("%q", name))
	}
	told := "known: " + strings.Join(quoted, ", ")
	if more := len(names) - len(quoted); more > 0 {
		told += fmt.Sprintf(" and %d more", more)
	}
	return told
}

// surely returns ErrUnknown for one who was asked for and of whom nothing is
// known: who is not in the dictionary, not among the seen, and was not counted
// in the vicinity of the span.
func (w *who) surely(ctx context.Context, from Sources, span record.Span, seen map[string]bool) error {
	names := map[string]bool{}
	for key := range w.known {
		names[key] = true
	}
	maps.Copy(names, seen)
	if w.lacking(names) == nil {
		return nil
	}
	span.From, span.To = span.From-vicinity, span.To+vicinity
	for _, f := range from.Feeds {
		for name, err := range from.counted(ctx, w.kind, history.Intervals{Feed: f.Name, Span: span}) {
			if errors.Is(err, history.ErrUnknownFeed) {
				break // it was never begun here
			}
			if err != nil {
				return err
			}
			names[w.key(name)] = true
		}
	}
	if lacking := w.lacking(names); lacking != nil {
		return uncounted(w.kind, lacking[0], slices.Collect(maps.Keys(names)))
	}
	return nil
}

// lacking returns who was asked for and is not among the names, in order.
func (w *who) lacking(names map[string]bool) []string {
	var all []string
	for key := range w.wanted {
		if !names[key] {
			all = append(all, key)
		}
	}
	slices.Sort(all)
	return all
}

// counted yields of whom something was counted, for each interval again.
func (s Sources) counted(ctx context.Context, kind string, in history.Intervals) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if kind == "agent" {
			for row, err := range s.History.AgentIntervals(ctx, in) {
				if !yield(row.Agent, err) {
					return
				}
			}
			return
		}
		for row, err := range s.History.QueueIntervals(ctx, in) {
			if !yield(row.Queue, err) {
				return
			}
		}
	}
}
