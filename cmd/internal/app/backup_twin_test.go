package app

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/backup"
	"github.com/twinctl/twin/collector/store"
	"github.com/twinctl/twin/sync/link"
	"github.com/twinctl/twin/sync/vault"
)

// sentBackup makes one on a, which goes to b too.
func sentBackup(t *testing.T, a Notary) backup.Set {
	t.Helper()
	data, err := OpenData(t.Context(), a.Config.Data, store.Use)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := data.Close(); err != nil {
			t.Error(err)
		}
	})
	made, sent, err := MakeBackup(t.Context(), a.Config, data, Making{Kind: backup.Full, Second: true})
	if err != nil || sent.Err != nil || len(sent.Names) != 1 || sent.Names[0] != made.Title() {
		t.Fatalf("%+v, %v", sent, err)
	}
	return made
}

// Whoever has broken into a server, and so has its key, can neither read nor
// change nor delete what its twin keeps of its past.
func TestWhatTheTwinKeepsIsOutOfReach(t *testing.T) {
	a, b := twins(t)
	made := sentBackup(t, a)
	kept := backup.Keeper{At: backup.Directory(FromTwin(b.Config, "cms-a"))}
	if err := kept.Verify(t.Context(), made.Title()); err != nil {
		t.Fatal(err)
	}
	l := dial(t, a)
	for _, path := range []string{
		"backups", "backups/", "backups/" + made.Title() + "/manifest", "backups/" + made.Title() + "/node.db.zst",
		"backups/" + made.Title() + "/node.db.zst/0-10", "backups/cms-a.twin/" + made.Title() + "/manifest",
	} {
		if _, _, err := l.Open(t.Context(), path); err == nil {
			t.Errorf("%s can be read", path)
		}
	}
	ten := bytes.NewReader(make([]byte, 10))
	for path, code := range map[string]cli.Code{
		"backups/" + made.Title() + "/node.db.zst/0-10":    cli.Usage,
		"backups/" + made.Title() + "/manifest/0-10":       cli.Usage,
		"backups/../../node.db/0-10":                       cli.Failed, // SFTP makes it a path outside the tree
		"backups/" + made.Title() + "/../../node.db/0-10":  cli.Usage,
		"backups/cms-a.twin/" + made.Title() + "/x/0-10":   cli.Usage,
		"backups/" + made.Title() + "/node.db.zst/0-10/10": cli.Usage,
	} {
		err := l.Put(t.Context(), path, ten, ten.Size())
		var remote *link.RemoteError
		if err == nil || errors.As(err, &remote) && remote.Code != int(code) {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, verb := range []string{"backup.delete", "backup.prune", "backup.read"} {
		err := l.Call(t.Context(), verb, vault.Keep{Name: made.Title()}, &struct{}{})
		if remote, ok := errors.AsType[*link.RemoteError](err); !ok || remote.Code != int(cli.Usage) {
			t.Errorf("%s: %v", verb, err)
		}
	}
	text, err := os.ReadFile(filepath.Join(a.Config.Backup.Directory, made.Title(), "manifest"))
	if err != nil {
		t.Fatal(err)
	}
	for name, offer := range map[string]vault.Offer{
		"another of its name":      {Name: made.Title(), Manifest: bytes.Replace(text, []byte(`"schema"`), []byte(`"Schema"`), 1)},
		"beside all others":        {Name: "../" + made.Title(), Manifest: text},
		"the name of what is kept": {Name: "cms-a.twin", Manifest: text},
	} {
		err := l.Call(t.Context(), vault.VerbOffer, offer, &backup.Come{})
		if remote, ok := errors.AsType[*link.RemoteError](err); !ok || remote.Code != int(cli.Untrusted) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := kept.Verify(t.Context(), made.Title()); err != nil {
		t.Error(err)
	}
	if there, err := os.ReadDir(b.Config.Backup.Directory); err != nil || len(there) != 1 {
		t.Errorf("%v, %v", there, err)
	}
}

// Nor does it take the backups of anybody but its twin.
func TestOnlyTheTwinsOwnBackups(t *testing.T) {
	a, b := twins(t)
	theirs := sentBackup(t, b)
	text, err := os.ReadFile(filepath.Join(b.Config.Backup.Directory, theirs.Title(), "manifest"))
	if err != nil {
		t.Fatal(err)
	}
	err = dial(t, a).Call(t.Context(), vault.VerbOffer, vault.Offer{Name: theirs.Title(), Manifest: text}, &backup.Come{})
	if remote, ok := errors.AsType[*link.RemoteError](err); !ok || remote.Code != int(cli.Refused) {
		t.Errorf("%v", err)
	}
}
