package switchover

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twinctl/twin/collector/inert"
)

// Why a server does not take the role alone.
var (
	// ErrAlive: the primary acts as such. Nothing was changed.
	ErrAlive = errors.New("the primary does its work")
	// ErrNoProof: whether the primary does is not known. Nothing was changed.
	ErrNoProof = errors.New("nothing proves that the primary is down")
)

// An Own is what a server that is to take the role knows of itself.
type Own struct {
	Name      string
	Primary   bool // it acts as that
	Epoch     int64
	Restored  bool          // from a backup, and it has not rejoined
	Live      int           // feeds that it hears
	Feeds     int           //
	TwinHeard time.Duration // how long ago the twin said something last, by whichever way; < 0: never
}

// A Sight is what is seen of the twin by who wants to take its role.
type Sight struct {
	Name   string
	Away   error // why it was not reached; nil: its machine has told its Vitals
	Vitals Vitals
}

// An Attestation is what a person says of a twin that nobody reaches.
type Attestation struct {
	Name   string // of the twin: "": nobody says anything
	Reason string
}

// A Verdict is whether the role is taken.
type Verdict string

// The verdicts.
const (
	VerdictAlready Verdict = "already" // this server has it
	VerdictTake    Verdict = "take"
	VerdictFence   Verdict = "fence"    // the twin is fenced first
	VerdictAlive   Verdict = "alive"    // no: the twin acts as primary, and can
	VerdictNoProof Verdict = "no-proof" // no: nobody knows what the twin does
	VerdictRefused Verdict = "refused"  // no: for another reason
)

// A Ruling is whether a server takes the role alone, and why.
type Ruling struct {
	Verdict  Verdict `json:"verdict"`
	Because  string  `json:"because"`
	Attested bool    `json:"attested"` // a person's word is the proof
	CutOff   bool    `json:"cut_off"`  // this server hears nobody: it is likely the one that is cut off
}

// twinLately is how long ago a twin may have spoken that is there.
const twinLately = 15 * time.Second

// Rule says whether a server takes the role alone, by what is seen. It is pure.
// A word of a person counts only where nothing else can be known.
func Rule(own Own, twin Sight, said Attestation) Ruling {
	v := twin.Vitals
	switch {
	case own.Primary && (twin.Away != nil || own.Epoch >= v.Seen):
		return Ruling{Verdict: VerdictAlready, Because: fmt.Sprintf("%s is primary already, epoch %d", own.Name, own.Epoch)}
	case own.Restored:
		return Ruling{Verdict: VerdictRefused, Because: own.Name + " was restored from a backup, and has not rejoined its twin"}
	case said.Name != "" && said.Name != twin.Name:
		return Ruling{Verdict: VerdictRefused, Because: fmt.Sprintf("%s was confirmed to be down: the twin is %s", inert.Text(said.Name), inert.Text(twin.Name))}
	case twin.Away != nil:
		return ruleUnseen(own, twin, said)
	}
	return ruleSeen(twin)
}

// ruleSeen rules on a twin whose machine answers.
func ruleSeen(twin Sight) Ruling {
	v := twin.Vitals
	seen := fmt.Sprintf("%s answers: %s", inert.Text(twin.Name), v)
	switch {
	case !v.Acts(), v.IsFenced():
		return Ruling{Verdict: VerdictTake, Because: seen}
	case v.Role != "" && v.PID != 0 && !v.Frozen() && v.Store == StoreOK && v.Fence == nil:
		return Ruling{Verdict: VerdictAlive, Because: seen}
	}
	return Ruling{Verdict: VerdictFence, Because: seen}
}

// ruleUnseen rules on a twin that nobody reaches.
func ruleUnseen(own Own, twin Sight, said Attestation) Ruling {
	r := Ruling{Verdict: VerdictNoProof, Because: named(twin.Name, twin.Away)}
	heard := own.TwinHeard >= 0 && own.TwinHeard < twinLately
	if heard {
		r.Because += fmt.Sprintf("; but it reached %s %s ago", own.Name, own.TwinHeard.Round(time.Second))
	}
	if own.Feeds > 0 && own.Live == 0 && !heard {
		r.CutOff = true
		r.Because += fmt.Sprintf("; and %s hears none of its feeds: likely it is the one that is cut off", own.Name)
	}
	if said.Name == twin.Name && said.Reason != "" {
		r.Verdict, r.Attested = VerdictTake, true
		r.Because += "; it was said to be down: " + inert.Text(said.Reason)
	}
	return r
}

// named says once of whom an error is: what a Side returns says it already.
func named(server string, err error) string {
	of := inert.Text(server) + ": "
	return of + strings.TrimPrefix(err.Error(), of)
}
