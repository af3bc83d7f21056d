-- Version 3: which sealed parts of the commits held here are not here, so that they can be asked for, newest first.
CREATE TABLE lack (
	n     INTEGER PRIMARY KEY AUTOINCREMENT, -- order in which it was noted
	chain INTEGER NOT NULL REFERENCES chain (n),
	idx   INTEGER NOT NULL,
	shelf INTEGER NOT NULL,
	size  INTEGER NOT NULL,
	time  INTEGER NOT NULL,    -- of the commit
	state INTEGER NOT NULL,    -- 0: wanted, 1: let go of on purpose, 2: of persons whom this device does not follow
	UNIQUE (chain, idx)
) STRICT;

CREATE INDEX lack_wanted ON lack (state, time);
