package keyring

import "clause.dev/clause/internal/fault"

// SealBackupKey seals the key of a backup under the newest epoch: the backup opens as long as that
// epoch lives, and no longer.
func (r *Ring) SealBackupKey(key, bound []byte) (epoch int64, sealed []byte, err error) {
	const op = "keyring.SealBackupKey"
	number := r.Epoch().Number
	over, err := r.epochKey(op, number)
	if err != nil {
		return 0, nil, err
	}
	return number, over.backups.Seal(nil, nil, key, r.boundBackup(number, bound)), nil
}

// OpenBackupKey opens what SealBackupKey sealed for the same bound data. It is Erased if the epoch was
// destroyed, and Invalid if sealed was altered, is bound to other data or comes from another store.
func (r *Ring) OpenBackupKey(epoch int64, sealed, bound []byte) ([]byte, error) {
	const op = "keyring.OpenBackupKey"
	over, err := r.epochKey(op, epoch)
	if err != nil {
		return nil, err
	}
	key, err := over.backups.Open(nil, nil, sealed, r.boundBackup(epoch, bound))
	if err != nil {
		return nil, fault.New(op, fault.Invalid, "the backup's key does not open: it was altered, or made with another key folder")
	}
	return key, nil
}

func (r *Ring) boundBackup(epoch int64, bound []byte) []byte {
	out := make([]byte, 0, 64+len(bound))
	out = append(out, "clause backup key v1"...)
	out = append(out, r.store[:]...)
	out = appendNumber(out, epoch)
	return append(out, bound...)
}
