package schedule

import "time"

// Words says the schedule for people, with its zone.
func (s Schedule) Words() string {
	if s.Manual() {
		return "only when it is asked for"
	}
	return s.text + ", " + s.zone.String()
}

// Warnings says what a person may not have meant, as seen from now.
func (s Schedule) Warnings(now time.Time) []string {
	_ = now
	return nil
}
