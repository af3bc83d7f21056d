package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"amparo/internal/journal"
	"amparo/internal/lang"
	"amparo/internal/record"
	"amparo/internal/relay"
)

// relayVerbs are what an operator does beside letting a relay run; all of them while it runs, too.
var relayVerbs = map[string]func(context.Context, *call) error{
	"backup": relayBackup, "restore": relayRestore, "verify": relayVerify, "workspaces": relayWorkspaces, "workspace": relayWorkspace,
}

// relayBackupAnswer is what backup, verify and restore print with --json.
type relayBackupAnswer struct {
	Made       time.Time `json:"made"`
	Workspaces uint64    `json:"workspaces"`
	Commits    uint64    `json:"commits"`
	Chunks     uint64    `json:"chunks"` // of files
	Bytes      int64     `json:"bytes"`
	New        uint64    `json:"new"`   // not in the store before
	Short      uint64    `json:"short"` // commits and chunks of the backup that are not in the store
	Named      []string  `json:"named"` // what was left out or not taken
}

func (c *call) sayBackup(sum relay.BackupSummary, named, said string) error {
	list := []string{}
	for _, f := range sum.Faults {
		list = append(list, f.Error())
		fmt.Fprintln(c.Stderr, lang.T(c.lang, named, "what", f.Error()))
	}
	if c.json {
		if err := c.print(relayBackupAnswer{sum.Made, sum.Workspaces, sum.Commits, sum.Chunks, sum.Bytes, sum.New, sum.Short, list}); err != nil {
			return err
		}
	} else if _, err := fmt.Fprintln(c.Stdout, said); err != nil {
		return err
	}
	if len(list) > 0 || sum.Short > 0 {
		return errFound
	}
	return nil
}

// asBackupError gives the errors of backups their sentences.
func asBackupError(err error) error {
	for _, known := range []struct {
		is   error
		code string
	}{{relay.ErrNotBackup, "not_relay_backup"}, {relay.ErrBackupCut, "relay_backup_cut"}, {relay.ErrBackupChanged, "relay_backup_changed"}} {
		if errors.Is(err, known.is) {
			return record.Refuse("", known.code).Because(err)
		}
	}
	return err
}

func relayBackup(ctx context.Context, c *call) error {
	fs := newFlags("relay")
	url, out := fs.String("store", "", ""), fs.String("out", "", "")
	if _, err := c.flags(fs, 0, 0); err != nil {
		return err
	}
	if *out == "" {
		return usagef("--out FILE")
	}
	if _, err := os.Lstat(*out); err == nil {
		return spoken{lang.T(c.lang, "cmd.cannot_write", "file", *out)}
	}
	store, err := c.relayStore(ctx, *url)
	if err != nil {
		return err
	}
	defer store.Close()
	if _, err := c.keepChunks(ctx, store, ""); err != nil {
		return err
	}
	told, end := c.progress(lang.T(c.lang, "cmd.progress.relay_backup"))
	sum, err := relay.WriteBackup(ctx, store, *out, time.Now(), func(commits uint64, _ int64) { told(int64(commits), 0) })
	end()
	if cannotWrite(err) {
		return spoken{lang.T(c.lang, "cmd.cannot_write", "file", *out)}
	}
	if err != nil {
		return err
	}
	return c.sayBackup(sum, "cmd.relay.left_out", lang.T(c.lang, "cmd.relay.backed_up", "n", int64(sum.Commits), "workspaces", int64(sum.Workspaces),
		"file", *out, "size", lang.FileSize(c.lang, sum.Bytes)))
}

// cannotWrite reports a path that is not to be written to; a full disk has a sentence of its own.
func cannotWrite(err error) bool {
	return errors.As(err, new(*fs.PathError)) && !errors.Is(err, syscall.ENOSPC)
}

func relayVerify(ctx context.Context, c *call) error {
	files, err := c.flags(newFlags("relay"), 1, 1)
	if err != nil {
		return err
	}
	if _, err := c.readable(files[0]); err != nil {
		return err
	}
	sum, err := relay.VerifyBackup(ctx, files[0], nil)
	if err != nil {
		return asBackupError(err)
	}
	return c.sayBackup(sum, "cmd.relay.left_out", lang.T(c.lang, "cmd.relay.whole", "n", int64(sum.Commits), "workspaces", int64(sum.Workspaces), "when", lang.DateTime(c.lang, sum.Made)))
}

func (c *call) readable(name string) (int64, error) {
	f, err := c.input(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := os.Stat(name)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func relayRestore(ctx context.Context, c *call) error {
	fs := newFlags("relay")
	url, inPart := fs.String("store", "", ""), fs.Bool("in-part", false, "")
	files, err := c.flags(fs, 1, 1)
	if err != nil {
		return err
	}
	size, err := c.readable(files[0])
	if err != nil {
		return err
	}
	store, err := c.relayStore(ctx, *url)
	if err != nil {
		return err
	}
	defer store.Close()
	if _, err := c.keepChunks(ctx, store, ""); err != nil {
		return err
	}
	told, end := c.progress(lang.T(c.lang, "cmd.progress.relay_restore"))
	sum, err := relay.RestoreBackup(ctx, files[0], store, *inPart, func(_ uint64, bytes int64) { told(bytes, size) })
	end()
	broken := errors.Is(err, relay.ErrBackupCut) || errors.Is(err, relay.ErrBackupChanged)
	if err != nil && (!broken || !*inPart) {
		return asBackupError(err)
	}
	said := lang.T(c.lang, "cmd.relay.restored", "n", int64(sum.New), "all", int64(sum.Commits))
	if sum.Short > 0 {
		said += "\n" + lang.T(c.lang, "cmd.relay.short", "n", int64(sum.Short))
	}
	if err := c.sayBackup(sum, "cmd.relay.not_taken", said); err != nil || !broken {
		return err
	}
	return errFound
}

// relayWorkspaceAnswer is one workspace as `amparo relay workspaces --json` gives it. A quota of 0 is the relay's own, -1 none.
type relayWorkspaceAnswer struct {
	ID           string `json:"id"`
	Standing     string `json:"standing"`
	Commits      int64  `json:"commits"`
	Bytes        int64  `json:"bytes"`
	QuotaBytes   int64  `json:"quota_bytes"`
	QuotaCommits int64  `json:"quota_commits"`
}

func relayWorkspaces(ctx context.Context, c *call) error {
	fs := newFlags("relay")
	url := fs.String("store", "", "")
	if _, err := c.flags(fs, 0, 0); err != nil {
		return err
	}
	store, err := c.relayStore(ctx, *url)
	if err != nil {
		return err
	}
	defer store.Close()
	ids, err := store.Workspaces(ctx)
	if err != nil {
		return err
	}
	list := []relayWorkspaceAnswer{}
	for _, id := range ids {
		one, err := workspaceAnswer(ctx, store, id)
		if err != nil {
			return err
		}
		list = append(list, one)
	}
	if c.json {
		return c.print(list)
	}
	if len(list) == 0 {
		_, err = fmt.Fprintln(c.Stdout, lang.T(c.lang, "cmd.relay.no_workspaces"))
		return err
	}
	for _, one := range list {
		if err := c.sayWorkspace(one); err != nil {
			return err
		}
	}
	return nil
}

func workspaceAnswer(ctx context.Context, store relay.Ledger, id journal.WorkspaceID) (relayWorkspaceAnswer, error) {
	u, err := store.Used(ctx, id)
	if err != nil {
		return relayWorkspaceAnswer{}, err
	}
	t, err := store.Terms(ctx, id)
	return relayWorkspaceAnswer{id.String(), t.Standing, u.Commits, u.Bytes, t.Quota.Bytes, t.Quota.Commits}, err
}

func (c *call) sayWorkspace(one relayWorkspaceAnswer) error {
	standing := "none"
	if one.Standing != "" {
		standing = one.Standing
	}
	var limits []string
	for _, q := range []struct {
		n   int64
		say string
	}{{one.QuotaBytes, lang.FileSize(c.lang, max(one.QuotaBytes, 0))}, {one.QuotaCommits, lang.T(c.lang, "cmd.relay.limit_records", "n", max(one.QuotaCommits, 0))}} {
		switch {
		case q.n > 0:
			limits = append(limits, q.say)
		case q.n < 0:
			limits = append(limits, lang.T(c.lang, "cmd.relay.limit_none"))
		}
	}
	if len(limits) == 0 {
		limits = []string{lang.T(c.lang, "cmd.relay.limit_common")}
	}
	_, err := fmt.Fprintln(c.Stdout, lang.T(c.lang, "cmd.relay.workspace", "id", one.ID, "standing", lang.T(c.lang, "code.standing."+standing),
		"commits", one.Commits, "size", lang.FileSize(c.lang, one.Bytes), "limit", strings.Join(limits, ", ")))
	return err
}

func relayWorkspace(ctx context.Context, c *call) error {
	fs := newFlags("relay")
	url, standing := fs.String("store", "", ""), fs.String("standing", "", "")
	quota, commits := fs.String("quota", "", ""), fs.String("quota-commits", "", "")
	ids, err := c.flags(fs, 1, 1)
	if err != nil {
		return err
	}
	raw, err := hex.DecodeString(ids[0])
	if err != nil || len(raw) != len(journal.WorkspaceID{}) {
		return record.Refuse("", "bad_terms", "value", ids[0])
	}
	id := journal.WorkspaceID(raw)
	store, err := c.relayStore(ctx, *url)
	if err != nil {
		return err
	}
	defer store.Close()
	terms, err := store.Terms(ctx, id)
	if err != nil {
		return err
	}
	switch *standing {
	case "":
	case "none":
		terms.Standing = relay.StandingNone
	default:
		terms.Standing = *standing
	}
	for _, q := range []struct {
		text string
		into *int64
	}{{*quota, &terms.Quota.Bytes}, {*commits, &terms.Quota.Commits}} {
		switch n, ok := parseSize(q.text); {
		case q.text == "":
		case q.text == "none":
			*q.into = -1
		case q.text == "common":
			*q.into = 0
		case !ok:
			return record.Refuse("quota", "bad_terms", "value", q.text)
		default:
			*q.into = n
		}
	}
	if *standing+*quota+*commits != "" {
		if err := store.Decide(ctx, id, terms); errors.Is(err, relay.ErrTerms) {
			return record.Refuse("standing", "bad_terms", "value", *standing).Because(err)
		} else if err != nil {
			return err
		}
	}
	one, err := workspaceAnswer(ctx, store, id)
	if err != nil {
		return err
	}
	if c.json {
		return c.print(one)
	}
	return c.sayWorkspace(one)
}

// parseSize reads a number of bytes above 0, as 500MB or 20GB; without a unit it is just a number.
func parseSize(text string) (int64, bool) {
	text = strings.ToUpper(strings.TrimSpace(text))
	factor := int64(1)
	for i, unit := range []string{"KB", "MB", "GB", "TB"} {
		if rest, is := strings.CutSuffix(text, unit); is {
			text, factor = strings.TrimSpace(rest), int64(math.Pow(1000, float64(i+1)))
			break
		}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 || n > math.MaxInt64/factor {
		return 0, false
	}
	return n * factor, true
}
