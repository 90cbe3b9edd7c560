package exchange

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/sync/link"
)

func running() *Word { return &Word{Doc: node.Document{Running: true}} }

func TestNext(t *testing.T) {
	silent, stopped := running(), running()
	silent.Silent, stopped.Doc.Running = silentFor+1, false
	fails := func(err error) attempt { return attempt{err: fmt.Errorf("twin cms-b: %w", err)} }
	for name, c := range map[string]struct {
		was  State
		a    attempt
		want State
	}{
		"answers":                        {Unknown, attempt{word: running()}, OK},
		"answers, twind does not run":    {OK, attempt{word: stopped}, Unreachable},
		"answers, twind says nothing":    {OK, attempt{word: silent}, Frozen},
		"nobody there":                   {OK, fails(link.ErrUnreachable), Unreachable},
		"cut":                            {OK, fails(link.ErrLost), Unreachable},
		"another error":                  {OK, fails(io.ErrUnexpectedEOF), Unreachable},
		"accepts and says nothing":       {Unreachable, fails(link.ErrMute), Mute},
		"stood, and gives no answer":     {OK, fails(link.ErrFrozen), Frozen},
		"frozen, its kernel accepts":     {Frozen, fails(link.ErrMute), Frozen},
		"wrong key":                      {OK, fails(link.ErrRefused), Refused},
		"another host key":               {OK, fails(link.ErrHostKey), Refused},
		"no key of ours":                 {OK, fails(link.ErrIdentity), Refused},
		"two versions apart":             {OK, fails(link.ErrVersion), Refused},
		"says what no twin says":         {OK, fails(link.ErrProtocol), Refused},
		"its handler failed":             {OK, fails(&link.RemoteError{Code: 6, Text: "not paired with you"}), Refused},
		"frozen, and then it answers":    {Frozen, attempt{word: running()}, OK},
		"frozen, and then it is no more": {Frozen, fails(link.ErrUnreachable), Unreachable},
	} {
		t.Run(name, func(t *testing.T) {
			begun := time.Unix(100, 0)
			was := Standing{State: c.was, Since: begun}
			c.a.at = begun.Add(time.Minute)
			is := was.next(c.a)
			if is.State != c.want || (is.Err == nil) != (c.want == OK) {
				t.Errorf("%s (%v), want %s", is.State, is.Err, c.want)
			}
			if same := is.State == was.State; same != is.Since.Equal(begun) {
				t.Errorf("%s since %s", is.State, is.Since)
			}
			if again := is.next(attempt{at: begun.Add(time.Hour), err: errors.New("gone")}); again.Word != is.Word || again.At != is.At {
				t.Error("what it said last is forgotten")
			}
		})
	}
}

func TestOneWay(t *testing.T) {
	for state, want := range map[State]bool{OK: false, Unknown: false, Unreachable: true, Mute: true, Refused: true, Frozen: true} {
		w := running()
		w.Doc.Twin = &node.TwinDocument{State: string(state)}
		if got := (Standing{State: OK, Word: w}).OneWay(); got != want {
			t.Errorf("it says that we are %s: %v", state, got)
		}
		if (Standing{State: Unreachable, Word: w}).OneWay() {
			t.Errorf("%s: not heard at all is not one way", state)
		}
	}
	if (Standing{State: OK, Word: running()}).OneWay() {
		t.Error("it knows of no twin")
	}
}

func TestCheck(t *testing.T) {
	w := Word{Server: "S", Pair: "P"}
	if err := w.check("S", "P"); err != nil {
		t.Error(err)
	}
	for name, c := range map[string]struct {
		server, pair string
		epoch        int64
		want         error
	}{
		"another server":   {"T", "P", 1, link.ErrRefused},
		"another pair":     {"S", "Q", 1, link.ErrRefused},
		"epoch below zero": {"S", "P", -1, link.ErrProtocol},
		"epoch too high":   {"S", "P", node.MaxTold + 1, link.ErrProtocol},
	} {
		w := Word{Server: c.server, Pair: c.pair, Doc: node.Document{Epoch: c.epoch}}
		if err := w.check("S", "P"); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
