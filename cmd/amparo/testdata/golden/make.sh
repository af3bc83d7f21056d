#!/bin/sh
# Makes the golden data of one version of the program, before the next version changes a format:
#
#	cmd/amparo/testdata/golden/make.sh PROGRAM FOLDER
#
# Two devices that exchanged with a relay and then worked apart: `founder` (Ana, every role) and `joined` (Bea). In each
# outbox there is something of every compartment its member may write in, and Bea's also holds a person who no longer agrees
# that the record leaves her machine. `relay.db` is the relay's store as both left it, `bundle` Ana's outbox as a file.
# In `asked` is, byte by byte, what Bea's program then asked the relay, to which Ana's outbox had come, and what it answered.
# Everybody in it is made up. The passphrase of both is `una frase larga`. Leases do not end, so that the folders open for ever.
set -eu
program=$1 out=$2 work=$(mktemp -d)
export AMPARO_PASSPHRASE='una frase larga' AMPARO_LANG=en
trap 'kill $relay $record 2>/dev/null || :; rm -rf "$work"' EXIT
relay='' record=''

start() { # start the relay; its address in $url
	"$program" relay --store "sqlite:$work/relay.db" --addr "${1:-127.0.0.1:0}" >"$work/said" 2>/dev/null & relay=$!
	until grep -q http "$work/said"; do kill -0 $relay; sleep 0.1; done
	url=$(grep -o 'http://[0-9.:]*' "$work/said" | sed 's/[.]$//')
}
do_() { "$program" apply "$work/$1" >"$work/done" || { cat "$work/done"; exit 1; }; }

start
"$program" init "$work/founder" --workspace Prueba --member Ana
do_ founder <<'J'
{"action":"site.open","id":"s1","data":{"name":"Casa","type":"shelter","municipality":"07089","services":["medical"]}}
{"action":"person.register","id":"p1","site":"s1","data":{"given":"Marisol","surname1":"Prueba","sex":"f","age":31,"nickname":"Mari"}}
{"action":"visit.open","id":"v1","site":"s1","data":{"person":"p1","service":"medical","reason":"fiebre"}}
{"action":"consultation.record","id":"c1","site":"s1","data":{"person":"p1","visit":"v1","service":"medical","reason":"fever","note":"granizo"}}
J
"$program" exchange "$work/founder" --relay "$url"
"$program" invite "$work/founder" --role registrar,clinician,psychologist,social_worker --lease -1 --out "$work/invitation"
"$program" join "$work/joined" --invite "$work/invitation" --member Bea --out "$work/request"
"$program" accept "$work/founder" "$work/request"
"$program" exchange "$work/founder"
"$program" exchange "$work/joined" --relay "$url"
do_ joined <<'J'
{"action":"person.register","id":"p2","site":"s1","data":{"given":"Rosendo","surname1":"Prueba"}}
J
"$program" exchange "$work/joined"
"$program" exchange "$work/founder"
"$program" exchange "$work/joined"

do_ founder <<'J'
{"action":"person.register","id":"p3","site":"s1","data":{"given":"Tercera","surname1":"Prueba","phone":"000 000 0003"}}
{"action":"visit.open","id":"v3","site":"s1","data":{"person":"p3","service":"medical"}}
{"action":"consultation.record","id":"c3","site":"s1","data":{"person":"p3","visit":"v3","service":"medical","reason":"fever","note":"lluvia"}}
{"action":"consultation.record","id":"c4","site":"s1","data":{"person":"p3","service":"mental_health","note":"viento"}}
{"action":"consultation.record","id":"c5","site":"s1","data":{"person":"p3","service":"social","note":"nube"}}
{"action":"person.restrict","site":"s1","data":{"person":"p1","compartments":["survivor"],"reason":"lo pidió","authority":"la persona"}}
{"action":"flow.count","site":"s1","data":{"direction":"north","total":12,"slot":"morning"}}
{"action":"source.add","data":{"source":"prueba","publisher":"Prueba","title":"Una fuente"}}
J
do_ joined <<'J'
{"action":"person.register","id":"p4","site":"s1","data":{"given":"Cuarta","surname1":"Prueba"}}
{"action":"consultation.record","id":"c6","site":"s1","data":{"person":"p4","service":"medical","reason":"fever","note":"escarcha"}}
{"action":"consultation.record","id":"c7","site":"s1","data":{"person":"p4","service":"mental_health","note":"neblina"}}
{"action":"consultation.record","id":"c8","site":"s1","data":{"person":"p4","service":"social","note":"marea"}}
{"action":"person.update","site":"s1","data":{"person":"p1","nickname":"Sol"}}
{"action":"person.register","id":"p5","site":"s1","data":{"given":"Quinta","surname1":"Prueba"}}
{"action":"person.consent","site":"s1","data":{"person":"p5","purpose":"sharing","answer":"refused"}}
J
kill $relay; wait $relay || :
mkdir -p "$out"
cp "$work/relay.db" "$out/relay.db"
"$program" exchange "$work/founder" --out "$out/bundle"
for who in founder joined; do
	mkdir -p "$out/$who/vault"
	cp "$work/$who/journal" "$work/$who/node.json" "$out/$who/"
	cp "$work/$who"/vault/* "$out/$who/vault/"
done
member=$(basename "$work"/founder/vault/*.member .member)
mkdir -p "$out/founder/views/$member"
cp "$work/founder/views/$member"/public.view* "$out/founder/views/$member/"

start "${url#http://}"
"$program" exchange "$work/founder"
mkdir "$work/recorded"
go build -o "$work/record" "$(dirname "$0")/record/main.go"
"$work/record" "$url" "$work/recorded" >"$work/recorder" & record=$!
until grep -q http "$work/recorder"; do kill -0 $record; sleep 0.1; done
# Only the address in node.json is another: what is remembered of the relay stays, so the question is the very next one.
sed -i "s|$url|$(cat "$work/recorder")|" "$work/joined/node.json"
"$program" exchange "$work/joined"
mkdir -p "$out/asked"
cp "$work"/recorded/* "$out/asked/"
