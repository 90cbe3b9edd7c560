package admin

import "strconv"

func queue() Kind {
	return Kind{
		Name: "queue", Short: "a queue of the feed, by the name that the feed has for it", Label: "name",
		Fields: []Field{
			name(),
			{Name: "synonym", Short: "a short name for narrow columns", Type: Text, check: isName},
			description(),
			{Name: "service_level", Short: "answered within so many seconds is good; 0: as the setting says", Type: Integer, Max: 600},
		},
		check: func(r Row) error {
			within := r.Body.Integer("service_level")
			return wrap("service_level", bin(0)(strconv.FormatInt(within, 10)))
		},
	}
}
