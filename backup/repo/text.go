package repo

// Text is the content of chatkeep.txt: for the person who finds a bucket in
// twenty years. Programs never parse it.
const Text = `This is a chatkeep repository: an end-to-end encrypted backup of chat history.

Everything secret in here is an ordinary age file (https://age-encryption.org).
With the passphrase or the recovery key, and with the programs age, zstd, tar,
jq and sha256sum, everything can be read without chatkeep:

  keys/        the master identity, once for each secret that opens it:
               age -d keys/passphrase-….age > master.txt
  keyring/     the newest one holds the identities for all the rest:
               age -d -i master.txt keyring/….age > ring.txt
  snapshots/   one signed file for each backup; jq -j .body shows what it names
  manifests/   what a backup holds:  age -d -i ring.txt manifests/….age | zstd -dc | jq .
  packs/       the content:          age -d -i ring.txt packs/….age | zstd -dc | tar -x
  index/       where what is; not needed to recover
  authority/   the newest one says, signed, what counts

Every file is named by the SHA-256 of its bytes. Do not rename, change or delete
anything; copying it all, with any tool, is safe and makes a full second backup.

The format is written down in docs/format.md, and the way back without chatkeep
in docs/recover-by-hand.md, of the program's source.
`
