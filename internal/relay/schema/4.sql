-- Version 4: what a relay's operator must know and may decide.

CREATE TABLE stored (          -- bytes of headers, signatures and parts that were brought; one row a writer, so that writers do not wait for each other
	workspace BLOB   NOT NULL,
	writer    BLOB   NOT NULL,
	bytes     BIGINT NOT NULL,
	PRIMARY KEY (workspace, writer)
);

CREATE TABLE terms (           -- what the operator decided about a workspace
	workspace BLOB        PRIMARY KEY,
	standing  VARCHAR(20) NOT NULL,
	bytes     BIGINT      NOT NULL,
	commits   BIGINT      NOT NULL
);
