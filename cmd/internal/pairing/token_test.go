package pairing

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/node"
)

func TestALineIsReadAsItWasShown(t *testing.T) {
	for _, want := range []Token{
		offer(primary(), nil),
		offer(secondary(), &node.Pair{Pair: ID(serverA, serverB)}),
		other(offer(primary(), nil), func(t *Token) { t.Name = "Zürich <&> 1" }),
	} {
		line, err := want.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(`^twin1\.[A-Za-z0-9_-]+$`).MatchString(line) {
			t.Errorf("a shell would change %q", line)
		}
		got, err := Parse(" " + line[:40] + "\r\n" + line[40:] + "\n") // as a mail may break it
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	good, err := offer(primary(), nil).Encode()
	if err != nil {
		t.Fatal(err)
	}
	encoded := func(doc string) string { return tokenPrefix + base64.RawURLEncoding.EncodeToString([]byte(doc)) }
	changed := func(change func(*Token)) string {
		doc, err := json.Marshal(other(offer(primary(), nil), change))
		if err != nil {
			t.Fatal(err)
		}
		return encoded(string(doc))
	}
	for name, c := range map[string]struct{ line, want string }{
		"nothing":            {"", "begins with twin1."},
		"a public key":       {"ssh-ed25519 AAAA", "begins with twin1."},
		"another version":    {"twin2." + good[6:], "begins with twin1."},
		"half a line":        {good[:len(good)/2], "cut or changed"},
		"no document":        {encoded("hello"), "cut or changed"},
		"much too long":      {tokenPrefix + strings.Repeat("A", maxToken), "too many"},
		"the version inside": {changed(func(t *Token) { t.Version = 2 }), "version is 2"},
		"no name":            {changed(func(t *Token) { t.Name = "" }), "name: "},
		"a name that acts":   {changed(func(t *Token) { t.Name = "\x1b[2J" }), "name: "},
		"no role":            {changed(func(t *Token) { t.Role = "boss" }), `role "boss"`},
		"a server that acts": {changed(func(t *Token) { t.Server = "AAAAAAAAAAAAAAAA\n" }), "server "},
		"a pair that acts":   {changed(func(t *Token) { t.Pair = "*" }), "pair "},
		"a user that acts":   {changed(func(t *Token) { t.Address = "-oProxyCommand=x@b:22" }), "address: "},
		"an epoch below 0":   {changed(func(t *Token) { t.Epoch = -1 }), "epoch -1"},
		"an epoch too high":  {changed(func(t *Token) { t.EpochSeen = node.MaxTold + 1 }), "epoch "},
		"a key with options": {changed(func(t *Token) { t.PublicKey = `command="x" ssh-ed25519 AAAA` }), "key "},
		"two keys":           {changed(func(t *Token) { t.HostKey = "ssh-ed25519 AAAA\nssh-ed25519 BBBB" }), "key "},
		"no key":             {changed(func(t *Token) { t.HostKey = "" }), "key "},
	} {
		if got, err := Parse(c.line); !errors.Is(err, ErrToken) || !strings.Contains(err.Error(), c.want) || got != (Token{}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if _, err := (Token{}).Encode(); err == nil {
		t.Error("a line that nobody would read was shown")
	}
}

func TestTheIDOfAPair(t *testing.T) {
	if ID(serverA, serverB) != ID(serverB, serverA) {
		t.Error("the two differ")
	}
	if ID(serverA, serverB) == ID(serverA, serverC) || len(ID(serverA, serverB)) != 26 {
		t.Error("pairs are not told apart")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []node.Self{primary(), secondary()} {
		line, err := offer(s, nil).Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(line)
	}
	f.Add("twin1.e30")
	f.Add("twin1.")
	f.Fuzz(func(t *testing.T, line string) {
		got, err := Parse(line)
		if err != nil {
			return
		}
		for _, text := range []string{got.Name, got.Server, got.Pair, got.Address, got.PublicKey, got.HostKey} {
			if inert.Text(text) != text {
				t.Errorf("%q acts", text)
			}
		}
		again, err := got.Encode()
		if err != nil {
			t.Fatalf("%+v: %v", got, err)
		}
		if back, err := Parse(again); err != nil || back != got {
			t.Errorf("%+v became %+v, %v", got, back, err)
		}
	})
}
