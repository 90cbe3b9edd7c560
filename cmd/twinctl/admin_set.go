package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/nearest"
)

// similarAmong is how many rows are looked at for one of a similar name.
const similarAmong = 1000

func kindSetCommand(k admin.Kind) cli.Command {
	a := act{verb: "admin.set"}
	return cli.Command{
		Name:  "set",
		Args:  "KEY [FIELD=VALUE...]",
		Short: "create or change one " + k.Name,
		Long: "Makes the row if there is none, and says which it did. Fields that are not named stay as they are.\n\n" +
			setForms() + "\n\nFields:\n\n" + fieldsHelp(k) + "\n\n" + keyHelp(k),
		Examples: []cli.Example{
			{Line: setLine(k)},
			{Line: "twinctl admin " + k.Name + " set KEY " + k.Fields[0].Name + "= --dry-run", Why: "what would it do?"},
		},
		Exits:   []cli.Code{cli.Differs, cli.Refused, cli.Untrusted, cli.Busy, cli.Unknown},
		Outputs: []cli.Format{cli.Text, cli.JSON},
		Flags:   a.flags,
		Complete: map[string]func(context.Context, *cli.Call) []string{
			"KEY": completeKeys(k), "FIELD=VALUE": completeAssignments(k),
		},
		Run: func(ctx context.Context, call *cli.Call) error {
			// Before this program becomes the owner of the data: the files are the caller's.
			all, err := readAssignments(k, call.Args[1:], readFile(call))
			if err != nil {
				return cli.Fail(cli.Usage, err, "twinctl help admin "+k.Name)
			}
			return with(func(ctx context.Context, call *cli.Call, s *site) error {
				return s.set(ctx, call, setting{k, call.Args[0], all}, a)
			})(ctx, call)
		},
	}
}

func setForms() string {
	return entryList([][2]string{
		{"FIELD=VALUE", "it is this now; a list has commas, an entry with a comma stands in quotes"},
		{"FIELD=", "back to its default"},
		{"FIELD=@FILE", "what stands in the file, an entry of a list a line; @- is standard input, @@ a text that begins with @"},
		{"FIELD+=VALUE", "these entries come into the list"},
		{"FIELD-=VALUE", "these entries go from the list"},
	})
}

// A setting is a row as a person wants it.
type setting struct {
	kind admin.Kind
	word string // key, or what the row is called
	all  []assignment
}

func (s *site) set(ctx context.Context, call *cli.Call, want setting, a act) error {
	k := want.kind
	row, err := s.data.Admin.Find(ctx, k.Name, want.word)
	isNew := errors.Is(err, admin.ErrNoRow)
	if err != nil && !isNew {
		return err
	}
	edit := admin.Edit{Kind: k.Name, Key: row.Key}
	old := row.Hash()
	if isNew {
		row.Body, old = admin.Body{}, admin.Hash{}
		if edit.Key = want.word; k.ID {
			edit.Key, row.Body[k.Label] = "", want.word
		}
		if err := s.noteSimilar(ctx, call, want); err != nil {
			return err
		}
	}
	var absent []string
	edit.Body, absent = assign(row.Body, want.all)
	edit.Old = &old
	for _, e := range absent {
		fmt.Fprintf(call.Err, "Note: %s was not in the list\n", clipped(e, maxShown))
	}
	s.noteFeed(call, edit.Body)
	return s.administer(ctx, call, a, []admin.Edit{edit})
}

// noteFeed says that this server has no feed of the name that a row has. That is
// no error: feeds are configured and not administered, and it may come yet.
func (s *site) noteFeed(call *cli.Call, body admin.Body) {
	name := body.Text("feed")
	if name == "" {
		return
	}
	if _, err := s.feed(name); err != nil {
		fmt.Fprintf(call.Err, "Note: %s\n", inert.Text(err.Error()))
	}
}

// noteSimilar says that a row of almost the same name is there already: what is
// typed wrong would else be a new row, and nobody the wiser. Numbers are similar
// all the time, and say nothing. It looks at some names only.
func (s *site) noteSimilar(ctx context.Context, call *cli.Call, want setting) error {
	rows, err := s.data.Admin.Rows(ctx, want.kind.Name, "", similarAmong)
	if err != nil {
		return err
	}
	var names []string
	for _, r := range rows {
		if name := calledOf(want.kind, r); withoutDigits(name) != withoutDigits(want.word) {
			names = append(names, name)
		}
	}
	if meant, ok := nearest.Word(want.word, names); ok {
		fmt.Fprintf(call.Err, "Note: this is a new %s; there is also %s\n", want.kind.Name, inert.Text(meant))
	}
	return nil
}

func withoutDigits(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, text)
}

// readFile returns what reads the files that a command line names, as much as a
// body may have.
func readFile(call *cli.Call) reader {
	return func(name string) ([]byte, error) {
		in, err := openInput(call, name)
		if err != nil {
			return nil, err
		}
		defer in.Close() //nolint:errcheck // only read
		text, err := io.ReadAll(io.LimitReader(in, admin.MaxBody+1))
		if err == nil && len(text) > admin.MaxBody {
			err = fmt.Errorf("%s: is longer than %d bytes", name, admin.MaxBody)
		}
		return text, err
	}
}

// completeAssignments offers the fields of a kind and, behind the sign, what
// they can be.
func completeAssignments(k admin.Kind) func(context.Context, *cli.Call) []string {
	return func(ctx context.Context, call *cli.Call) []string {
		name, text, assigns := strings.Cut(call.Begun, "=")
		f, ok := k.Field(strings.TrimRight(name, "+-"))
		if !assigns {
			return fieldWords(k)
		}
		if !ok {
			return nil
		}
		front := name + "="
		if at := strings.LastIndexByte(text, ','); at >= 0 && isList(f) {
			front += text[:at+1]
		}
		words := valueWords(ctx, call, f)
		for i := range words {
			words[i] = front + words[i]
		}
		return words
	}
}

func fieldWords(k admin.Kind) []string {
	var words []string
	for _, f := range k.Fields {
		words = append(words, f.Name+"=\t"+f.Short)
		if isList(f) {
			words = append(words, f.Name+"+=\tadd to it", f.Name+"-=\ttake from it")
		}
	}
	return words
}

// valueWords offers the values of a field that can be told.
func valueWords(ctx context.Context, call *cli.Call, f admin.Field) []string {
	switch f.Type {
	case admin.Choice:
		return f.Choices
	case admin.Bool:
		return []string{"true", "false"}
	case admin.Ref, admin.Refs:
		to, _ := admin.KindNamed(f.To)
		var keys []string
		for _, w := range rowWords(ctx, call, to) {
			keys = append(keys, keyWord(to, w))
		}
		return keys
	case admin.List:
		if f.Name == "feeds" {
			return completeFeeds(ctx, call)
		}
	case admin.Text, admin.Integer:
	}
	return nil
}

// keyWord makes the word for a reference of the word for a row: where keys are
// random, people name a row by another name, and references hold the key.
func keyWord(k admin.Kind, word string) string {
	called, about, _ := strings.Cut(word, "\t")
	if k.ID {
		return about + "\t" + called
	}
	return word
}
