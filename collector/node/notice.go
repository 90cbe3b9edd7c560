package node

// AboutNotice says what a message is about that carries what a person, or a
// timetable, says: nothing but itself, by an id that nobody had before.
func AboutNotice(id string) string { return "notice/" + id }
