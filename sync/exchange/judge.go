package exchange

import (
	"errors"
	"fmt"
	"time"

	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/sync/link"
)

// silentFor is how long a running twind may say nothing before it is taken for
// frozen: it says each second what it does.
const silentFor = 5

// An attempt is what came of asking once.
type attempt struct {
	asked time.Time // when its question began
	at    time.Time
	word  *Word
	runs  *node.RunPage // that it told; nil: none
	ahead time.Duration
	err   error
}

// follows tells whether more of the twin's runs follow.
func (a attempt) follows() bool { return a.runs != nil && len(a.runs.Rows) > 0 && a.runs.Whole == 0 }

// next returns what is known after one more attempt.
func (s Standing) next(a attempt) Standing {
	is := s
	is.State, is.Err = judge(a)
	// Who stood and gave no answer accepts connections still, by its kernel.
	if is.State == Mute && s.State == Frozen {
		is.State = Frozen
	}
	if a.word != nil {
		is.Word, is.Asked, is.At, is.Ahead = a.word, a.asked, a.at, a.ahead
	}
	if is.State != s.State {
		is.Since = a.at
	}
	return is
}

func judge(a attempt) (State, error) {
	var remote *link.RemoteError
	switch {
	case a.err == nil:
		return said(a.word)
	case errors.Is(a.err, link.ErrMute):
		return Mute, a.err
	case errors.Is(a.err, link.ErrFrozen):
		return Frozen, a.err
	case errors.Is(a.err, link.ErrRefused), errors.Is(a.err, link.ErrHostKey), errors.Is(a.err, link.ErrIdentity),
		errors.Is(a.err, link.ErrVersion), errors.Is(a.err, link.ErrProtocol), errors.As(a.err, &remote):
		return Refused, a.err
	default:
		return Unreachable, a.err
	}
}

// said judges a server that answered: the one who answers need not be the one
// that collects.
func said(w *Word) (State, error) {
	switch {
	case !w.Doc.Running:
		return Unreachable, errors.New("its machine answers, its twind does not run")
	case w.Silent > silentFor:
		return Frozen, fmt.Errorf("its machine answers, but its twind has said nothing for %d s", w.Silent)
	default:
		return OK, nil
	}
}
