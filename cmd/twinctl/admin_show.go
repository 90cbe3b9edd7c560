package main

import (
	"context"
	"errors"
	"slices"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
)

func kindShowCommand(k admin.Kind) cli.Command {
	return cli.Command{
		Name:  "show",
		Args:  "KEY",
		Short: "show one " + k.Name + ", with every field",
		Long:  "A list has a line for each entry. What is at its default is shown too, a dash where that is nothing.",
		Examples: []cli.Example{
			{Line: "twinctl admin " + k.Name + " show KEY"},
			{Line: "twinctl admin " + k.Name + " show KEY --json", Why: "one object, for programs"},
		},
		Exits:    []cli.Code{cli.Refused, cli.Untrusted},
		Outputs:  []cli.Format{cli.Text, cli.JSON},
		Complete: map[string]func(context.Context, *cli.Call) []string{"KEY": completeKeys(k)},
		Run: with(func(ctx context.Context, call *cli.Call, s *site) error {
			row, err := s.row(ctx, k, call.Args[0])
			if err != nil {
				return err
			}
			return call.Show(cli.View{Document: rowObject(row), Table: fieldTable(k, row)})
		}),
	}
}

// row returns the row that a person names by key or, where keys are random, by
// what it is called.
func (s *site) row(ctx context.Context, k admin.Kind, word string) (admin.Row, error) {
	row, err := s.data.Admin.Find(ctx, k.Name, word)
	if !errors.Is(err, admin.ErrNoRow) {
		return row, err
	}
	for _, setting := range admin.Settings() {
		if k.Name == settingKind && setting.Key == word {
			return unset(setting), nil
		}
	}
	return row, cli.Fail(cli.Usage, err, "twinctl admin "+k.Name+" list")
}

// calledOf returns what people name a row by.
func calledOf(k admin.Kind, r admin.Row) string {
	if k.ID {
		return r.Body.Text(k.Label)
	}
	return r.Key
}

func fieldTable(k admin.Kind, row admin.Row) cli.Table {
	t := cli.Table{Columns: []cli.Column{{Name: "field"}, {Name: "value", Maybe: true}}}
	t.Add("key", row.Key)
	for _, f := range fieldsOf(k, row.Body) {
		value := f.Value(row.Body)
		entries := asList(value)
		if len(entries) == 0 {
			t.Add(f.Name, valueText(value))
		}
		for i, e := range entries {
			t.Add([]string{f.Name, ""}[min(i, 1)], writeEntries([]string{e}))
		}
	}
	return t
}

// completeKeys offers what the kind's rows are named by.
func completeKeys(k admin.Kind) func(context.Context, *cli.Call) []string {
	return func(ctx context.Context, call *cli.Call) []string {
		if len(call.Args) > 0 {
			return nil
		}
		return rowWords(ctx, call, k)
	}
}

// rowWords returns the names of the rows of a kind, each with what it is called
// behind a tab; none where nothing can be read.
func rowWords(ctx context.Context, call *cli.Call, k admin.Kind) []string {
	s, err := open(ctx, call)
	if err != nil {
		return nil
	}
	defer s.data.Close() //nolint:errcheck // only read
	rows, err := s.rows(ctx, k)
	if err != nil {
		return nil
	}
	words := make([]string, len(rows))
	for i, r := range rows {
		about := r.Body.Text(k.Label)
		if k.ID {
			about = r.Key
		}
		words[i] = calledOf(k, r) + "\t" + about
	}
	slices.Sort(words)
	return words
}
