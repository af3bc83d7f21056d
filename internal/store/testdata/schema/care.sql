-- The view of compartment care.
CREATE TABLE care._view (one INTEGER PRIMARY KEY CHECK (one = 1), format TEXT NOT NULL, position INTEGER NOT NULL, dropped INTEGER NOT NULL) STRICT;
CREATE TABLE care._client (hash BLOB NOT NULL, id BLOB NOT NULL, said BLOB NOT NULL, PRIMARY KEY (hash, id)) STRICT, WITHOUT ROWID;
CREATE TABLE care._correction (earlier BLOB NOT NULL, later BLOB NOT NULL, PRIMARY KEY (earlier, later)) STRICT, WITHOUT ROWID;
CREATE TABLE care._timeline (subject BLOB NOT NULL, at INTEGER NOT NULL, id BLOB NOT NULL, kind INTEGER NOT NULL, PRIMARY KEY (subject, at, id)) STRICT, WITHOUT ROWID;
CREATE TABLE care._change (entity BLOB NOT NULL, id BLOB NOT NULL, kind INTEGER NOT NULL, fields TEXT NOT NULL,
	_site BLOB, _by BLOB, _at INTEGER NOT NULL, _zone INTEGER NOT NULL, _rec INTEGER NOT NULL, PRIMARY KEY (entity, id)) STRICT;
CREATE TABLE care._about (of BLOB NOT NULL, writer BLOB NOT NULL, seq INTEGER NOT NULL, idx INTEGER NOT NULL, PRIMARY KEY (of, writer, seq, idx)) STRICT, WITHOUT ROWID;
CREATE TABLE care.fire (id BLOB PRIMARY KEY, house BLOB, note TEXT, seen INTEGER, _site BLOB, _by BLOB, _at INTEGER, _zone INTEGER, _rec INTEGER, _corrected BLOB) STRICT;
CREATE INDEX care.fire_when ON fire (_site, _at);
CREATE INDEX care.fire_house ON fire (house);
