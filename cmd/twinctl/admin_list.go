package main

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/twinctl/twin/cmd/internal/cli"
	"github.com/twinctl/twin/collector/admin"
)

// adminPage is how many rows are read in one transaction.
const adminPage = 5000

// maxCell is how many characters of a value a table shows to people.
const maxCell = 40

// settingKind is the kind whose keys are given: it lists them all, set or not.
const settingKind = "setting"

func kindListCommand(k admin.Kind) cli.Command {
	var match string
	var filter rowFilter
	return cli.Command{
		Name:  "list",
		Args:  "[FIELD=VALUE...]",
		Short: "list the rows of kind " + k.Name,
		Long: `With FIELD=VALUE, those whose field is VALUE, or that have VALUE in it where it is a list. ` +
			`A table shows the fields that any row says something in, and of long values the beginning; csv and json have all.`,
		Examples: []cli.Example{
			{Line: "twinctl admin " + k.Name + " list"},
			{Line: "twinctl admin " + k.Name + " list --match night -o csv", Why: "with night in any field, for a spreadsheet"},
		},
		Exits:   []cli.Code{cli.Refused, cli.Untrusted},
		Outputs: []cli.Format{cli.Text, cli.JSON, cli.JSONL, cli.CSV},
		Flags: func(f *cli.FlagSet) {
			f.StringVar(&match, "match", "", "only those with `TEXT` in the key or any field, in capitals or not")
			filter.flag(f)
		},
		Complete: map[string]func(context.Context, *cli.Call) []string{"FIELD=VALUE": completeAssignments(k)},
		Run: func(ctx context.Context, call *cli.Call) error {
			wanted, err := readAssignments(k, call.Args, readFile(call))
			if err != nil {
				return cli.Fail(cli.Usage, err, "twinctl help admin "+k.Name)
			}
			return with(func(ctx context.Context, call *cli.Call, s *site) error {
				rows, err := s.rows(ctx, k)
				if err != nil {
					return err
				}
				rows = slices.DeleteFunc(rows, func(r admin.Row) bool { return !matches(k, r, match) || !meetsAll(r, wanted) })
				full := func(rows []admin.Row) cli.Table { return fullTable(k, rows) }
				short := func(rows []admin.Row) cli.Table { return rowsTable(k, rows) }
				if rows, err = sifted(filter, "admin "+k.Name+" list", rows, full, short); err != nil {
					return err
				}
				return showRows(call, k, rows)
			})(ctx, call)
		},
	}
}

// rows returns all rows of a kind, in order of their keys; of settings those
// too that are not set, at their default.
func (s *site) rows(ctx context.Context, k admin.Kind) ([]admin.Row, error) {
	rows := []admin.Row{}
	for after := ""; ; {
		page, err := s.data.Admin.Rows(ctx, k.Name, after, adminPage)
		if err != nil {
			return nil, err
		}
		rows = append(rows, page...)
		if len(page) < adminPage {
			break
		}
		after = page[len(page)-1].Key
	}
	if k.Name != settingKind {
		return rows, nil
	}
	for _, setting := range admin.Settings() {
		if !slices.ContainsFunc(rows, func(r admin.Row) bool { return r.Key == setting.Key }) {
			rows = append(rows, unset(setting))
		}
	}
	slices.SortFunc(rows, func(a, b admin.Row) int { return strings.Compare(a.Key, b.Key) })
	return rows, nil
}

// unset is a setting that nobody has set.
func unset(s admin.Setting) admin.Row {
	return admin.Row{Kind: settingKind, Key: s.Key, Body: admin.Body{"value": s.Default}}
}

// matches tells whether a text stands in a row's key or in any of its fields.
func matches(k admin.Kind, r admin.Row, text string) bool {
	text = strings.ToLower(admin.Composed(text))
	if strings.Contains(strings.ToLower(r.Key), text) {
		return true
	}
	return slices.ContainsFunc(fieldsOf(k, r.Body), func(f admin.Field) bool {
		return strings.Contains(strings.ToLower(valueText(f.Value(r.Body))), text)
	})
}

// meetsAll tells whether a row is as was asked for.
func meetsAll(r admin.Row, wanted []assignment) bool {
	for _, w := range wanted {
		has := w.field.Value(r.Body)
		entries, _ := w.value.([]string)
		switch {
		case isList(w.field) && w.value != nil:
			for _, e := range entries {
				if !slices.Contains(asList(has), e) {
					return false
				}
			}
		case valueText(has) != valueText(wantedValue(w)):
			return false
		}
	}
	return true
}

// wantedValue is what a field is to be that is asked for.
func wantedValue(w assignment) any {
	if w.value == nil {
		return w.field.Value(nil)
	}
	return w.value
}

func showRows(call *cli.Call, k admin.Kind, rows []admin.Row) error {
	if call.Format == cli.Text {
		return rowsTable(k, rows).WriteText(call.Out)
	}
	objects := make([]rowObject, len(rows))
	for i, r := range rows {
		objects[i] = rowObject(r)
	}
	return call.Show(cli.View{
		Document: struct {
			Kind string      `json:"kind"`
			Rows []rowObject `json:"rows"`
		}{k.Name, objects},
		Lines: cli.Each(objects),
		Table: fullTable(k, rows),
	})
}

// A rowObject is a row as a flat JSON object: kind, key, and every field of the
// kind, in the order of the catalogue.
type rowObject admin.Row

// MarshalJSON implements json.Marshaler.
func (o rowObject) MarshalJSON() ([]byte, error) {
	k, _ := admin.KindNamed(o.Kind)
	var b bytes.Buffer
	b.WriteByte('{')
	add := func(name string, value any) error {
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		text, err := json.Marshal(name)
		if err != nil {
			return err
		}
		b.Write(append(text, ':'))
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		return e.Encode(value)
	}
	err := add("kind", o.Kind)
	if err == nil {
		err = add("key", o.Key)
	}
	for _, f := range fieldsOf(k, o.Body) {
		if err != nil {
			return nil, err
		}
		value := f.Value(o.Body)
		if list, ok := value.([]string); ok && list == nil {
			value = []string{}
		}
		err = add(f.Name, value)
	}
	b.WriteByte('}')
	return b.Bytes(), err
}

// rowsTable shows rows to people.
func rowsTable(k admin.Kind, rows []admin.Row) cli.Table {
	t := cli.Table{Columns: []cli.Column{{Name: "key"}}}
	fields := slices.DeleteFunc(slices.Clone(k.Fields), func(f admin.Field) bool {
		return f.Name != k.Label && !slices.ContainsFunc(rows, func(r admin.Row) bool { return r.Body[f.Name] != nil })
	})
	for _, f := range fields {
		t.Columns = append(t.Columns, cli.Column{Name: f.Name, Number: f.Type == admin.Integer, Maybe: true})
	}
	meaning := map[string]string{}
	if k.Name == settingKind {
		t.Columns = append(t.Columns, cli.Column{Name: "default"}, cli.Column{Name: "meaning"})
		for _, s := range admin.Settings() {
			meaning[s.Key] = s.Short
		}
	}
	for _, r := range rows {
		cells := []string{clipped(r.Key, maxCell)}
		for _, f := range fields {
			cells = append(cells, clipped(valueText(f.Value(r.Body)), maxCell))
		}
		if k.Name == settingKind {
			cells = append(cells, defaultOf(r.Key), meaning[r.Key])
		}
		t.Add(cells...)
	}
	return t
}

func defaultOf(setting string) string {
	for _, s := range admin.Settings() {
		if s.Key == setting {
			return s.Default
		}
	}
	return ""
}

// fullTable has every field, whole.
func fullTable(k admin.Kind, rows []admin.Row) cli.Table {
	t := cli.Table{Columns: []cli.Column{{Name: "key"}}}
	for _, f := range k.Fields {
		t.Columns = append(t.Columns, cli.Column{Name: f.Name, Number: f.Type == admin.Integer})
	}
	for _, r := range rows {
		cells := []string{r.Key}
		for _, f := range k.Fields {
			cells = append(cells, valueText(f.Value(r.Body)))
		}
		t.Add(cells...)
	}
	return t
}
