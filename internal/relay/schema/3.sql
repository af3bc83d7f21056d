-- Version 3: which sealed parts are missing of commits that are here, so that who has them can bring them.

CREATE TABLE lacks (
	workspace BLOB   NOT NULL,
	writer    BLOB   NOT NULL,
	seq       BIGINT NOT NULL,
	idx       BIGINT NOT NULL,
	n         BIGINT NOT NULL,   -- when it was noted, in microseconds since 1970
	size      BIGINT NOT NULL,
	PRIMARY KEY (workspace, writer, seq, idx)
);

CREATE INDEX lacks_noted ON lacks (workspace, n);
