package app

import (
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/sync/exchange"
	"github.com/twinctl/twin/sync/link"
)

// A session that was begun with a key can do nothing once that key is not the
// twin's any more: whoever has stolen it must not outlive it.
func TestASessionIsNoLongerThanItsKey(t *testing.T) {
	a, b := twins(t)
	refused := func(p Peer, verb string, args any) bool {
		t.Helper()
		text, err := json.Marshal(args)
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Answer(t.Context(), verb, text)
		var remote *link.RemoteError
		return errors.As(err, &remote) && remote.Code == int(cli.Refused)
	}
	session := func() Peer {
		t.Helper()
		have, err := b.Node.Pair(t.Context())
		if err != nil || have == nil {
			t.Fatalf("%+v, %v", have, err)
		}
		return Peer{Notary: b, Key: have.PublicKey}
	}
	old, from := session(), dial(t, a).From
	if refused(old, PairCheck, CheckQuestion{From: from}) {
		t.Error("the twin is refused")
	}
	if _, err := a.Rekey(t.Context(), "ann"); err != nil {
		t.Fatal(err)
	}
	for verb, args := range map[string]any{
		PairCheck: CheckQuestion{From: from},
		PairRekey: RekeyQuestion{From: from, PublicKey: old.Key},
		Fill:      FillArgs{},
		"extents": nil,
	} {
		if !refused(old, verb, args) {
			t.Errorf("%s is answered by the old key's session", verb)
		}
	}
	var remote *link.RemoteError
	if _, err := old.Open(t.Context(), "records/x"); !errors.As(err, &remote) {
		t.Errorf("a file: %v", err)
	}
	if refused(session(), PairCheck, CheckQuestion{From: from}) {
		t.Error("the twin with its new key is refused")
	}
	fresh := session()
	if _, err := b.Remove(t.Context(), "ann"); err != nil {
		t.Fatal(err)
	}
	if !refused(fresh, PairCheck, CheckQuestion{From: from}) {
		t.Error("a twin that was removed is answered")
	}
}

// A word that is not the twin's is in the log of the server that was told it:
// the one who said it does not learn whose was expected.
func TestAWrongWordIsInTheLog(t *testing.T) {
	_, b := twins(t)
	have, err := b.Node.Pair(t.Context())
	if err != nil || have == nil {
		t.Fatalf("%+v, %v", have, err)
	}
	err = WithLog(t.Context(), b.Node, func(log *slog.Logger) error {
		text, err := json.Marshal(exchange.Word{Server: "another", Pair: have.Pair})
		if err != nil {
			return err
		}
		_, err = Peer{Notary: b, Key: have.PublicKey, Log: log}.Answer(t.Context(), exchange.Verb, text)
		return err
	})
	if remote, ok := errors.AsType[*link.RemoteError](err); !ok || remote.Code != int(cli.Untrusted) || strings.Contains(err.Error(), have.Server) {
		t.Errorf("answered %v", err)
	}
	log, err := b.Node.Log(t.Context(), 0, slog.LevelWarn)
	if err != nil || len(log) != 1 || !strings.Contains(string(log[0].Attrs), have.Server) {
		t.Errorf("log %+v, %v", log, err)
	}
}
