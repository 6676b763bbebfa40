REPO=copy OUT=out SLOT={{.Slot}}  # the copy, a new folder, the name of what opens it
{{- if .Recipients}}
KEY=  # the file of the age or SSH key, if it is one
{{- end}}
ID={{.Repository}}
set -euo pipefail; export LC_ALL=C; umask 077; W=$(mktemp -d); mkdir "$OUT" "$W/c"
OUT=$(realpath "$OUT"); cd "$REPO"
find authority keys keyring packs manifests snapshots -type f |
  sed -E 's/.*[-/]([0-9a-f]{64})\.[a-z]+$/\1  &/' | sha256sum -c --quiet
signed() { jq -j .body "$1" >"$W/$2"; jq -r '.signatures[0]' "$1" >"$W/sig"
  ssh-keygen -Y verify -f "$W/$3" -I "$3" -n "chatkeep-$2-v1@chatkeep" -s "$W/sig" <"$W/$2"; }
A=authority/$(ls authority | tail -n 1)
S=$(jq -r --arg s "$SLOT" '.body | fromjson | .slots[] | select(.name == $s) | .sha256' "$A")
age -d{{if .Recipients}} ${KEY:+-i "$KEY"}{{end}} -o "$W/master" "keys/$SLOT-$S.age"
sed -n 's/^# root ssh-/root ssh-/p' "$W/master" >"$W/root"
[ "$(cut -d' ' -f3 "$W/root" | base64 -d | sha256sum)" = "$ID  -" ]
signed "$A" authority root
age -d -i "$W/master" -o "$W/ring" keyring/*-"$(jq -r .keyring.sha256 "$W/authority")".age
H=$(for f in snapshots/*/*; do jq -r --arg f "$f" '.body | fromjson | select(.manifest) |
  "\(.time // "-") \(.seq) \($f)"' "$f"; done | sort -k1,1 -k2,2n | tail -n 1 | cut -d' ' -f3)
jq -r --arg w "$(basename "${H%/*}")" '.writers[] | select(.id == $w and .role == "writer") |
  "writer \(.key)"' "$W/authority" >"$W/writer"
signed "$H" head writer
live() { local b; b=$(jq -r .body "${H%/*}"/*-"$1".json); if jq -e .live <<<"$b" >/dev/null
  then jq -r '.live.packs[].sha256' <<<"$b"
  else { live "$(jq -r .base <<<"$b")"; jq -r '.add.packs[].sha256' <<<"$b"; } | sort |
    comm -23 - <(jq -r '.drop.packs[]' <<<"$b" | sort); fi; }
P=${H##*-}; live "${P%.json}" | while read -r p; do
  age -d -i "$W/ring" packs/*/"$p.age" | zstd -dcq | tar -x --skip-old-files -C "$W/c"; done
age -d -i "$W/ring" manifests/"$(jq -r .manifest.sha256 "$W/head")".age | zstd -dcq >"$W/manifest"
cd "$W/c"; jq -r '.contents.chunks[]' "$W/manifest" >"$W/ids"
for ((d = $(jq .contents.depth "$W/manifest"); d > 0; d--)); do
  xargs cat <"$W/ids" >"$W/up"; mv "$W/up" "$W/ids"; done
xargs cat <"$W/ids" >"$W/list"; jq -r 'select(.packed) | .path' "$W/list" | sort -u >"$W/packed"
jq -r '[.type, (.path_b64 // (.path | @base64)), (.name_b64 // ((.name // "") | @base64)),
  ((.chunks // []) | join(" "))] | join("|")' "$W/list" | while IFS='|' read -r t p n c; do
  p=$(base64 -d <<<"$p"); n=$(base64 -d <<<"$n"); case "/$p/$n/" in */../*) exit 1;; esac
  case $t in file | zip) F=$OUT/$p;; member | raw | more) ;; *) continue;; esac
  if grep -qxF -- "$p" "$W/packed"; then case $t in
    member) F=$OUT/$p.members/$n;; more) ;; *) F=/dev/null;; esac; fi
  mkdir -p -- "${F%/*}"; tr ' ' '\n' <<<"$c" | sed '/^$/d' | xargs -r cat >>"$F"; done
rm -r "$W"
