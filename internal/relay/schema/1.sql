-- What a relay holds, version 1. The same statements run on SQLite and, with BYTEA for BLOB, on PostgreSQL and what
-- speaks its protocol: everything is keyed by (workspace, writer, seq), nothing by a sequence, nothing by a trigger.
-- All content is sealed; what is in clear here is written in docs/threat-model.md.

CREATE TABLE commits (         -- one row a commit
	workspace BLOB   NOT NULL,
	writer    BLOB   NOT NULL,
	seq       BIGINT NOT NULL,
	hash      BLOB   NOT NULL,
	time      BIGINT NOT NULL, -- the commit's own, as a signed number
	header    BLOB   NOT NULL,
	sig       BLOB,            -- of a run's last commit; NULL: vouched for by the next signed one
	PRIMARY KEY (workspace, writer, seq)
);

CREATE TABLE parts (           -- apart from commits, so that one can be withheld or erased and the chain stands
	workspace BLOB   NOT NULL,
	writer    BLOB   NOT NULL,
	seq       BIGINT NOT NULL,
	idx       BIGINT NOT NULL,
	shelf     BIGINT NOT NULL,
	data      BLOB   NOT NULL,
	PRIMARY KEY (workspace, writer, seq, idx)
);

CREATE TABLE heads (           -- the end of each chain
	workspace BLOB   NOT NULL,
	writer    BLOB   NOT NULL,
	seq       BIGINT NOT NULL,
	hash      BLOB   NOT NULL,
	PRIMARY KEY (workspace, writer)
);

CREATE TABLE rolls (           -- which commits carry open parts: from them it follows who may write
	workspace BLOB   NOT NULL,
	writer    BLOB   NOT NULL,
	seq       BIGINT NOT NULL,
	PRIMARY KEY (workspace, writer, seq)
);

CREATE TABLE about (           -- the version of this file's layout
	name  VARCHAR(40) PRIMARY KEY,
	value VARCHAR(200) NOT NULL
);
