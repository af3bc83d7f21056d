package bench

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"amparo/internal/match"
	"amparo/internal/relay/cluster"
	"amparo/internal/sample"
)

const trigramName = "PostgreSQL's pg_trgm"

// trigramPeer is PostgreSQL with the names of a registry in a table and its trigrams in a GIN index: what a program that searches
// names does when it has no search of its own. It gets names and questions in small letters and without marks, as unaccent would
// give them, or accents alone would cost it hits.
type trigramPeer struct {
	server *cluster.Server
	c      *pgx.Conn
	built  float64 // seconds
	bytes  float64
}

// The similarity from which a name counts is the extension's own, 0.3. With context, the same age and nationality raise a
// name by what served it best of nine pairs of weights from 0 to 0.3; they leave nobody out, because both are told from memory.
const (
	trigramByName  = "SELECT id FROM person WHERE name % $1 ORDER BY similarity(name, $1) DESC, id LIMIT 10"
	trigramContext = "SELECT id FROM person WHERE name % $1 ORDER BY similarity(name, $1) + CASE WHEN nation = $2 THEN 0.2 ELSE 0 END " +
		"+ CASE WHEN abs(age - $3) <= 3 THEN 0.2 ELSE 0 END DESC, id LIMIT 10"
)

var errNoTrigrams = errors.New("this PostgreSQL has no pg_trgm; on Debian it comes with postgresql, elsewhere with its contrib package")

// besideTrigram makes the peer ready; it is nil when it is left out or not installed.
func besideTrigram(ctx context.Context, o Options, registry *sample.Registry) (*trigramPeer, error) {
	if o.Peer == NoPeer {
		return nil, nil
	}
	peer, err := trigram(ctx, o, registry)
	if errors.Is(err, cluster.ErrNoPrograms) || errors.Is(err, errNoTrigrams) {
		o.tell("people: %v; measured without it", err)
		return nil, nil
	}
	return peer, err
}

func trigram(ctx context.Context, o Options, registry *sample.Registry) (p *trigramPeer, err error) {
	o.tell("people: PostgreSQL takes the same people")
	server, err := cluster.Start(ctx, "", "shared_buffers = 512MB", "work_mem = 64MB", "maintenance_work_mem = 256MB", "max_wal_size = 4GB", "fsync = off")
	if err != nil {
		return nil, err
	}
	p = &trigramPeer{server: server}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close(ctx))
		}
	}()
	if p.c, err = pgx.Connect(ctx, server.URL()); err != nil {
		return nil, err
	}
	var there bool
	if err = p.c.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm')").Scan(&there); err == nil && !there {
		err = errNoTrigrams
	}
	if err != nil {
		return nil, err
	}
	if _, err = p.c.Exec(ctx, "CREATE EXTENSION pg_trgm; CREATE TABLE person (id int PRIMARY KEY, name text NOT NULL, age int NOT NULL, nation text NOT NULL)"); err != nil {
		return nil, err
	}
	if p.built, err = spent(func() error {
		i := 0
		if _, err := p.c.CopyFrom(ctx, pgx.Identifier{"person"}, []string{"id", "name", "age", "nation"}, pgx.CopyFromFunc(func() ([]any, error) {
			if i == registry.Len() {
				return nil, nil
			}
			l := registry.Person(i)
			i++
			return []any{l.ID, match.Plain(l.FullName()), l.Age, l.Nationality}, nil
		})); err != nil {
			return err
		}
		_, err := p.c.Exec(ctx, "CREATE INDEX ON person USING gin (name gin_trgm_ops); ANALYZE person")
		return err
	}); err != nil {
		return nil, err
	}
	err = p.c.QueryRow(ctx, "SELECT pg_total_relation_size('person')::float8").Scan(&p.bytes)
	return p, err
}

// askAll asks the first of every group of questions of that size, in one way.
func (p *trigramPeer) askAll(ctx context.Context, questions []sample.Sought, every, way int, into *searched) error {
	for i := -3 * every; i < len(questions); i += every {
		q := questions[max(i, 0)]
		start := time.Now()
		hits, err := p.ask(ctx, q, way)
		if err != nil {
			return err
		}
		if i >= 0 { // the first are for its caches
			into.note(q.Person, hits, time.Since(start), 0)
		}
	}
	return nil
}

func (p *trigramPeer) ask(ctx context.Context, q sample.Sought, way int) ([]int, error) {
	text, args := trigramByName, []any{match.Plain(q.Text)}
	if way == 1 {
		age := q.Age
		if age < 0 {
			age = -1000 // near nobody's
		}
		text, args = trigramContext, append(args, q.Nationality, age)
	}
	rows, err := p.c.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int])
}

func (p *trigramPeer) close(ctx context.Context) error {
	var err error
	if p.c != nil {
		err = p.c.Close(ctx)
	}
	return errors.Join(err, p.server.Stop())
}
