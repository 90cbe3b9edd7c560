-- What became of the last sync that this server tried as the primary. At most
-- one row; none: it came to its end, or there was none.
CREATE TABLE attempt (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    at         INTEGER NOT NULL,
    generation INTEGER NOT NULL,             -- of this server at its end
    conflicts  INTEGER NOT NULL,             -- rows that it found and nobody had resolved
    error      TEXT    NOT NULL CHECK (length(error) <= 512) -- inert
) STRICT;
