-- Version 5: sealed chunks of files. Each belongs to the part of a commit in which its key is sealed, and goes when that does.

CREATE TABLE chunks (
	workspace BLOB   NOT NULL,
	digest    BLOB   NOT NULL,   -- SHA-256 of the sealed bytes: its name
	writer    BLOB   NOT NULL,
	seq       BIGINT NOT NULL,
	idx       BIGINT NOT NULL,
	size      BIGINT NOT NULL,
	gone      BIGINT NOT NULL,   -- 1: erased; what may still stand elsewhere under its name is to be removed
	data      BLOB   NOT NULL,   -- empty where chunks are kept elsewhere
	PRIMARY KEY (workspace, digest)
);

CREATE INDEX chunks_of ON chunks (workspace, writer, seq, idx);
