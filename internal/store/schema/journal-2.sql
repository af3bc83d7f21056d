-- Version 2: who vouches for whom, what was erased, and what must not leave this machine.
CREATE TABLE vouch (          -- how far somebody says, in "seen", that a writer's chain went; one row a pair, the highest
	writer BLOB NOT NULL,       -- of whom it is said
	by     BLOB NOT NULL,       -- the writer who says it
	seq    INTEGER NOT NULL,
	PRIMARY KEY (writer, by)
) STRICT, WITHOUT ROWID;

CREATE TABLE erased (         -- parts that are never taken again
	writer BLOB NOT NULL,
	seq    INTEGER NOT NULL,
	idx    INTEGER NOT NULL,
	n      INTEGER NOT NULL,    -- order in which this copy erased them
	PRIMARY KEY (writer, seq, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE held (           -- parts that do not leave this machine: the person has not agreed to it
	person BLOB NOT NULL,       -- a random id, which says nothing by itself
	writer BLOB NOT NULL,
	seq    INTEGER NOT NULL,
	idx    INTEGER NOT NULL,
	PRIMARY KEY (person, writer, seq, idx)
) STRICT, WITHOUT ROWID;
