-- The view of compartment public.
CREATE TABLE public._view (one INTEGER PRIMARY KEY CHECK (one = 1), format TEXT NOT NULL, position INTEGER NOT NULL, dropped INTEGER NOT NULL) STRICT;
CREATE TABLE public._client (hash BLOB NOT NULL, id BLOB NOT NULL, said BLOB NOT NULL, PRIMARY KEY (hash, id)) STRICT, WITHOUT ROWID;
CREATE TABLE public._correction (earlier BLOB NOT NULL, later BLOB NOT NULL, PRIMARY KEY (earlier, later)) STRICT, WITHOUT ROWID;
CREATE TABLE public._timeline (subject BLOB NOT NULL, at INTEGER NOT NULL, id BLOB NOT NULL, kind INTEGER NOT NULL, PRIMARY KEY (subject, at, id)) STRICT, WITHOUT ROWID;
CREATE TABLE public._change (entity BLOB NOT NULL, id BLOB NOT NULL, kind INTEGER NOT NULL, fields TEXT NOT NULL,
	_site BLOB, _by BLOB, _at INTEGER NOT NULL, _zone INTEGER NOT NULL, _rec INTEGER NOT NULL, PRIMARY KEY (entity, id)) STRICT;
