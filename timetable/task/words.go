package task

import (
	"errors"
	"strings"
)

// Words reads a command line as Parse reads a task: words with blanks between,
// quoted as a shell would have it, of which nothing is expanded.
func Words(text string) ([]string, error) { return split(text) }

// split reads a list of arguments as Parse promises.
func split(text string) ([]string, error) {
	if !strings.ContainsAny(text, `'"\`) {
		return strings.FieldsFunc(text, func(r rune) bool { return r == ' ' }), nil
	}
	var words []string
	var word strings.Builder
	begun := false // a word, which may be empty
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case ' ':
			if begun {
				words, begun = append(words, word.String()), false
				word.Reset()
			}
			continue
		case '\'', '"':
			n, err := quoted(&word, text[i:])
			if err != nil {
				return nil, err
			}
			i += n - 1
		case '\\':
			i++
			if i == len(text) {
				return nil, errors.New("ends with a backslash: want a character behind it")
			}
			word.WriteByte(text[i])
		default:
			word.WriteByte(c)
		}
		begun = true
	}
	if begun {
		words = append(words, word.String())
	}
	return words, nil
}

// quoted appends what the quotes at the beginning of text hold, and returns
// how long it is with both of them.
func quoted(word *strings.Builder, text string) (int, error) {
	quote := text[0]
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == quote:
			return i + 1, nil
		case quote == '"' && text[i] == '\\' && i+1 < len(text) && strings.IndexByte(`"\`, text[i+1]) >= 0:
			i++
		}
		word.WriteByte(text[i])
	}
	return 0, errors.New("has a quote that does not end: " + text)
}

// join writes words so that split reads them.
func join(words []string) string {
	all := make([]string, len(words))
	for i, w := range words {
		if w == "" || strings.ContainsAny(w, ` '"\`) {
			w = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
		all[i] = w
	}
	return strings.Join(all, " ")
}
