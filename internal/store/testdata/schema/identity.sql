-- The view of compartment identity.
CREATE TABLE identity._view (one INTEGER PRIMARY KEY CHECK (one = 1), format TEXT NOT NULL, position INTEGER NOT NULL, dropped INTEGER NOT NULL) STRICT;
CREATE TABLE identity._client (hash BLOB NOT NULL, id BLOB NOT NULL, said BLOB NOT NULL, PRIMARY KEY (hash, id)) STRICT, WITHOUT ROWID;
CREATE TABLE identity._correction (earlier BLOB NOT NULL, later BLOB NOT NULL, PRIMARY KEY (earlier, later)) STRICT, WITHOUT ROWID;
CREATE TABLE identity._timeline (subject BLOB NOT NULL, at INTEGER NOT NULL, id BLOB NOT NULL, kind INTEGER NOT NULL, PRIMARY KEY (subject, at, id)) STRICT, WITHOUT ROWID;
CREATE TABLE identity._change (entity BLOB NOT NULL, id BLOB NOT NULL, kind INTEGER NOT NULL, fields TEXT NOT NULL,
	_site BLOB, _by BLOB, _at INTEGER NOT NULL, _zone INTEGER NOT NULL, _rec INTEGER NOT NULL, PRIMARY KEY (entity, id)) STRICT;
CREATE TABLE identity.house (id BLOB PRIMARY KEY, name TEXT, rooms INTEGER, colours TEXT, empty INTEGER, built TEXT, _site BLOB, _by BLOB, _at INTEGER, _zone INTEGER, _rec INTEGER, _rivals INTEGER NOT NULL, _state BLOB NOT NULL) STRICT;
CREATE INDEX identity.house_rivals ON house (_rivals) WHERE _rivals > 0;
CREATE INDEX identity.house_when ON house (_site, _at);
CREATE INDEX identity.house_name ON house (name);
CREATE TABLE identity.street (id BLOB PRIMARY KEY, code TEXT, name TEXT, _site BLOB, _by BLOB, _at INTEGER, _zone INTEGER, _rec INTEGER, _rivals INTEGER NOT NULL, _state BLOB NOT NULL) STRICT;
CREATE INDEX identity.street_rivals ON street (_rivals) WHERE _rivals > 0;
CREATE INDEX identity.street_when ON street (_site, _at);
