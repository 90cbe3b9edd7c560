package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/cmd/internal/pairing"
	"github.com/twinctl/twin/collector/node"
	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/fixtures/await"
	"github.com/twinctl/twin/sync/link"
)

// newNotary makes a server whose embedded SSH server runs until the test ends.
func newNotary(t *testing.T, name string, role node.Role) Notary {
	t.Helper()
	door, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := configured(t, fmt.Sprintf("name = %q\ndata = \"data\"\n[ssh]\nlisten = %q\nauthorized_keys = \"keys\"\n", name, door.Addr()))
	if err := Init(t.Context(), cfg.Data, name, role); err != nil {
		t.Fatal(err)
	}
	data, err := OpenData(t.Context(), cfg.Data, store.Use)
	if err != nil {
		t.Fatal(err)
	}
	n := Notary{Config: cfg, Node: data.Node}
	if _, err := link.EnsureHostKey(cfg.SSH.HostKey); err != nil {
		t.Fatal(err)
	}
	server, err := link.NewServer(link.ServerOptions{
		HostKey: cfg.SSH.HostKey, Authorize: n.Authorized,
		Serve: func(ctx context.Context, _ string, session link.Session, rw io.ReadWriter) error {
			have, err := n.Node.Pair(ctx)
			if err != nil || have == nil {
				return errors.Join(err, link.ServeControl(ctx, rw, n, link.Options{}))
			}
			now := func() Peer {
				return Peer{Notary: n, Key: have.PublicKey, History: data.History, Admin: data.Admin}
			}
			return Attend(ctx, now, session, rw)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := data.Close(); err != nil {
			t.Error(err)
		}
	})
	await.Run(t, func(ctx context.Context) error { return server.Run(ctx, door) })
	return n
}

// shown is the line of a server that is reached where it listens.
func shown(t *testing.T, n Notary) pairing.Token {
	t.Helper()
	offer, err := n.Offer(t.Context(), Where{Address: "twin@" + n.Config.SSH.Listen})
	if err != nil {
		t.Fatal(err)
	}
	line, err := offer.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if offer, err = ReadLine(line); err != nil {
		t.Fatal(err)
	}
	return offer
}

func accept(t *testing.T, n Notary, line pairing.Token, replace string) {
	t.Helper()
	if changed, err := n.Accept(t.Context(), line, replace, "ann"); err != nil || !changed {
		t.Fatalf("accept %s: changed %v, %v", line.Name, changed, err)
	}
}

// twins are two servers that have accepted each other.
func twins(t *testing.T) (a, b Notary) {
	t.Helper()
	a, b = newNotary(t, "cms-a", node.Primary), newNotary(t, "cms-b", node.Secondary)
	accept(t, a, shown(t, b), "")
	accept(t, b, shown(t, a), "")
	return a, b
}

func dial(t *testing.T, n Notary) *Line {
	t.Helper()
	l, err := n.Dial(t.Context(), link.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func TestTwinsHearEachOther(t *testing.T) {
	a, b := twins(t)
	for _, n := range []Notary{a, b} {
		answer, err := dial(t, n).Check(t.Context(), true)
		if err != nil || answer.Back == nil || !answer.Back.OK || answer.Clock == 0 || answer.Asked != nil {
			t.Errorf("%s: %+v, %v", n.Config.Name, answer, err)
		}
	}
	if err := b.Node.SetHeard(t.Context(), node.In, node.Heard{Doc: []byte(`{}`)}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Node.Seen(t.Context(), 6); err != nil {
		t.Fatal(err)
	}
	answer, err := dial(t, a).Check(t.Context(), false)
	if err != nil || answer.Asked == nil || answer.Back != nil || answer.Epoch != 6 || answer.Role != node.Secondary {
		t.Errorf("%+v, %v", answer, err)
	}
	if _, err := dial(t, b).Check(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if self, err := a.Node.Self(t.Context()); err != nil || self.EpochSeen != 6 {
		t.Errorf("the epoch that the twin spoke of was not noted: %+v, %v", self, err)
	}
}

func TestOneWayTroubleIsNamed(t *testing.T) {
	a, b := twins(t)
	line := shown(t, a)
	line.Address = "twin@127.0.0.1:1"
	accept(t, b, line, "")
	answer, err := dial(t, a).Check(t.Context(), true)
	if err != nil || answer.Back == nil || answer.Back.OK || !strings.Contains(answer.Back.Text, "unreachable") {
		t.Errorf("%+v, %v", answer.Back, err)
	}
}

func TestWhoIsNotTheTwinIsToldSo(t *testing.T) {
	a, b := twins(t)
	line := dial(t, a)
	for name, c := range map[string]struct {
		from Who
		code cli.Code
	}{
		"another server": {Who{Server: "X", Pair: line.From.Pair}, cli.Untrusted},
		"another pair":   {Who{Server: line.From.Server, Pair: "X"}, cli.Untrusted},
		"another epoch":  {Who{Server: line.From.Server, Pair: line.From.Pair, Epoch: 5000}, cli.Untrusted},
	} {
		var remote *link.RemoteError
		err := line.Call(t.Context(), PairCheck, CheckQuestion{From: c.from}, nil)
		if !errors.As(err, &remote) || remote.Code != int(c.code) {
			t.Errorf("%s: %v", name, err)
		}
		err = line.Call(t.Context(), PairRekey, RekeyQuestion{From: c.from, PublicKey: line.Pair.PublicKey}, nil)
		if !errors.As(err, &remote) || remote.Code != int(c.code) {
			t.Errorf("%s, rekey: %v", name, err)
		}
	}
	var remote *link.RemoteError
	if err := line.Call(t.Context(), "pair.rule", nil, nil); !errors.As(err, &remote) || !strings.Contains(err.Error(), "unknown verb") {
		t.Errorf("another verb: %v", err)
	}
	if err := line.Call(t.Context(), PairRekey, RekeyQuestion{From: line.From, PublicKey: "command=\"x\" ssh-ed25519 AAAA"}, nil); !errors.As(err, &remote) {
		t.Errorf("no key: %v", err)
	}
	if _, err := b.Remove(t.Context(), "ann"); err != nil {
		t.Fatal(err)
	}
	if _, err := line.Check(t.Context(), false); !errors.As(err, &remote) || remote.Code != int(cli.Refused) {
		t.Errorf("after it was removed there: %v", err)
	}
	if _, err := a.Dial(t.Context(), link.Options{}); !errors.Is(err, link.ErrRefused) {
		t.Errorf("a new link: %v", err)
	}
	if _, err := b.Dial(t.Context(), link.Options{}); !errors.Is(err, pairing.ErrAlone) {
		t.Errorf("from one without a twin: %v", err)
	}
}

// works demands that the twin takes this server's key, and no file of a
// rekeying is left.
func works(t *testing.T, a, b Notary, was string) {
	t.Helper()
	if _, err := dial(t, a).Check(t.Context(), true); err != nil {
		t.Error(err)
	}
	key, err := link.ReadPublicKey(a.Config.Twin.Identity)
	if err != nil || key == was {
		t.Errorf("the key is %q, %v", key, err)
	}
	if have, err := b.Node.Pair(t.Context()); err != nil || have.PublicKey != key {
		t.Errorf("the twin has %+v, %v", have, err)
	}
	if _, err := os.Stat(a.Config.Twin.Identity + ".new"); err == nil {
		t.Error("the new key's file is still there")
	}
	for _, n := range []Notary{a, b} {
		if _, err := n.Node.AuditVerify(t.Context()); err != nil {
			t.Error(err)
		}
		acts, err := n.Node.Audited(t.Context(), 0, 100)
		if err != nil || acts[len(acts)-1].Verb != PairRekey {
			t.Errorf("%s: audit %+v, %v", n.Config.Name, acts, err)
		}
	}
}

// A crash after each step is repaired by the same again.
func TestRekey(t *testing.T) {
	for steps, name := range []string{"at once", "after the key was made", "after the twin was told", "after it was proven"} {
		t.Run(name, func(t *testing.T) {
			a, b := twins(t)
			was, err := link.ReadPublicKey(a.Config.Twin.Identity)
			if err != nil {
				t.Fatal(err)
			}
			fresh := a.Config.Twin.Identity + ".new"
			key := ""
			for _, step := range []func() error{
				func() (err error) { key, err = link.EnsureIdentity(fresh); return err },
				func() error { return a.tell(t.Context(), fresh, key) },
				func() error { return a.prove(t.Context(), fresh) },
			}[:steps] {
				if err := step(); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := a.Rekey(t.Context(), "ann"); err != nil {
				t.Fatal(err)
			}
			works(t, a, b, was)
		})
	}
}

func TestRekeyWithoutTheTwinChangesNothing(t *testing.T) {
	a, _ := twins(t)
	was, err := link.ReadPublicKey(a.Config.Twin.Identity)
	if err != nil {
		t.Fatal(err)
	}
	a.Config.Twin.SSH = "twin@127.0.0.1:1"
	if err := link.PinHost(a.Config.Twin.KnownHosts, a.Config.Twin.SSH, was); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Rekey(t.Context(), "ann"); !errors.Is(err, link.ErrUnreachable) {
		t.Errorf("rekey: %v", err)
	}
	if now, err := link.ReadPublicKey(a.Config.Twin.Identity); err != nil || now != was {
		t.Errorf("the key became %q, %v", now, err)
	}
}

// Under the system's sshd the twin's new key takes the old one's place in the
// forced command.
func TestRekeyChangesTheForcedCommand(t *testing.T) {
	a, b := twins(t)
	keys := filepath.Join(filepath.Dir(b.Config.File), "keys")
	if _, err := os.Stat(keys); err == nil {
		t.Error("the embedded server needs no authorized_keys")
	}
	from := dial(t, a).From
	listen := b.Config.SSH.Listen
	b.Config.SSH.Listen = "" // as if sshd served it; the row is what lets in here
	defer func() { b.Config.SSH.Listen = listen }()
	key, err := link.EnsureIdentity(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.answerRekey(t.Context(), RekeyQuestion{From: from, PublicKey: key}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(keys)
	if err != nil || !strings.Contains(string(text), "restrict,command=") || !strings.Contains(string(text), " peer\" "+key+"\n") {
		t.Errorf("%s, %v", text, err)
	}

	// A key that somebody else's line lets in is not taken.
	taken, err := link.EnsureIdentity(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	before := taken + " ann@desk\n" + string(text)
	if err := os.WriteFile(keys, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	err = b.answerRekey(t.Context(), RekeyQuestion{From: from, PublicKey: taken})
	if remote, ok := errors.AsType[*link.RemoteError](err); !ok || remote.Code != int(cli.Refused) || !strings.Contains(remote.Text, "take it out there; or") {
		t.Errorf("a key of another line: %v", err)
	}
	if text, err := os.ReadFile(keys); err != nil || string(text) != before {
		t.Errorf("%s, %v", text, err)
	}
	if have, err := b.Node.Pair(t.Context()); err != nil || have.PublicKey != key {
		t.Errorf("%+v, %v", have, err)
	}
	if err := os.WriteFile(keys, text, 0o600); err != nil {
		t.Fatal(err)
	}

	// With its own server, what sshd let in goes at the next new key.
	b.Config.SSH.Listen = listen
	if key, err = link.EnsureIdentity(filepath.Join(t.TempDir(), "key")); err != nil {
		t.Fatal(err)
	}
	if err := b.answerRekey(t.Context(), RekeyQuestion{From: Who{Server: from.Server, Pair: from.Pair}, PublicKey: key}); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(keys); err != nil || strings.Contains(string(text), "ssh-ed25519") {
		t.Errorf("%s, %v", text, err)
	}
}

func TestReplaceClosesTheAuditOfTheLost(t *testing.T) {
	a, _ := twins(t)
	head := node.Head{ID: 42, Hash: node.Hash{7}}
	if err := a.Node.SetHeard(t.Context(), node.Out, node.Heard{Doc: []byte(`{}`), Head: head}); err != nil {
		t.Fatal(err)
	}
	fresh := newNotary(t, "cms-b", node.Secondary)
	if _, err := a.Accept(t.Context(), shown(t, fresh), "", "ann"); !errors.Is(err, pairing.ErrLost) {
		t.Errorf("without --replace: %v", err)
	}
	accept(t, a, shown(t, fresh), "cms-b")
	accept(t, fresh, shown(t, a), "")
	acts, err := a.Node.Audited(t.Context(), 1, 10)
	if err != nil || len(acts) != 1 || !strings.Contains(string(acts[0].Detail), fmt.Sprintf(`"head":{"id":42,"hash":"%s"}`, head.Hash)) {
		t.Errorf("%+v, %v", acts, err)
	}
	if _, err := dial(t, fresh).Check(t.Context(), true); err != nil {
		t.Error(err)
	}
}

// TestLoose holds that what sshd would not believe is named, up to the home.
func TestLoose(t *testing.T) {
	home := filepath.Join(t.TempDir(), "home")
	ssh := filepath.Join(home, ".ssh")
	file := filepath.Join(ssh, "authorized_keys")
	if err := os.MkdirAll(ssh, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		home, ssh, file os.FileMode
		want            []string
	}{
		{0o755, 0o700, 0o600, nil},
		{0o755, 0o755, 0o644, nil},
		{0o775, 0o700, 0o600, []string{home}},
		{0o755, 0o770, 0o600, []string{ssh}},
		{0o777, 0o702, 0o620, []string{file, ssh, home}},
	} {
		for path, mode := range map[string]os.FileMode{home: c.home, ssh: c.ssh, file: c.file} {
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
		}
		got, err := loose(file, home, os.Getuid())
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%o %o %o: %v (-want +got):\n%s", c.home, c.ssh, c.file, err, diff)
		}
	}
	if got, err := loose(file, home, os.Getuid()+1); os.Getuid() != 0 && (err != nil || len(got) != 3) {
		t.Errorf("of another user: %v, %v", got, err)
	}
}
