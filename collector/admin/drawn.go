package admin

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/twinctl/twin/collector/inert"
)

// A use is one reference from a row to another.
type use struct {
	Name  // who refers
	Field string
	To    Name
}

// Referenced is why rows cannot go, or cannot refer to what they do. It is
// ErrReferenced.
type Referenced struct {
	Uses []Use
	More bool // there are more than are listed
}

// A Use is one reference that is in the way.
type Use struct {
	From  Name   `json:"from"`
	Field string `json:"field"`
	To    Name   `json:"to"`
}

// maxUses is how many are listed.
const maxUses = 100

// Error lists them.
func (r *Referenced) Error() string {
	text := ErrReferenced.Error() + ":"
	for i, u := range r.Uses {
		if i == 10 {
			return fmt.Sprintf("%s and %d more", text, len(r.Uses)-i)
		}
		text += fmt.Sprintf(" %s by %s (%s);", shown(u.To), shown(u.From), u.Field)
	}
	return text[:len(text)-1]
}

// Unwrap makes it ErrReferenced.
func (r *Referenced) Unwrap() error { return ErrReferenced }

// writeDrawn brings references and claims up to date and checks them.
func (d *draft) writeDrawn(ctx context.Context, rows []*drafted) error {
	names := make([][]any, len(rows))
	var uses, claims [][]any
	for i, r := range rows {
		names[i] = []any{r.Kind, r.Key}
		if r.is == nil {
			continue
		}
		k := d.kinds[r.Kind]
		for _, u := range k.uses(r.Name, r.body) {
			uses = append(uses, []any{u.To.Kind, u.To.Key, u.Kind, u.Key, u.Field})
		}
		for _, c := range k.claims(r.body) {
			claims = append(claims, []any{r.Kind, c[0], c[1], r.Key})
		}
	}
	for _, step := range []struct {
		query string
		rows  [][]any
	}{
		{`DELETE FROM reference WHERE (kind, key) IN (SELECT value->>0, value->>1 FROM json_each(?))`, names},
		{`DELETE FROM claim WHERE (kind, key) IN (SELECT value->>0, value->>1 FROM json_each(?))`, names},
		{`INSERT INTO reference (to_kind, to_key, kind, key, field)
			SELECT value->>0, value->>1, value->>2, value->>3, value->>4 FROM json_each(?)`, uses},
		{`INSERT INTO claim (kind, field, value, key)
			SELECT value->>0, value->>1, value->>2, value->>3 FROM json_each(?) WHERE true ON CONFLICT DO NOTHING`, claims},
	} {
		if err := d.inParts(ctx, step.query, step.rows); err != nil {
			return err
		}
	}
	if err := d.checkClaims(ctx, claims); err != nil {
		return err
	}
	return d.checkUses(ctx, names)
}

func (d *draft) inParts(ctx context.Context, query string, rows [][]any) error {
	for part := range slices.Chunk(rows, chunk) {
		text, err := list(part)
		if err != nil {
			return err
		}
		if _, err := d.tx.ExecContext(ctx, query, text); err != nil {
			return err
		}
	}
	return nil
}

// checkClaims refuses what another row has said already.
func (d *draft) checkClaims(ctx context.Context, claims [][]any) error {
	for part := range slices.Chunk(claims, chunk) {
		text, err := list(part)
		if err != nil {
			return err
		}
		var by, has Name
		var field, value string
		err = d.tx.QueryRowContext(ctx, `
			SELECT n.value->>0, n.value->>3, c.field, c.value, c.key
			FROM json_each(?) AS n CROSS JOIN claim AS c
			ON c.kind = n.value->>0 AND c.field = n.value->>1 AND c.value = n.value->>2
			WHERE c.key <> n.value->>3 LIMIT 1`, text).Scan(&by.Kind, &by.Key, &field, &value, &has.Key)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return err
		}
		has.Kind = by.Kind
		return fmt.Errorf("%w: %s: %s %q is %s's already", ErrInvalid, shown(by), field, inert.Text(value), shown(has))
	}
	return nil
}

// checkUses refuses references of the named rows to rows that do not exist, and
// references by others to those of them that do not.
func (d *draft) checkUses(ctx context.Context, names [][]any) error {
	for part := range slices.Chunk(names, chunk) {
		text, err := list(part)
		if err != nil {
			return err
		}
		missing, err := d.queryUses(ctx, `
			SELECT f.kind, f.key, f.field, f.to_kind, f.to_key
			FROM json_each(?) AS n CROSS JOIN reference AS f ON f.kind = n.value->>0 AND f.key = n.value->>1
			LEFT JOIN row AS r ON r.kind = f.to_kind AND r.key = f.to_key
			WHERE r.hash IS NULL LIMIT 1`, text)
		if err != nil {
			return err
		}
		for _, u := range missing {
			return fmt.Errorf("%w: %s: %s: %w: %s", ErrInvalid, shown(u.From), u.Field, ErrNoRow, shown(u.To))
		}
		uses, err := d.queryUses(ctx, `
			SELECT f.kind, f.key, f.field, f.to_kind, f.to_key
			FROM json_each(?) AS n
			LEFT JOIN row AS r ON r.kind = n.value->>0 AND r.key = n.value->>1
			CROSS JOIN reference AS f ON f.to_kind = n.value->>0 AND f.to_key = n.value->>1
			WHERE r.hash IS NULL LIMIT 101`, text)
		if err != nil {
			return err
		}
		if len(uses) > 0 {
			return &Referenced{uses[:min(len(uses), maxUses)], len(uses) > maxUses}
		}
	}
	return nil
}

func (d *draft) queryUses(ctx context.Context, query string, args ...any) ([]Use, error) {
	rows, err := d.tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	var uses []Use
	for rows.Next() {
		var u Use
		if err := rows.Scan(&u.From.Kind, &u.From.Key, &u.Field, &u.To.Kind, &u.To.Key); err != nil {
			return nil, err
		}
		uses = append(uses, u)
	}
	return uses, rows.Err()
}

// uses returns what a row refers to.
func (k Kind) uses(name Name, b Body) []use {
	var uses []use
	for _, f := range k.Fields {
		if f.Type == Ref && b.Text(f.Name) != "" {
			uses = append(uses, use{name, f.Name, Name{f.To, b.Text(f.Name)}})
		}
		if f.Type == Refs {
			for _, key := range b.List(f.Name) {
				uses = append(uses, use{name, f.Name, Name{f.To, key}})
			}
		}
	}
	return uses
}

// claims returns what only one row may say: field and value.
func (k Kind) claims(b Body) [][2]string {
	var claims [][2]string
	for _, f := range k.Fields {
		if !f.Unique {
			continue
		}
		said := b.List(f.Name)
		if text := b.Text(f.Name); text != "" {
			said = []string{text}
		}
		for _, text := range said {
			if f.claim != nil {
				text = f.claim(text)
			}
			claims = append(claims, [2]string{f.Name, text})
		}
	}
	return claims
}
