-- Version 2: who vouches for whom, so that of what a revoked member wrote only what stands is kept and passed on.

CREATE TABLE vouch (           -- how far somebody says, in "seen", that a writer's chain went; one row a pair, the highest
	workspace BLOB   NOT NULL,
	writer    BLOB   NOT NULL,   -- of whom it is said
	by        BLOB   NOT NULL,   -- the writer who says it
	seq       BIGINT NOT NULL,
	PRIMARY KEY (workspace, writer, by)
);

CREATE TABLE removals (        -- how often commits were removed: a roll that is remembered is of no use after that
	workspace BLOB   PRIMARY KEY,
	n         BIGINT NOT NULL
);
