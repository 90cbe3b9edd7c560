package feed

// TimePlace returns what finds the text of the time in a record, as a part of
// raw itself, for whoever wants to write another time there. The options must
// be such that NewFormat takes them.
func TimePlace(o Options) func(raw []byte) (text []byte, ok bool) {
	switch {
	case o.Format == "ami":
		return func(raw []byte) ([]byte, bool) { return header(raw, "Timestamp: ") }
	case o.Format == "cdr_csv":
		return func(raw []byte) ([]byte, bool) { return cells(raw, endColumn, 1) }
	case o.Format == "text" && o.Time != nil:
		return fieldFinder(*o.Time)
	}
	return func(raw []byte) ([]byte, bool) { return parts(raw, []byte("|"), 1, 1) }
}
