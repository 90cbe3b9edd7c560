package setup

import (
	"fmt"
	"maps"
	"strings"

	"github.com/twinctl/twin/cmd/internal/config"
)

// A Conflict is a thing that was said and that the file which is there says
// otherwise.
type Conflict struct {
	Where, Key string
	Has, Said  string
}

// Error names the place and both values.
func (c *Conflict) Error() string {
	if c.Has == "" {
		return fmt.Sprintf("%s is there and says nothing of %s %q", c.Where, c.Key, c.Said)
	}
	return fmt.Sprintf("%s is there and says %s = %q, not %q", c.Where, c.Key, c.Has, c.Said)
}

// Adopt adds to the answers what the configuration that is there says: it is
// never written over. An answer that it contradicts is a *Conflict. The feed is
// the one that was named, else the first.
func Adopt(c *config.Config, a Answers) error {
	has := fileAnswers(c, a["feed.name"])
	for _, q := range Questions("", "", true) {
		said, ok := a[q.Key]
		if !ok || q.Key == Role || q.Key == Secret || q.Key == "feed.time.zone" && said == "UTC" && has[q.Key] == "" {
			continue
		}
		if q.List {
			said = strings.Join(Words(said), " ")
		}
		if had := has[q.Key]; had != said {
			return &Conflict{c.File, q.Key, had, said}
		}
	}
	for _, s := range config.Settings() {
		if said, ok := a[s.Key]; ok && said != has[s.Key] {
			return &Conflict{c.File, s.Key, has[s.Key], said}
		}
	}
	maps.Copy(a, has)
	return nil
}

// fileAnswers returns what a configuration answers.
func fileAnswers(c *config.Config, feed string) Answers {
	has := make(Answers)
	if feed == "" && len(c.Feeds) > 0 {
		feed = c.Feeds[0].Name
	}
	for _, v := range c.Values() {
		switch {
		case v.Feed == "":
			has[v.Key] = v.Text()
		case v.Feed == feed:
			answerFrom(has, "feed."+v.Key, v.Value)
		}
	}
	return has
}

func answerFrom(has Answers, key string, value any) {
	switch v := value.(type) {
	case []any:
		words := make([]string, len(v))
		for i, e := range v {
			words[i] = fmt.Sprint(e)
		}
		has[key] = strings.Join(words, " ")
	case map[string]any:
		for k, e := range v {
			answerFrom(has, key+"."+k, e)
		}
	default:
		has[key] = fmt.Sprint(v)
	}
}
