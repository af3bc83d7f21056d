-- Version 3: which sealed parts are missing of commits that are here, so that who has them can bring them; and turns.

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

CREATE TABLE turns (           -- whose turn it is: whoever changes a workspace raises its number first, and others wait until it is done
	workspace BLOB   PRIMARY KEY,
	n         BIGINT NOT NULL
);
