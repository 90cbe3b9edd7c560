package preflight

// Names returns the names of all checks.
func Names() []string {
	all := []string{"twin-answers", "role"}
	for _, r := range rows() {
		all = append(all, r.name)
	}
	return all
}
