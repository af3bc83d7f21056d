-- The journal file, version 1. All payload is sealed; what is in clear here is what a relay may know too.
CREATE TABLE writer (
	n  INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE
) STRICT;

CREATE TABLE chain (          -- one row a commit
	n      INTEGER PRIMARY KEY, -- order of arrival here
	writer INTEGER NOT NULL REFERENCES writer (n),
	seq    INTEGER NOT NULL,
	hash   BLOB NOT NULL,
	time   INTEGER NOT NULL,
	header BLOB NOT NULL,
	sig    BLOB,                -- NULL: vouched for by the next signed commit of the writer
	UNIQUE (writer, seq)
) STRICT;

CREATE TABLE part (
	arrival INTEGER PRIMARY KEY, -- order of arrival here; views say up to where they have read
	chain   INTEGER NOT NULL REFERENCES chain (n),
	idx     INTEGER NOT NULL,
	tag     INTEGER NOT NULL,
	data    BLOB NOT NULL,
	UNIQUE (chain, idx)
) STRICT;


CREATE TABLE set_aside (      -- refused and named; kept as evidence, never blocking
	digest BLOB PRIMARY KEY,
	writer BLOB NOT NULL,
	seq    INTEGER NOT NULL,
	reason TEXT NOT NULL,
	at     INTEGER NOT NULL,
	run    BLOB NOT NULL
) STRICT;

CREATE TABLE note (           -- small things a node remembers: what the relay said last
	name  TEXT PRIMARY KEY,
	value BLOB NOT NULL
) STRICT;
