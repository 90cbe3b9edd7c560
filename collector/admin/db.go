package admin

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/twinctl/twin/collector/audit"
	"github.com/twinctl/twin/collector/inert"
	"github.com/twinctl/twin/collector/nearest"
	"github.com/twinctl/twin/collector/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// app marks the file as ours.
const app = 0x7477_6101

// chunk is how many rows go in one statement, or are read in one transaction
// where a caller wants all.
const chunk = 1000

// A Standing is who may change: this server's role and epoch, and its pair.
type Standing struct {
	Server string // its name
	Role   string // primary or secondary
	Epoch  int64  // the highest that it has seen
	Pair   string // "" while it is alone
	Twin   string // the other server's name
	Moving bool   // the role is about to be the other server's
}

// The roles that a Standing has.
const (
	primary   = "primary"
	secondary = "secondary"
)

// Options are what Open needs to know of node.db, which this package does not
// read itself.
type Options struct {
	NodePath string // an existing node.db
	// Guard tells the standing in a transaction on admin.db that has node.db
	// beside it as "node".
	Guard func(ctx context.Context, tx *store.Tx) (Standing, error)
}

// DB is the open file.
type DB struct {
	db    *store.DB
	guard func(context.Context, *store.Tx) (Standing, error)
	catalogue
}

// Schema says what the file holds.
func Schema() store.Schema { return store.Schema{App: app, Migrations: migrations} }

// Open opens the file at path.
func Open(ctx context.Context, path string, mode store.Mode, o Options) (*DB, error) {
	schema := Schema()
	schema.Beside = store.Beside{Name: "node", Path: o.NodePath}
	db, err := store.Open(ctx, path, schema, mode)
	if err != nil {
		return nil, err
	}
	return &DB{db, o.Guard, newCatalogue()}, nil
}

// Close closes the file.
func (a *DB) Close() error { return a.db.Close() }

// Snapshot writes a copy of the file to path, which must not exist; see
// store.DB.
func (a *DB) Snapshot(ctx context.Context, path string) error { return a.db.Snapshot(ctx, path) }

// Watch calls changed whenever another process changed the file, and once at
// the start, until ctx ends.
func (a *DB) Watch(ctx context.Context, interval time.Duration, changed func(context.Context) error) error {
	return a.db.Watch(ctx, interval, changed)
}

// Row returns a row by its key: ErrNoRow.
func (a *DB) Row(ctx context.Context, name Name) (row Row, err error) {
	if _, err := a.kind(name.Kind); err != nil {
		return Row{}, err
	}
	err = a.db.View(ctx, func(tx *store.Tx) error {
		row, err = readRow(ctx, tx, name)
		return err
	})
	return row, err
}

func readRow(ctx context.Context, tx *store.Tx, name Name) (Row, error) {
	var text string
	err := tx.QueryRowContext(ctx, `SELECT body FROM row WHERE kind = ? AND key = ? AND hash IS NOT NULL`, name.Kind, name.Key).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return Row{}, fmt.Errorf("%w: %s", ErrNoRow, shown(name))
	}
	if err != nil {
		return Row{}, err
	}
	body, err := decodeBody([]byte(text))
	if err != nil {
		return Row{}, fmt.Errorf("%s: %w", shown(name), err)
	}
	return Row{name.Kind, name.Key, body}, nil
}

// Rows returns rows of a kind in the order of their keys, those after a key, at
// most limit.
func (a *DB) Rows(ctx context.Context, kind, after string, limit int) (rows []Row, err error) {
	if _, err := a.kind(kind); err != nil {
		return nil, err
	}
	err = a.Read(ctx, func(r *Reading) error {
		rows, err = r.Rows(ctx, kind, after, limit)
		return err
	})
	return rows, err
}

// Rows does what DB.Rows does.
func (r *Reading) Rows(ctx context.Context, kind, after string, limit int) ([]Row, error) {
	stored, err := r.Stored(ctx, kind, after, limit)
	if err != nil {
		return nil, err
	}
	rows := make([]Row, len(stored))
	for i := range stored {
		rows[i] = stored[i].Row
	}
	return rows, nil
}

// Count returns how many rows of a kind there are.
func (r *Reading) Count(ctx context.Context, kind string) (n int, err error) {
	err = r.tx.QueryRowContext(ctx, `SELECT count(*) FROM row WHERE kind = ? AND hash IS NOT NULL`, kind).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count %s: %w", kind, err)
	}
	return n, nil
}

// A Stored is a row as it stands in the file, with its hash.
type Stored struct {
	Row  Row
	Hash Hash
}

// Stored does what Rows does, for whoever wants to know which rows are other
// ones than before: to work out a hash costs as much as to read the row. The
// driver would start a goroutine for each row to see a cancelled ctx; a page
// ends by itself.
func (r *Reading) Stored(ctx context.Context, kind, after string, limit int) ([]Stored, error) {
	rows, err := r.tx.QueryContext(context.WithoutCancel(ctx), `
		SELECT key, body, hash FROM row WHERE kind = ? AND key > ? AND hash IS NOT NULL ORDER BY key LIMIT ?`, kind, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", kind, err)
	}
	defer rows.Close() //nolint:errcheck // Err tells
	found := []Stored{}
	for rows.Next() {
		var key string
		var text, hash sql.RawBytes
		if err := rows.Scan(&key, &text, &hash); err != nil {
			return nil, fmt.Errorf("read %s: %w", kind, err)
		}
		body, err := decodeBody(text)
		if err != nil {
			return nil, fmt.Errorf("read %s: %s: %w", kind, shown(Name{kind, key}), err)
		}
		h, err := hashFrom(hash)
		if err != nil {
			return nil, fmt.Errorf("read %s: %s: %w", kind, shown(Name{kind, key}), err)
		}
		found = append(found, Stored{Row{kind, key, body}, h})
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", kind, err)
	}
	return found, ctx.Err()
}

// Find returns the row that a person means: by its key, or by its label where
// that is unique. ErrNoRow names a similar one.
func (a *DB) Find(ctx context.Context, kind, word string) (row Row, err error) {
	k, err := a.kind(kind)
	if err != nil {
		return Row{}, err
	}
	word = norm.NFC.String(word)
	err = a.db.View(ctx, func(tx *store.Tx) error {
		row, err = readRow(ctx, tx, Name{kind, word})
		if !errors.Is(err, ErrNoRow) {
			return err
		}
		var key string
		query := `SELECT key FROM claim WHERE kind = ? AND field = ? AND value = ?`
		switch claimed := tx.QueryRowContext(ctx, query, kind, k.Label, word).Scan(&key); {
		case errors.Is(claimed, sql.ErrNoRows):
			return a.suggest(ctx, tx, k, err, word)
		case claimed != nil:
			return claimed
		}
		row, err = readRow(ctx, tx, Name{kind, key})
		return err
	})
	return row, err
}

// suggest adds to err the name that a person may have meant. It looks at some
// names only.
func (a *DB) suggest(ctx context.Context, tx *store.Tx, k Kind, err error, word string) error {
	query := `SELECT key FROM row WHERE kind = ? AND hash IS NOT NULL LIMIT 1000`
	args := []any{k.Name}
	if k.ID {
		query = `SELECT value FROM claim WHERE kind = ? AND field = ? LIMIT 1000`
		args = append(args, k.Label)
	}
	names, queryErr := texts(ctx, tx, query, args...)
	if queryErr != nil {
		return queryErr
	}
	if near, ok := nearest.Word(word, names); ok {
		return fmt.Errorf("%w: did you mean %s?", err, inert.Text(near))
	}
	return err
}

func texts(ctx context.Context, tx *store.Tx, query string, args ...any) ([]string, error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	var found []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		found = append(found, text)
	}
	return found, rows.Err()
}

// Counts returns how many rows of each kind there are.
func (a *DB) Counts(ctx context.Context) (map[string]int64, error) {
	counts := map[string]int64{}
	err := a.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT kind, count(*) FROM row WHERE hash IS NOT NULL GROUP BY kind`)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Err tells
		for rows.Next() {
			var kind string
			var n int64
			if err := rows.Scan(&kind, &n); err != nil {
				return err
			}
			counts[kind] = n
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("count rows: %w", err)
	}
	return counts, nil
}

// Setting returns what a setting is set to, or its default.
func (a *DB) Setting(ctx context.Context, key string) (string, error) {
	for _, s := range Settings() {
		if s.Key != key {
			continue
		}
		row, err := a.Row(ctx, Name{"setting", key})
		if errors.Is(err, ErrNoRow) {
			return s.Default, nil
		}
		return row.Body.Text("value"), err
	}
	return "", fmt.Errorf("%w: setting/%s", ErrNoRow, inert.Text(key))
}

// AuditHead returns the last act of this file's audit.
func (a *DB) AuditHead(ctx context.Context) (head audit.Head, err error) {
	err = a.db.View(ctx, func(tx *store.Tx) error {
		head, err = audit.HeadOf(ctx, tx)
		return err
	})
	return head, err
}

// Audited returns acts in order, those after an id, at most limit.
func (a *DB) Audited(ctx context.Context, after int64, limit int) (acts []audit.Audited, err error) {
	err = a.db.View(ctx, func(tx *store.Tx) error {
		acts, err = audit.List(ctx, tx, after, limit)
		return err
	})
	return acts, err
}

// list is rows for SQL: an array of arrays, read by json_each.
func list(rows [][]any) (string, error) {
	text, err := json.Marshal(rows)
	return string(text), err
}
