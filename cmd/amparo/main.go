// Command amparo is the whole program: it founds, opens and serves a workspace, runs the relay, brings copies in step,
// and plays the demo. `amparo help` lists what it can do, in the reader's language.
//
// main delegates to Main, which tests start with a folder of their own and port 0.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // places carry their time zone to machines that have no zone files

	"amparo/internal/lang"
	"amparo/internal/node"
	"amparo/internal/seal"
)

// Exit statuses, the same for every command.
const (
	exitDone   = 0
	exitFailed = 1 // refused or failed: one clear line on stderr
	exitUsage  = 2
	exitFound  = 3 // check or verify found something wrong
)

// Env is what a command touches outside its folder.
type Env struct {
	Args     []string // without the program's name
	Stdin    io.Reader
	Stdout   io.Writer
	Stderr   io.Writer
	Getenv   func(string) string
	Terminal bool // stdin is a terminal: questions may be asked
	// Cost is how dear one guess of a passphrase is; zero: what the program says. Tests are cheap about it.
	Cost seal.Cost
}

func (e *Env) options() node.Options { return node.Options{Cost: e.Cost, Version: Version} }

func main() { start(seal.Cost{}) }

// start is the program as the operating system sees it.
func start(cost seal.Cost) {
	if err := guard(); err != nil { // before anything secret is read
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitFailed)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := Main(ctx, Env{Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Terminal: isTerminal(os.Stdin), Cost: cost})
	stop()
	os.Exit(code)
}

// errUsage reports a command that was not understood; errFound, that a check found something.
var (
	errUsage = errors.New("usage")
	errFound = errors.New("something was found")
)

func usagef(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errUsage}, args...)...)
}

// Main runs one command and gives its exit status.
func Main(ctx context.Context, env Env) int {
	c := &call{Env: env, lang: readerLang(env.Getenv)}
	if len(env.Args) == 0 {
		return c.end(help(ctx, c))
	}
	name := env.Args[0]
	if name == "-h" || name == "--help" {
		name = "help"
	}
	for _, command := range commands() {
		if command.name == name {
			c.command, c.rest = command, env.Args[1:]
			return c.end(command.run(ctx, c))
		}
	}
	fmt.Fprintln(env.Stderr, lang.T(c.lang, "cmd.unknown", "name", name))
	return exitUsage
}

// call is one command under way.
type call struct {
	Env
	lang    lang.Tag
	command command
	rest    []string
	json    bool
}

// end says what went wrong, once and in one line, and chooses the exit status.
func (c *call) end(err error) int {
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errFound):
		return exitFound
	case errors.Is(err, flag.ErrHelp):
		if err := c.explain(c.command); err != nil {
			return exitFailed
		}
		return exitDone
	case errors.Is(err, errUsage):
		fmt.Fprintln(c.Stderr, lang.T(c.lang, "cmd.wrong_usage", "reason", strings.TrimPrefix(err.Error(), errUsage.Error()+": ")))
		fmt.Fprintln(c.Stderr, lang.T(c.lang, "cmd.more"))
		return exitUsage
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(c.Stderr, lang.T(c.lang, "cmd.interrupted"))
		return exitFailed
	}
	var said spoken
	if errors.As(err, &said) {
		fmt.Fprintln(c.Stderr, said.text)
		return exitFailed
	}
	problem := node.AsProblem(c.lang, err)
	fmt.Fprintln(c.Stderr, problem.Message)
	if problem.Code == "internal" || c.Getenv("AMPARO_DEBUG") != "" {
		fmt.Fprintln(c.Stderr, err)
	}
	return exitFailed
}

// spoken is an error that already has its sentence.
type spoken struct{ text string }

func (s spoken) Error() string { return s.text }

// flags reads flags wherever they stand and gives what is left: `init DIR --workspace NAME` and `init --workspace
// NAME DIR` are the same.
func (c *call) flags(fs *flag.FlagSet, least, most int) ([]string, error) {
	fs.SetOutput(io.Discard)
	fs.BoolVar(&c.json, "json", false, "")
	var plain []string
	for rest := c.rest; ; {
		if err := fs.Parse(rest); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, err
			}
			return nil, usagef("%v", err)
		}
		if fs.NArg() == 0 {
			break
		}
		if len(rest) > fs.NArg() && rest[len(rest)-fs.NArg()-1] == "--" {
			plain = append(plain, fs.Args()...)
			break
		}
		plain, rest = append(plain, fs.Arg(0)), fs.Args()[1:]
	}
	if len(plain) < least {
		return nil, usagef("%s", lang.T(c.lang, "cmd.missing_dir"))
	}
	if most >= 0 && len(plain) > most {
		return nil, usagef("%s", strings.Join(plain[most:], " "))
	}
	return plain, nil
}

func newFlags(name string) *flag.FlagSet { return flag.NewFlagSet(name, flag.ContinueOnError) }

// readerLang is the reader's language: AMPARO_LANG, then what the system says, then Spanish.
func readerLang(getenv func(string) string) lang.Tag {
	for _, name := range []string{"AMPARO_LANG", "LC_ALL", "LC_MESSAGES", "LANG"} {
		text, _, _ := strings.Cut(getenv(name), ".")
		text, _, _ = strings.Cut(text, "_")
		if tag, ok := lang.Parse(text); ok {
			return tag
		}
	}
	return lang.ES
}
