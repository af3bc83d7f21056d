package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"amparo/internal/lang"
)

// command is one thing the program can do. Its explanation is the catalogue's `cmd.help.<name>`.
type command struct {
	name  string
	usage string
	run   func(context.Context, *call) error
}

func commands() []command {
	return []command{
		{"demo", "[--dir DIR] [--people N] [--seed N] [--addr HOST:PORT] [--headless]", demo},
		{"init", "DIR --workspace NAME --member NAME [--lang es] [--recovery-out FILE [--shares 5] [--threshold 3]]", initialise},
		{"invite", "DIR --role ROLE[,ROLE] [--site ID[,ID]] [--device-of MEMBER] [--days N] [--lease DAYS] --out FILE", invite},
		{"join", "DIR --invite FILE --member NAME --out FILE", join},
		{"accept", "DIR FILE", accept},
		{"member", "list DIR | grant DIR --member M --role ROLE[,ROLE] [--site ID[,ID]] [--lease DAYS] | revoke DIR --member M [--device ID] --reason TEXT | renew DIR --member M", members},
		{"recover", "DIR --share FILE … [--member NAME] [--relay URL] [--rehearse] | DIR --recovery-out FILE [--shares 5] [--threshold 3]", runRecover},
		{"passphrase", "DIR [--as MEMBER] [--new-passphrase-file FILE]", passphraseChange},
		{"field", "DIR [--days N] [--follow own|all]", fieldMode},
		{"fetch", "DIR PERSON [--relay URL | --neighbour LINK|CODE]", fetch},
		{"serve", "DIR [--addr 127.0.0.1:8460] [--idle 2m] [--lock 15m] [--tab WORD] [--lan] [--lan-addr :8462]", serve},
		{"neighbours", "DIR [--look] [--forget CODE]", neighbours},
		{"relay", "[--store sqlite:FILE|postgres://…] [--chunks s3://BUCKET/…] [--addr 127.0.0.1:8461] [--admin HOST:PORT] [--workspaces open|known] [--quota SIZE] [--quota-commits N] [--at-once N] [--rate TIMES] [--proxy ADDRESS,…] [--notice 0s] [--grace 10s] | " +
			"backup --out FILE | verify FILE | restore FILE [--in-part] | workspaces | workspace ID [--standing known|closed|none] [--quota SIZE|none|common] [--quota-commits N|none|common]", runRelay},
		{"exchange", "DIR [--relay URL | --neighbour LINK|CODE | --out BUNDLE [--since relay|BUNDLE] [--split 4GB] | --in BUNDLE]", runExchange},
		{"verify", "FILE [--with DIR | --open]", verify},
		{"backup", "DIR --out FILE [--as MEMBER]", backup},
		{"restore", "FILE DIR", restore},
		{"apply", "DIR [FILE] [--stop]", apply},
		{"attach", "DIR FILE … --person ID --in identity|care|mind|survivor|law --what KIND [--note TEXT] | DIR FILE … --site ID --what KIND", attach},
		{"files", "DIR [--per-exchange SIZE|none] [--per-day SIZE|none] | DIR --get ID [--person ID] --out FILE", files},
		{"summary", "DIR --person ID --out FILE [--lang es|en|fr|pt|ht] [--parts name,details,card,care,visits,places]", summary},
		{"query", "DIR NAME [--PARAM VALUE|-|@FILE …]", query},
		{"actions", "", listActions},
		{"queries", "", listQueries},
		{"import", "DIR KIND FILE [--dry-run] [--good] [--refused FILE]", importFile},
		{"check", "DIR", check},
		{"bench", "[NAME] [--n N] [--couch DIR] [--seed N] [--data DIR] [--peer N] [--left FILE] [--right FILE] [--truth COLUMN]", bench},
		{"version", "", version},
		{"help", "[COMMAND]", help},
	}
}

func help(_ context.Context, c *call) error {
	if len(c.rest) > 0 {
		for _, command := range commands() {
			if command.name == c.rest[0] {
				return c.explain(command)
			}
		}
		return usagef("%s", lang.T(c.lang, "cmd.unknown", "name", c.rest[0]))
	}
	fmt.Fprintf(c.Stdout, "%s\n\n%s:\n", lang.T(c.lang, "cmd.what"), lang.T(c.lang, "cmd.commands"))
	for _, command := range commands() {
		fmt.Fprintf(c.Stdout, "  %-10s %s\n", command.name, lang.T(c.lang, "cmd.help."+command.name))
	}
	_, err := fmt.Fprintf(c.Stdout, "\n%s\n", lang.T(c.lang, "cmd.more"))
	return err
}

func (c *call) explain(command command) error {
	what := lang.T(c.lang, "cmd.help."+command.name)
	if detail := "cmd.detail." + command.name; lang.Has(detail) {
		what += "\n\n" + lang.T(c.lang, detail)
	}
	_, err := fmt.Fprintf(c.Stdout, "%s: amparo %s %s\n\n%s\n\n%s\n", lang.T(c.lang, "cmd.usage"), command.name, command.usage, what, lang.T(c.lang, "cmd.common"))
	return err
}

// print writes one JSON document.
func (c *call) print(v any) error { return writeJSON(c.Stdout, v, "  ") }

func writeJSON(w io.Writer, v any, indent string) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	return enc.Encode(v)
}
