package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinctl/twin/collector/admin"
)

// thing has a field of every type.
func thing() admin.Kind {
	return admin.Kind{Name: "thing", Fields: []admin.Field{
		{Name: "name", Type: admin.Text},
		{Name: "limit", Type: admin.Integer, Max: 9},
		{Name: "off", Type: admin.Bool},
		{Name: "when", Type: admin.Choice, Choices: []string{"above", "below"}},
		{Name: "keys", Type: admin.List},
		{Name: "queue", Type: admin.Ref, To: "queue"},
		{Name: "queues", Type: admin.Refs, To: "queue"},
	}}
}

func files(name string) ([]byte, error) {
	switch name {
	case "keys":
		return []byte("# mine\nssh-ed25519 AAAA ann, at home\r\n\n  ssh-ed25519 BBBB \n"), nil
	case "name":
		return []byte("Support\n"), nil
	case "empty":
		return nil, nil
	}
	return nil, errors.New("no such file")
}

func TestAssignments(t *testing.T) {
	was := admin.Body{"name": "Old", "queues": []string{"a", "b"}}
	for _, c := range []struct {
		words string // | between them
		want  admin.Body
	}{
		{"", was},
		{"name=New", admin.Body{"name": "New", "queues": []string{"a", "b"}}},
		{"name=a=b, c", admin.Body{"name": "a=b, c", "queues": []string{"a", "b"}}},
		{"name=|queues=", admin.Body{}},
		{"name=@name|queues=", admin.Body{"name": "Support"}},
		{"name=@empty|queues=@empty", admin.Body{}},
		{"name=@@name|queues=", admin.Body{"name": "@name"}},
		{"name='; DROP TABLE row|queues=", admin.Body{"name": "'; DROP TABLE row"}},
		{"name=|queues=|limit=-3|off=Yes|when=below|queue=a", admin.Body{"limit": int64(-3), "off": true, "when": "below", "queue": "a"}},
		{"name=|queues=|off=off", admin.Body{"off": false}},
		{"name=|queues=c", admin.Body{"queues": []string{"c"}}},
		{`name=|queues=c, "d, e", "say ""f""",`, admin.Body{"queues": []string{"c", "d, e", `say "f"`}}},
		{"name=|queues+=c,a", admin.Body{"queues": []string{"a", "b", "c"}}},
		{"name=|queues-=a,z", admin.Body{"queues": []string{"b"}}},
		{"name=|queues+=c|queues-=a", admin.Body{"queues": []string{"b", "c"}}},
		{"name=|queues=|keys=@keys", admin.Body{"keys": []string{"ssh-ed25519 AAAA ann, at home", "ssh-ed25519 BBBB"}}},
		{"name=|queues=|keys+=@keys|keys-=ssh-ed25519 BBBB", admin.Body{"keys": []string{"ssh-ed25519 AAAA ann, at home"}}},
	} {
		var words []string
		if c.words != "" {
			words = strings.Split(c.words, "|")
		}
		all, err := readAssignments(thing(), words, files)
		if err != nil {
			t.Errorf("%s: %v", c.words, err)
			continue
		}
		got, _ := assign(was, all)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.words, diff)
		}
	}
	if diff := cmp.Diff(admin.Body{"name": "Old", "queues": []string{"a", "b"}}, was); diff != "" {
		t.Errorf("the row that was there has changed (-want +got):\n%s", diff)
	}
}

func TestAssignTellsWhatWasNotThere(t *testing.T) {
	all, err := readAssignments(thing(), []string{"queues-=a,z", "keys-=k"}, files)
	if err != nil {
		t.Fatal(err)
	}
	_, absent := assign(admin.Body{"queues": []string{"a"}}, all)
	if diff := cmp.Diff([]string{"z", "k"}, absent); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAssignmentsThatAreRefused(t *testing.T) {
	for words, want := range map[string]string{
		"name":          `"name": want FIELD=VALUE; a thing has name, limit, off, when, keys, queue, queues`,
		"namee=x":       `a thing has no field "namee": did you mean name?`,
		"colour=x":      `a thing has no field "colour": it has name, limit,`,
		"=x":            `a thing has no field ""`,
		"name=a|name=b": `name is said twice`,
		"name+=x":       `name is no list: want name=VALUE`,
		"limit=many":    `limit: "many": want a whole number from 0 to 9`,
		"limit=1.5":     `limit: "1.5": want a whole number`,
		"off=maybe":     `off: "maybe": want true or false`,
		`queues=a"b`:    `queues: "a\"b": bare " in`,
		`queues="a`:     `queues: "\"a": `,
		"queues=a\nb":   `queues: "a\nb": want entries with commas between them, in one line`,
		"queues+=":      `queues: nothing stands behind +=`,
		"queues-=@none": `queues: no such file`,
		"name=@none":    `name: no such file`,
	} {
		_, err := readAssignments(thing(), strings.Split(words, "|"), files)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", words, err, want)
		}
	}
}

// What is shown can be typed.
func TestEntriesAreReadAsWritten(t *testing.T) {
	entry := rapid.StringMatching(`[a-z"', =@]{1,6}`).Filter(func(s string) bool { return strings.TrimSpace(s) == s })
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(entry, 1, 4).Draw(t, "entries")
		got, err := readEntries(writeEntries(want))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
}
