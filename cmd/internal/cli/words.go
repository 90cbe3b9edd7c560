package cli

import "strings"

// wordsMark is the annotation of a flag that takes two words.
const wordsMark = "twinctl/words"

// TwoWords lets a flag for texts be given two words, as --resolve primary
// queue/support: its value is both, with a space between them.
func TwoWords(f *FlagSet, name string) {
	f.Lookup(name).Annotations = map[string][]string{wordsMark: nil}
}

// joinWords writes flags of two words as the flag library reads them. What has
// no second word stays as it is: the verb says what it wants.
func joinWords(flags *FlagSet, args []string) []string {
	joined := make([]string, 0, len(args))
	for i := 0; i < len(args); i++ {
		if args[i] == "--" {
			return append(joined, args[i:]...)
		}
		name, value, given := strings.Cut(args[i], "=")
		words := []string{value}
		if !given {
			words = nil
		}
		for takesTwo(flags, name) && len(words) < 2 && i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") {
			i++
			words = append(words, args[i])
		}
		if len(words) == 0 {
			joined = append(joined, name)
			continue
		}
		joined = append(joined, name+"="+strings.Join(words, " "))
	}
	return joined
}

func takesTwo(flags *FlagSet, arg string) bool {
	name, ok := strings.CutPrefix(arg, "--")
	if !ok {
		return false
	}
	f := flags.Lookup(name)
	if f == nil {
		return false
	}
	_, ok = f.Annotations[wordsMark]
	return ok
}
