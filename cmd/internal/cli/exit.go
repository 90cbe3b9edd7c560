package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/twinctl/twin/cmd/internal/config"
	"github.com/twinctl/twin/cmd/internal/pairing"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/backup"
	"github.com/twinctl/twin/collector/history"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/report"
	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/sync/apply"
	"github.com/twinctl/twin/sync/bundle"
	"github.com/twinctl/twin/sync/fill"
	"github.com/twinctl/twin/sync/link"
	"github.com/twinctl/twin/sync/push"
	"github.com/twinctl/twin/sync/vault"
)

// A Code is an exit status. Scripts rely on them: a code never changes its meaning.
type Code int

// The exit statuses. Help takes their texts from Code.String.
const (
	OK          Code = 0
	Failed      Code = 1
	Usage       Code = 2
	Differs     Code = 3
	Refused     Code = 4
	Unreachable Code = 5
	Untrusted   Code = 6
	Halted      Code = 7
	Conflict    Code = 8
	Busy        Code = 9
	Unknown     Code = 10
	Interrupted Code = 130
)

// String says what the status means.
func (c Code) String() string {
	switch c {
	case OK:
		return "done, and read back"
	case Failed:
		return "failed"
	case Usage:
		return "usage or configuration"
	case Differs:
		return "differences, or changes pending"
	case Refused:
		return "refused: role, guard, unsafe, or twind is not running; nothing changed"
	case Unreachable:
		return "the other side is unreachable, too slow or refuses our login, or --timeout has passed"
	case Untrusted:
		return "not to be trusted: host key, digest, integrity, version of the data"
	case Halted:
		return "halted part-way; go on with --resume"
	case Conflict:
		return "changed on the secondary, or on both; a person must choose"
	case Busy:
		return "busy: held by another"
	case Unknown:
		return "outcome unknown: could not be read back"
	case Interrupted:
		return "interrupted"
	default:
		return fmt.Sprintf("status %d", int(c))
	}
}

// codes returns all of them, in order.
func codes() []Code {
	return []Code{OK, Failed, Usage, Differs, Refused, Unreachable, Untrusted, Halted, Conflict, Busy, Unknown, Interrupted}
}

// A verdict is what an error of a lower package means to a script.
type verdict struct {
	err  error
	code Code
	hint string // what to try; "" if the error says it all
}

// verdicts is the one table from errors to exit statuses, the first match
// wins. A code that Fail put around an error goes before it.
func verdicts() []verdict {
	return slices.Concat(serverVerdicts(), adminVerdicts(), linkVerdicts())
}

func serverVerdicts() []verdict {
	return []verdict{
		{errTimeout, Unreachable, ""},
		{config.ErrNoFile, Usage, "sudo twinctl setup; or name another file with --config"},
		{config.ErrInvalid, Usage, checkHint},
		{history.ErrUnknownFeed, Usage, "twinctl feed list"},
		{node.ErrNotInitialized, Refused, "twinctl init --role primary, or secondary"},
		{node.ErrNotClaimed, Refused, StartTwind},
		{node.ErrNoAnswer, Unknown, "twinctl status"},
		{node.ErrNoAlarm, Usage, "twinctl alarm list"},
		{node.ErrNoRun, Usage, "twinctl run list"},
		{node.ErrToken, Untrusted, ""},
		{node.ErrHalted, Halted, "twinctl switchover --resume, or --abort"},
		{node.ErrRunbook, Busy, "twinctl switchover status"},
		{node.ErrNoRunbook, Usage, "twinctl switchover history"},
		{node.ErrDraining, Busy, "twinctl switchover status"},
		{node.ErrConfirm, Refused, "twinctl role show"},
		{store.ErrNewerSchema, Untrusted, ""},
		{store.ErrOlderSchema, Untrusted, RestartTwind},
		{store.ErrForeign, Untrusted, damagedHint},
		{store.ErrCorrupt, Untrusted, damagedHint},
		{store.ErrBusy, Busy, ""},
		{node.ErrEpoch, Untrusted, epochHint},
		{history.ErrDamaged, Untrusted, "twinctl history verify --mend"},
		{report.ErrUnknown, Usage, ""},
		{report.ErrTooMuch, Usage, ""},
		{backup.ErrNeedsFull, Refused, "twinctl backup full"},
		{backup.ErrDamaged, Untrusted, "twinctl backup list, for another one"},
		{backup.ErrNoBackup, Usage, "twinctl backup list"},
		{backup.ErrForeign, Refused, "the same with --foreign, if this machine is to become that server"},
		{backup.ErrThere, Refused, ""},
		{backup.ErrNoRoom, Refused, ""},
		{backup.ErrBusy, Busy, ""},
		{backup.ErrIncomplete, Untrusted, "twinctl backup send"},
		{backup.ErrPiece, Usage, ""},
		{node.ErrRejoin, Refused, "twinctl rejoin --dry-run"},
		{vault.ErrUntrusted, Untrusted, ""},
		{backup.ErrNoPolicy, Usage, "twinctl help backup prune"},
		{pairing.ErrToken, Usage, "twinctl pair show, on the other server"},
		{pairing.ErrAlone, Refused, "twinctl pair accept LINE"},
		{pairing.ErrNotTwin, Untrusted, ""},
	}
}

// adminVerdicts has what a push says before what it says it of.
func adminVerdicts() []verdict {
	return []verdict{
		{push.ErrUnknown, Unknown, syncHint},
		{push.ErrConflict, Conflict, ""},
		{push.ErrDrift, Conflict, ""},
		{push.ErrMoved, Busy, syncHint},
		{bundle.ErrRole, Refused, ""},
		{bundle.ErrEpoch, Refused, epochHint},
		{push.ErrFirst, Refused, ""},
		{push.ErrDeletes, Refused, ""},
		{push.ErrDeclined, Refused, ""},
		{bundle.ErrPair, Untrusted, "twinctl pair check"},
		{bundle.ErrVersion, Untrusted, ""},
		{bundle.ErrUntrusted, Untrusted, "twinctl audit verify, on both"},
		{bundle.ErrBundle, Untrusted, ""},
		{bundle.ErrTooLarge, Refused, ""},
		{apply.ErrIncomplete, Untrusted, syncHint},
		{apply.ErrBusy, Busy, ""},
		{apply.ErrOdd, Untrusted, ""},
		{apply.ErrExtent, Untrusted, ""},
		{admin.ErrOtherPair, Untrusted, ""},
		{admin.ErrCatalogue, Untrusted, ""},
		{admin.ErrRoot, Untrusted, ""},
		{admin.ErrStale, Conflict, syncHint},
		{admin.ErrNotSecondary, Refused, ""},
		{admin.ErrAlone, Refused, ""},
		{admin.ErrEpoch, Refused, ""},
		{admin.ErrTampered, Untrusted, ""},
		{admin.ErrNotPrimary, Refused, ""},
		{admin.ErrMoving, Busy, "twinctl switchover status"},
		{admin.ErrReferenced, Refused, ""},
		{admin.ErrConflict, Refused, "twinctl admin log"},
		{admin.ErrInvalid, Usage, ""},
		{admin.ErrNoKind, Usage, "twinctl help admin"},
		{admin.ErrNoRow, Usage, "twinctl admin KIND list"},
		{admin.ErrNoGeneration, Usage, "twinctl admin log"},
	}
}

func linkVerdicts() []verdict {
	return []verdict{
		{link.ErrHostKey, Untrusted, "compare with twinctl pair show on the twin, then twinctl pair accept its line here"},
		{link.ErrVersion, Untrusted, ""},
		{link.ErrProtocol, Untrusted, ""},
		{link.ErrIdentity, Usage, ""},
		{link.ErrUnreachable, Unreachable, "systemctl status twind, and sshd, on the twin; twinctl pair show there tells its address"},
		{link.ErrMute, Unreachable, "systemctl status twind, and sshd, on the twin"},
		{link.ErrRefused, Unreachable, "twinctl pair show, and accept its line on the twin"},
		{link.ErrFrozen, Unreachable, "systemctl restart twind, on the twin"},
		{link.ErrLost, Unreachable, ""},
		{fill.ErrUntrusted, Untrusted, ""},
		{context.Canceled, Interrupted, ""},
	}
}

const (
	checkHint   = "twinctl config check"
	syncHint    = "the same again finds out how far it came"
	epochHint   = "twinctl status on both; if the twin's epoch is right all the same, accept its line (twinctl pair show there) here again"
	damagedHint = "stop twind and put the file back from a copy; README.md, \"A damaged file\", says what else there is"
)

var errTimeout = errors.New("took longer than --timeout allows")

// An Error carries the exit status that it leads to and what to try next.
type Error struct {
	Code Code
	Hint string // a command line, or words; may be ""
	Err  error  // nil if the verb has said already, on Out, what is to be said
}

// Error returns the message of the cause.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Code.String()
	}
	return e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Fail gives err an exit status and a hint. With a nil err the program says
// nothing more and exits so.
func Fail(code Code, err error, hint string) error {
	return &Error{Code: code, Hint: hint, Err: err}
}

// judge makes an error that --timeout caused say so.
func judge(ctx context.Context, err error) error {
	var decided *Error
	if err == nil || errors.As(err, &decided) || errors.Is(err, errTimeout) || !errors.Is(context.Cause(ctx), errTimeout) {
		return err
	}
	return fmt.Errorf("%w: %w", errTimeout, err)
}

// Verdict returns the exit status that err leads to.
func Verdict(err error) Code {
	code, _ := explain(err)
	return code
}

// Hint returns what there is to try about err; "" if it says it all.
func Hint(err error) string {
	_, hint := explain(err)
	return hint
}

// explain returns what err leads to.
func explain(err error) (Code, string) {
	var decided *Error
	if errors.As(err, &decided) {
		return decided.Code, decided.Hint
	}
	var remote *link.RemoteError
	if errors.As(err, &remote) && remote.Code > 0 && slices.Contains(codes(), Code(remote.Code)) {
		return Code(remote.Code), ""
	}
	for _, v := range verdicts() {
		if errors.Is(err, v.err) {
			return v.code, v.hint
		}
	}
	return Failed, ""
}

// report tells a person, or a script, about err, and returns the exit status.
func (g *globals) report(w io.Writer, err error, asJSON bool) Code {
	if err == nil {
		return OK
	}
	code, hint := explain(err)
	if g.config != "" && hint == checkHint {
		hint += " --config " + g.config
	}
	hint = Local(hint, g.configFile())
	var decided *Error
	if errors.As(err, &decided) && decided.Err == nil {
		return code
	}
	if g.json || Format(g.output) == JSON || asJSON {
		return reportJSON(w, err, code, hint)
	}
	text := strings.ReplaceAll(err.Error(), "\n", "; ")
	fmt.Fprintf(w, "%s: %s\n", g.root.Name, inert.Text(text))
	if hint != "" {
		fmt.Fprintf(w, "Try: %s\n", inert.Text(hint))
	}
	return code
}

func reportJSON(w io.Writer, err error, code Code, hint string) Code {
	doc, encodeErr := json.Marshal(struct {
		Error string `json:"error"`
		Hint  string `json:"hint"`
		Exit  Code   `json:"exit"`
	}{err.Error(), hint, code})
	if encodeErr != nil {
		return Failed
	}
	fmt.Fprintf(w, "%s\n", inert.JSON(doc))
	return code
}
