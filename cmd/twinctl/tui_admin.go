package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
	"github.com/twinctl/twin/tui"
)

// screenChanges is how many changes the screens show.
const screenChanges = 200

// A bureau is what the screens see of the administration data, and where they
// change it: by the code behind twinctl admin.
type bureau struct{ *site }

// Counts implements tui.Administration.
func (b bureau) Counts(ctx context.Context) (map[string]int64, error) {
	counts, err := b.data.Admin.Counts(ctx)
	if err == nil {
		counts[settingKind] = int64(len(admin.Settings()))
	}
	return counts, err
}

// Rows implements tui.Administration.
func (b bureau) Rows(ctx context.Context, kind string) ([]tui.Row, error) {
	k, err := kindNamed(kind)
	if err != nil {
		return nil, err
	}
	rows, err := b.rows(ctx, k)
	if err != nil {
		return nil, err
	}
	pending, err := b.pending(ctx)
	if err != nil {
		return nil, err
	}
	shown := make([]tui.Row, len(rows))
	for i, r := range rows {
		shown[i] = tui.Row{Key: r.Key, Called: calledOf(k, r), Values: fieldTexts(k, r.Body), Pending: pending[admin.Name{Kind: kind, Key: r.Key}]}
	}
	return shown, nil
}

// pending returns the rows that are not what both servers agreed on, whenever
// they were changed: a sync may have left them out.
func (b bureau) pending(ctx context.Context) (map[admin.Name]bool, error) {
	all := map[admin.Name]bool{}
	err := b.data.Admin.Read(ctx, func(r *admin.Reading) error {
		at, err := r.Position(ctx)
		if err != nil || at.BaseGeneration == 0 || at.Pending == 0 {
			return err // without a base all is, and that is said in one word
		}
		pending, err := r.Pending(ctx, at.BaseGeneration, admin.Page{})
		for _, p := range pending {
			all[admin.Name{Kind: p.Kind, Key: p.Key}] = true
		}
		return err
	})
	return all, err
}

// Changes implements tui.Administration.
func (b bureau) Changes(ctx context.Context, kind, key string) ([]tui.Edited, error) {
	var all []tui.Edited
	seen := 0
	for set, err := range b.sets(ctx) {
		if err != nil {
			return nil, err
		}
		if seen++; seen > screenChanges {
			break
		}
		if kind == "" {
			all = append(all, editedOf(set))
			continue
		}
		if set, err = b.data.Admin.Set(ctx, set.Generation); err != nil {
			return nil, err
		}
		if set = (logWish{kind: kind, key: key}).narrow(set); len(set.Changes) > 0 {
			all = append(all, editedOf(set))
		}
	}
	return all, nil
}

// Edited implements tui.Administration.
func (b bureau) Edited(ctx context.Context, generation int64) (tui.Edited, error) {
	set, err := b.data.Admin.Set(ctx, generation)
	return editedOf(set), err
}

func editedOf(set admin.Set) tui.Edited {
	return tui.Edited{
		Generation: set.Generation, Undoes: set.Undoes, Rows: set.Rows, At: set.At.Time(), Actor: set.Actor, From: set.From, Verb: set.Verb,
		Drift: set.Drift, Changes: changesOf(set.Changes),
	}
}

// changesOf tells field by field what became of rows.
func changesOf(changes []admin.Change) []tui.Change {
	all := make([]tui.Change, len(changes))
	for i, c := range changes {
		all[i] = changeOf(c)
	}
	return all
}

func changeOf(c admin.Change) tui.Change {
	k, _ := admin.KindNamed(c.Kind)
	shown := tui.Change{Kind: c.Kind, Key: c.Key, Sign: changeMark(c)}
	for _, body := range []admin.Body{c.After, c.Before} {
		if label := body.Text(k.Label); label != "" && shown.Called == "" {
			shown.Called = label
		}
	}
	for _, f := range fieldsOf(k, c.Before, c.After) {
		was, is := valueText(f.Value(c.Before)), valueText(f.Value(c.After))
		_, had := c.Before[f.Name]
		_, has := c.After[f.Name]
		if (had || has) && (was != is || shown.Sign != "~") {
			shown.Fields = append(shown.Fields, tui.Difference{Field: f.Name, Was: was, Is: is})
		}
	}
	return shown
}

// Try implements tui.Editor.
func (b bureau) Try(ctx context.Context, edits []tui.Edit) ([]tui.Change, error) {
	wanted, err := b.wanted(ctx, edits)
	if err != nil {
		return nil, err
	}
	seen, err := b.data.Admin.Preview(ctx, b.author("admin.set"), wanted, admin.How{})
	if err != nil {
		return nil, notHere(err)
	}
	quiet := &cli.Call{Stdio: cli.Stdio{Out: io.Discard, Err: io.Discard}}
	if err := b.checkTimetables(ctx, quiet, seen.Changes, true); err != nil {
		return nil, err
	}
	return changesOf(seen.Changes), nil
}

// Save implements tui.Editor.
func (b bureau) Save(ctx context.Context, edits []tui.Edit) (string, error) {
	wanted, err := b.wanted(ctx, edits)
	if err != nil {
		return "", err
	}
	var said bytes.Buffer
	call := &cli.Call{Stdio: cli.Stdio{In: strings.NewReader(""), Out: &said, Err: &said}, Format: cli.Text, NoInput: true, Yes: true}
	if err := b.administer(ctx, call, act{verb: "admin.set", timetables: touchesTimetables(wanted)}, wanted); err != nil {
		return "", err
	}
	for text := range strings.Lines(said.String()) {
		if strings.Contains(text, ", generation ") && !strings.HasPrefix(text, " ") {
			return strings.TrimSpace(text), nil
		}
	}
	return "nothing had to change", nil
}

// wanted makes edits of what was typed, each against the row as it is now.
func (b bureau) wanted(ctx context.Context, edits []tui.Edit) ([]admin.Edit, error) {
	all := make([]admin.Edit, len(edits))
	for i, e := range edits {
		one, err := b.wish(ctx, e)
		if err != nil {
			return nil, err
		}
		all[i] = one
	}
	return all, nil
}

func (b bureau) wish(ctx context.Context, e tui.Edit) (admin.Edit, error) {
	k, err := kindNamed(e.Kind)
	if err != nil {
		return admin.Edit{}, err
	}
	set, err := readAssignments(k, e.Sets, func(name string) ([]byte, error) {
		return nil, fmt.Errorf("@%s: a form takes no files", name)
	})
	if err != nil {
		return admin.Edit{}, err
	}
	row, err := b.data.Admin.Find(ctx, k.Name, e.Key)
	isNew := errors.Is(err, admin.ErrNoRow)
	if err != nil && !isNew {
		return admin.Edit{}, err
	}
	edit, old := admin.Edit{Kind: k.Name, Key: row.Key}, row.Hash()
	if isNew {
		row.Body, old = admin.Body{}, admin.Hash{}
		if edit.Key = e.Key; k.ID {
			edit.Key, row.Body[k.Label] = "", e.Key
		}
	}
	edit.Old = &old
	if !e.Deletes {
		edit.Body, _ = assign(row.Body, set)
	}
	return edit, nil
}
