package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"amparo/internal/lang"
	"amparo/internal/sample"
	"amparo/internal/web"
)

// demoSummary is what `demo --headless` prints.
type demoSummary struct {
	Persons        int            `json:"persons"`
	Visits         int            `json:"visits"`
	Consultations  int            `json:"consultations"`
	Commits        map[string]int `json:"commits"`   // sealed parts by compartment
	Exchanged      uint64         `json:"exchanged"` // commits that travelled, counted at each journey
	Bytes          int64          `json:"bytes"`     // on the wire, both ways
	RoundTrips     int            `json:"round_trips"`
	Conflicts      int            `json:"conflicts"`
	FoundElsewhere int            `json:"found_elsewhere"`
	Sought         int            `json:"sought_elsewhere"`
	Linked         int            `json:"linked"`     // pairs of records held to be one person
	Households     int            `json:"households"` // families who came together
	Searches       int            `json:"searches"`   // families that look for somebody
	Reunited       int            `json:"reunited"`   // of those, found, agreed and told
	CardsLost      int            `json:"cards_lost"` // or damaged, and replaced
	WaySteps       int            `json:"way_steps"`  // of people's way, as they told it
	DigestsEqual   bool           `json:"digests_equal"`
	SeriesRows     int            `json:"series_rows"`
	SouthwestFY23  int64          `json:"southwest_fy2023"`
	Refused        int            `json:"refused"` // requests of the story that were refused: none
	Seconds        float64        `json:"seconds"`
}

func demo(ctx context.Context, c *call) error {
	fs := newFlags("demo")
	dir, addr := fs.String("dir", "", ""), fs.String("addr", "127.0.0.1:8460", "")
	people, seed := fs.Int("people", 300, ""), fs.Uint64("seed", 1, "")
	headless := fs.Bool("headless", false, "")
	if _, err := c.flags(fs, 0, 0); err != nil {
		return err
	}
	if *people < 1 || *people > 1_000_000 {
		return usagef("--people %d", *people)
	}
	host, port, err := net.SplitHostPort(*addr)
	if err != nil {
		return usagef("--addr %s", *addr)
	}
	temporary := *dir == ""
	if temporary {
		if *dir, err = os.MkdirTemp("", "amparo-demo-*"); err != nil {
			return err
		}
		defer os.RemoveAll(*dir)
	}
	began := time.Now()
	p, err := newPlayer(c, *dir)
	if err != nil {
		return err
	}
	defer p.close()
	story := sample.NewStory(*seed, *people, began.Add(-sample.Length))
	if err := p.open(ctx, story); err != nil {
		return err
	}
	summary, err := p.play(ctx, story)
	if err != nil {
		return err
	}
	summary.Seconds = time.Since(began).Round(10 * time.Millisecond).Seconds()
	if *headless {
		if err := c.print(summary); err != nil {
			return err
		}
		return p.close()
	}
	first, err := strconv.Atoi(port)
	if err != nil {
		return usagef("--addr %s", *addr)
	}
	return p.show(ctx, host, first, summary)
}

// show serves every node's pages and keeps the nodes in step until ctx ends.
func (p *player) show(ctx context.Context, host string, port int, summary demoSummary) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, len(p.actors))
	order := []int{sample.Coordination, sample.Tapachula, sample.Coatzacoalcos, sample.Reynosa}
	fmt.Fprintln(p.Stdout, lang.T(p.lang, "cmd.demo.ready", "persons", summary.Persons, "seconds", lang.Number(p.lang, int64(summary.Seconds+0.5))))
	for i, who := range order {
		a := p.actors[who]
		at := port
		if at != 0 {
			at += i
		}
		l, err := p.listen(net.JoinHostPort(host, strconv.Itoa(at)))
		if err != nil {
			return err
		}
		h := &house{dir: a.dir, registry: p.registry, options: p.options(), node: a.node, lan: net.JoinHostPort(host, "0")}
		a.session.Lock() // the pages ask for the passphrase, as they would in the field
		go func() {
			ended <- servePages(ctx, l, web.Config{House: h, Log: p.log(), Idle: usualIdle, Shut: usualLock})
		}()
		go keepInStep(ctx, h)
		fmt.Fprintf(p.Stdout, "  %-28s %s\n    %s: %s   %s: %s\n", a.site.Name, localURL(l), lang.T(p.lang, "cmd.demo.member"), a.member, lang.T(p.lang, "cmd.demo.passphrase"), a.passphrase)
		for _, name := range a.beside {
			fmt.Fprintf(p.Stdout, "    %s: %s   %s: %s   (%s)\n", lang.T(p.lang, "cmd.demo.member"), name, lang.T(p.lang, "cmd.demo.passphrase"), a.passphrase, lang.T(p.lang, "role."+demoBeside[name]))
		}
		if i == 0 {
			p.browse(localURL(l))
		}
	}
	fmt.Fprintln(p.Stdout, lang.T(p.lang, "cmd.demo.stop", "dir", p.dir))
	var err error
	for range order {
		err = errors.Join(err, <-ended)
		stop()
	}
	return errors.Join(err, p.close())
}

// stepEvery is how often a served node exchanges by itself while somebody is unlocked; with neighbours, whom it has to look for,
// every sixth time.
const (
	stepEvery      = 20 * time.Second
	neighbourEvery = 6
)

// keepInStep exchanges now and then; what fails is tried again, and the pages always say what exists only here.
func keepInStep(ctx context.Context, h *house) {
	tick := time.NewTicker(stepEvery)
	defer tick.Stop()
	for step := 1; ; step++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-h.newcomer:
		}
		n := h.open()
		if n == nil {
			continue
		}
		open := n.Unlocked()
		if len(open) == 0 {
			continue
		}
		// One brings for all. Offline is the normal state: nothing to say.
		if n.Relay() != "" {
			_, _ = open[0].Exchange(ctx, "", nil)
		}
		if n.Door() != nil && step%neighbourEvery == 0 { // only who opened to the network looks around on it
			_ = open[0].ExchangeNearby(ctx)
		}
	}
}

func demoFolder(dir string, s sample.Site) string { return filepath.Join(dir, s.Folder) }
