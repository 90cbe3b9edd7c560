package report

import (
	"context"

	"github.com/twinctl/twin/collector/admin"
)

// who is whom a report is about: queues or agents, by what the feed calls them
// and by what people do.
type who struct {
	kind   string                // queue or agent
	known  map[string]admin.Body // the dictionary, by key
	alias  map[string]string     // of agents: what the feed may call them, and their keys
	wanted map[string]bool       // keys; nil: all
}

// who resolves what was asked for. Words that the dictionary does not have are
// taken for what the feed says.
func (s *site) who(ctx context.Context, kind string, words, groups []string) (*who, error) {
	known, err := s.rows(ctx, kind)
	if err != nil {
		return nil, err
	}
	w := &who{kind: kind, known: known, alias: map[string]string{}}
	for key, body := range known {
		for _, other := range body.List("aliases") {
			w.alias[other] = key
		}
	}
	if len(words)+len(groups) == 0 {
		return w, nil
	}
	w.wanted = map[string]bool{}
	for _, word := range words {
		key, err := meant(kind, known, w.key(word))
		if err != nil {
			return nil, err
		}
		w.wanted[key] = true
	}
	for _, group := range groups {
		row, err := s.find(ctx, kind+"-group", group)
		if err != nil {
			return nil, err
		}
		for _, key := range row.Body.List(kind + "s") {
			w.wanted[key] = true
		}
	}
	return w, nil
}

// key returns what somebody is reported as whom the feed calls so.
func (w *who) key(name string) string {
	if _, ok := w.known[name]; ok {
		return name
	}
	if key, ok := w.alias[name]; ok {
		return key
	}
	return name
}

// wants tells whether it was asked for.
func (w *who) wants(key string) bool { return w.wanted == nil || w.wanted[key] }

// name returns what people call it, as a cell.
func (w *who) name(key string) any {
	if name := w.known[key].Text("name"); name != "" {
		return name
	}
	return nil
}
