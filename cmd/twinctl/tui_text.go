package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/tui"
)

// editor returns the program that a person edits texts with, and its arguments,
// as the environment names it.
func editor() []string {
	for _, name := range []string{"VISUAL", "EDITOR"} {
		if words := strings.Fields(os.Getenv(name)); len(words) > 0 {
			return words
		}
	}
	return []string{"vi"}
}

// Write implements tui.Writer.
func (b bureau) Write(ctx context.Context, kind string, keys []string) (string, error) {
	k, err := kindNamed(kind)
	if err != nil {
		return "", err
	}
	rows, err := b.rows(ctx, k)
	if err != nil {
		return "", err
	}
	wanted := map[string]bool{}
	for _, key := range keys {
		wanted[key] = true
	}
	rows = slices.DeleteFunc(rows, func(r admin.Row) bool { return !wanted[r.Key] })
	var text strings.Builder
	fmt.Fprintf(&text, "# Save this and leave the editor: then you see what would change, before it does.\n"+
		"# A row that does not stand here stays as it is; an empty text changes nothing.\n#\n# %s: %s\n", k.Name, k.Short)
	for _, f := range k.Fields {
		fmt.Fprintf(&text, "#   %-16s %s\n", f.Name, f.Short)
	}
	err = admin.ExportRows(&text, rows)
	return text.String(), err
}

// Read implements tui.Writer.
func (b bureau) Read(ctx context.Context, text string) ([]tui.Edit, error) {
	wanted, err := b.data.Admin.Import(ctx, strings.NewReader(text), false)
	if err != nil {
		return nil, err
	}
	var all []tui.Edit
	for _, w := range wanted {
		e, err := b.asTyped(ctx, w)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, nil
}

// asTyped says what an edit changes as it is typed behind FIELD=.
func (b bureau) asTyped(ctx context.Context, w admin.Edit) (tui.Edit, error) {
	k, err := kindNamed(w.Kind)
	if err != nil {
		return tui.Edit{}, err
	}
	row, err := b.data.Admin.Find(ctx, k.Name, w.Key)
	isNew := errors.Is(err, admin.ErrNoRow)
	if err != nil && !isNew {
		return tui.Edit{}, err
	}
	e := tui.Edit{Kind: k.Name, Key: w.Key}
	if isNew && k.ID {
		e.Key = w.Body.Text(k.Label)
		if e.Key == "" {
			return e, fmt.Errorf("%s: %s is missing", inert.Text(admin.Name{Kind: w.Kind, Key: w.Key}.String()), k.Label)
		}
	}
	for _, f := range k.Fields {
		was, is := valueText(f.Value(row.Body)), valueText(f.Value(w.Body))
		if was == is || isNew && k.ID && f.Name == k.Label {
			continue
		}
		if strings.HasPrefix(is, "@") {
			is = "@" + is // a text, not a file
		}
		if _, said := w.Body[f.Name]; !said {
			is = ""
		}
		e.Sets = append(e.Sets, f.Name+"="+is)
	}
	return e, nil
}
