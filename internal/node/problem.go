package node

import (
	"context"
	"errors"
	"slices"
	"syscall"

	"amparo/internal/exchange"
	"amparo/internal/journal"
	"amparo/internal/lang"
	"amparo/internal/record"
	"amparo/internal/relay/wire"
	"amparo/internal/seal"
	"amparo/internal/store"
	"amparo/internal/vault"
)

// knownErrors are the engine's errors and the codes under which people are told of them, the more telling first.
var knownErrors = []struct {
	is   error
	code string
}{
	{store.ErrInUse, "in_use"}, {store.ErrDiskFull, "disk_full"}, {store.ErrViewDamaged, "view_damaged"}, {store.ErrDamaged, "damaged_journal"}, {journal.ErrNewer, "format_newer"}, {journal.ErrTooLarge, "too_large"},
	{vault.ErrPassphrase, "wrong_passphrase"}, {vault.ErrNoMember, "unknown_member"}, {vault.ErrFile, "damaged_keys"}, {ErrNoWorkspace, "no_workspace"},
	{ErrFounded, "already_founded"}, {ErrLocked, "locked"}, {ErrNotYetGranted, "not_yet_granted"}, {ErrRevoked, "revoked"}, {ErrLeaseOver, "lease_over"},
	{exchange.ErrUnreachable, "unreachable"}, {exchange.ErrInterrupted, "truncated"}, {exchange.ErrNotAdmitted, "not_yet_admitted"}, {exchange.ErrProtocol, "not_a_relay"}, {seal.ErrPin, "wrong_key"}, {seal.ErrPinText, "mistyped_code"},
	{exchange.ErrBundleCut, "truncated"}, {exchange.ErrNotBundle, "not_a_bundle"}, {exchange.ErrBundleChanged, "bundle_changed"}, {exchange.ErrOtherWorkspace, "wrong_workspace"},
	{exchange.ErrNotForYou, "bundle_not_for_you"},
	{ErrNotBackup, "not_a_backup"}, {ErrBackupCut, "backup_cut"}, {ErrBackupChanged, "backup_changed"}, {ErrThere, "something_there"},
	{&exchange.Refusal{Code: wire.RefusedBusy}, "relay_busy"}, {&exchange.Refusal{Code: wire.RefusedFailed}, "relay_failed"},
	{&exchange.Refusal{Code: wire.RefusedClosed}, "relay_closed"}, {&exchange.Refusal{Code: wire.RefusedFounding}, "relay_not_invited"},
	{syscall.ENOSPC, "disk_full"}, {syscall.EFBIG, "file_large"}, {context.Canceled, "interrupted"}, {context.DeadlineExceeded, "interrupted"},
}

// AsRefusal gives any error of the engine the code under which people are told of it.
func AsRefusal(err error) *record.Refusal {
	var r *record.Refusal
	if errors.As(err, &r) {
		return r
	}
	for _, known := range knownErrors {
		if errors.Is(err, known.is) {
			return record.Refuse("", known.code).Because(err)
		}
	}
	return record.Refuse("", "internal").Because(err)
}

// AsProblem is a refusal as the person reads it.
func AsProblem(in lang.Tag, err error) *record.Problem {
	r := AsRefusal(err)
	args := r.Args
	for i := 0; i+1 < len(args); i += 2 { // a code: the person reads its label
		if name, isText := args[i+1].(string); isText && args[i] == "compartment" {
			args = slices.Clone(args)
			args[i+1] = lang.T(in, "compartment."+name)
		}
	}
	if r.Field != "" {
		args = append(args, "label", FieldLabel(in, r.Field))
	}
	return &record.Problem{Code: r.Code, Field: r.Field, Message: lang.T(in, "refuse."+r.Code, args...)}
}

// FieldLabel is what a data field is called on the pages.
func FieldLabel(in lang.Tag, field string) string {
	if key := "field." + field; lang.Has(key) {
		return lang.T(in, key)
	}
	return field
}

func refused(in lang.Tag, r record.Request, err error) record.Result {
	return record.Result{Action: r.Action, ID: r.ID, Error: AsProblem(in, err)}
}
