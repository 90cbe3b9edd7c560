package admin

import "golang.org/x/text/unicode/norm"

// Composed returns a text as rows hold it: in Unicode's composed form (NFC). Who
// compares what a person typed with what a row says compares this.
func Composed(text string) string { return norm.NFC.String(text) }
