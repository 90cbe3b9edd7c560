package admin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/pelletier/go-toml/v2"
	"golang.org/x/text/unicode/norm"
)

// exportFormat is the version of the file that Export writes.
const exportFormat = 1

// maxImport is how large a file to import may be.
const maxImport = 64 << 20

// Export writes all rows as one TOML file: [kind.key] and what the row says.
// What a row leaves out is at its default. The same rows make the same file.
// Import of it changes nothing.
func (a *DB) Export(ctx context.Context, w io.Writer) error {
	return a.Read(ctx, func(r *Reading) error {
		if _, err := fmt.Fprintf(w, "# Administration data; twinctl admin import takes it back.\n%s", exportHead()); err != nil {
			return err
		}
		for after := (Name{}); ; {
			rows, err := r.Pending(ctx, 0, Page{After: after, Limit: chunk, Bodies: true})
			if err != nil || len(rows) == 0 {
				return err
			}
			for _, p := range rows {
				after = Name{p.Kind, p.Key}
				if err := exportRow(w, Row{p.Kind, p.Key, p.Body}); err != nil {
					return fmt.Errorf("%s: %w", shown(after), err)
				}
			}
		}
	})
}

// exportHead is the line that a file begins with.
func exportHead() string { return fmt.Sprintf("format = %d\n", exportFormat) }

// ExportRows writes rows as a file that Import takes.
func ExportRows(w io.Writer, rows []Row) error {
	if _, err := io.WriteString(w, exportHead()); err != nil {
		return err
	}
	for _, row := range rows {
		if err := exportRow(w, row); err != nil {
			return fmt.Errorf("%s: %w", shown(Name{row.Kind, row.Key}), err)
		}
	}
	return nil
}

// exportRow writes a table of its own for each row, so that memory does not
// grow with their number.
func exportRow(w io.Writer, row Row) error {
	text, err := toml.Marshal(map[string]map[string]Body{row.Kind: {row.Key: row.Body}})
	if err != nil {
		return err
	}
	// The encoder begins with the table that holds the row's. In one file that
	// can stand once; without it the row's own says the same.
	text = bytes.TrimPrefix(text, []byte("["+row.Kind+"]\n"))
	_, err = w.Write(append([]byte{'\n'}, text...))
	return err
}

// Import reads a file that Export wrote, or a person, and returns the edits
// that make the rows so. Rows that the file does not name stay, unless prune;
// then they are deleted. Each edit expects its row to be as it is now. A file
// that cannot be is ErrInvalid, with the line where TOML tells it.
func (a *DB) Import(ctx context.Context, file io.Reader, prune bool) ([]Edit, error) {
	rows, err := a.parse(file)
	if err != nil {
		return nil, err
	}
	var edits []Edit
	err = a.Read(ctx, func(r *Reading) error {
		have, err := r.Hashes(ctx, Page{})
		if err != nil {
			return err
		}
		edits = importEdits(rows, have, prune)
		return nil
	})
	return edits, err
}

func importEdits(rows map[Name]Row, have []RowHash, prune bool) []Edit {
	edits := []Edit{}
	for _, h := range have {
		name, old := Name{h.Kind, h.Key}, h.Hash
		row, said := rows[name]
		delete(rows, name)
		if said && row.Hash() != old || !said && prune {
			edits = append(edits, Edit{Kind: h.Kind, Key: h.Key, Body: row.Body, Old: &old})
		}
	}
	for _, name := range slices.SortedFunc(maps.Keys(rows), CompareShown) {
		edits = append(edits, Edit{Kind: name.Kind, Key: name.Key, Body: rows[name].Body, Old: &Hash{}})
	}
	return edits
}

func (a *DB) parse(file io.Reader) (map[Name]Row, error) {
	text, err := io.ReadAll(io.LimitReader(file, maxImport+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxImport {
		return nil, fmt.Errorf("%w: the file is larger than %d bytes", ErrInvalid, maxImport)
	}
	var all map[string]any
	if err := toml.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, located(err))
	}
	if format, ok := all["format"].(int64); !ok || format != exportFormat {
		return nil, fmt.Errorf("%w: want format = %d at the top", ErrInvalid, exportFormat)
	}
	delete(all, "format")
	rows := map[Name]Row{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		k, err := a.kind(name)
		if err != nil {
			return nil, err
		}
		table, ok := all[name].(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%w: %s is no table: want [%s.KEY]", ErrInvalid, name, name)
		}
		if err := parseKind(k, table, rows); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// located says where in the file a mistake is.
func located(err error) error {
	var at *toml.DecodeError
	if !errors.As(err, &at) {
		return err
	}
	line, column := at.Position()
	return fmt.Errorf("line %d, column %d: %w", line, column, err)
}

func parseKind(k Kind, table map[string]any, rows map[Name]Row) error {
	for _, key := range slices.Sorted(maps.Keys(table)) {
		name := Name{k.Name, norm.NFC.String(key)}
		fields, ok := table[key].(map[string]any)
		if !ok {
			return fmt.Errorf("%w: %s is no table", ErrInvalid, shown(name))
		}
		body := make(Body, len(fields))
		for field, value := range fields {
			body[field] = fromTOML(value)
		}
		row, err := k.Normal(Row{k.Name, key, body})
		if err != nil {
			return err
		}
		if _, twice := rows[name]; twice {
			return fmt.Errorf("%w: %s is named twice", ErrInvalid, shown(name))
		}
		rows[name] = row
	}
	return nil
}

// fromTOML makes lists of texts of lists; what else there is Normal refuses.
func fromTOML(value any) any {
	values, ok := value.([]any)
	if !ok {
		return value
	}
	texts := make([]string, len(values))
	for i, v := range values {
		if texts[i], ok = v.(string); !ok {
			return value
		}
	}
	return texts
}
