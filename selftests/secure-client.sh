#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Secure qualification, on the client's side (RFC 4380 section 5.2.2): what the controller
# does with and without a key, and its messages about failures.  The test of the state
# machine is tools/test-qualify.

. "$(dirname "$0")/lib/lab.sh"

need ping jq unshare miredo miredo-server
need_teredo
lab_up restricted restricted || skip_all "no laboratory"
plan 35

diagnose()
{
	lab_state
	tool srv secret list teredo0
	[[ ! -e $tmp/run ]] || cat "$tmp/run"
}

# is NAME FILTER: a jq condition about the device is true
is()
{
	tool "$1" -j show teredo0 | jq -e ".[0] | $2" >/dev/null
}

says()
{
	grep -E "$1" "$tmp/run"
}

# once [FLAGS...]: qualify client A, with output to $tmp/run
once()
{
	tool clia run teredo0 --once "$@" >"$tmp/run" 2>&1
}

# fails_saying TEXT [FLAGS...]: client A does not qualify, and prints that
fails_saying()
{
	local text=$1

	shift
	! once "$@" && says "$text"
}

# control [FLAGS...]: run the controller of client A
control()
{
	spawn clia teredo-tool run teredo0 "$@" >"$tmp/run" 2>&1
	controller=$spawned
}

refused()
{
	tool srv -j show stats teredo0 | jq '.[0]["rx-secure"]'
}

umask 077
start_server ours || skip_all "no server"
tool srv set teredo0 secure required
check "the server makes a secret, and shows it once (SEC-05)" eval "
	tool srv secret add teredo0 alice >$tmp/alice.key &&
	grep -E '^hex:[0-9a-f]{40}\$' $tmp/alice.key"
check "another one each time (SEC-05)" eval "
	tool srv secret add teredo0 bob >$tmp/bob.key && ! cmp $tmp/alice.key $tmp/bob.key"
check "as JSON, too" eval "tool srv -j secret add teredo0 carl algorithm hmac-sha256 |
	jq -e '.id == \"carl\" and (.key | length) == 68 and .algorithm == \"hmac-sha256\"'"
check "they are listed, without their keys (SEC-19)" eval "
	tool srv -j secret list teredo0 | jq -e 'map(.id) == [\"alice\", \"bob\", \"carl\"] and
	map(keys) == [range(3) | [\"algorithm\", \"id\", \"state\"]]'"
printf short >"$tmp/short.key"
check "a short key: a warning (SEC-05)" eval "
	tool srv secret add teredo0 short $tmp/short.key 2>&1 | grep 'can be guessed'"
check_says "an empty one is none" "it is empty" tool srv secret add teredo0 none /dev/null
check_says "a revoked one that is not there" "no secret with this id" \
	tool srv secret set teredo0 nobody revoked

# Without a key
role[clia]=ours
tool clia add teredo0 server $server
before=$(refused)
check "nonces alone are not enough for a server that wants more (S-07)" \
	fails_saying "no reply from server"
check "which has counted them (S-07)" [ "$(refused)" -ge $((before + 2)) ]
tool clia set teredo0 secure required
check "required, without an identifier: it says so (C-30)" fails_saying "there is no id"
tool clia set teredo0 id alice
check "required, without a key: it says where it looked (C-02)" \
	fails_saying "/etc/teredo/teredo0.key"
check "show has identifier and policy" is clia '.id == "alice" and .secure == "required"'

# With a key
check "qualified with identifier and key (C-02, C-28, S-21)" once --key "$tmp/alice.key"
check "qualified" is clia '.state == "qualified"'
check "by probe, too" eval "
	on clia teredo-tool probe --id alice --key $tmp/alice.key $server | grep 'sees us'"
check "which says nothing good of a wrong key" eval "
	! on clia teredo-tool probe --id alice --key $tmp/bob.key $server"
chmod 644 "$tmp/alice.key"
check "a key that everybody can read: a warning (SEC-19)" eval "
	once --key $tmp/alice.key && says 'everybody can read'"
chmod 600 "$tmp/alice.key"
mkdir "$tmp/credentials"
cp "$tmp/alice.key" "$tmp/credentials/key"
check "a key from the service manager" eval "
	CREDENTIALS_DIRECTORY=$tmp/credentials once"
check "the wrong key: no answer, and what that may mean (C-29, S-07)" \
	fails_saying "id and key" --key "$tmp/bob.key"
tool srv secret set teredo0 alice renew
check "re-key wanted: qualified, and told to get another one (C-27, S-32)" eval "
	once --key $tmp/alice.key && says 'asks for a new one'"
tool srv secret set teredo0 alice revoked
check "revoked: not qualified, and told why (C-27, S-32)" \
	fails_saying "refuses the key of .alice.: a new one is needed" --key "$tmp/alice.key"
tool srv secret set teredo0 alice valid

# Without secrets, a server cannot be told from an impostor
tool srv set teredo0 secure off
check "an answer that is not authenticated is none (C-30, SEC-20)" \
	fails_saying "not authenticated" --key "$tmp/alice.key"
tool clia set teredo0 secure nonce
check "secure nonce: it is (S-22, C-25)" once
check "and show says so" eval "tool clia show teredo0 | grep 'alice .not used'"
tool clia set teredo0 secure off
tool srv set teredo0 secure nonce
check "an identifier is used unless told otherwise (C-02, C-30)" \
	once --key "$tmp/alice.key"

# Changes at runtime
tool srv set teredo0 secure required
tool clia set teredo0 refresh 2
cp "$tmp/alice.key" "$tmp/client.key"
control --key "$tmp/client.key"
check "a controller" wait_for 15 is clia '.state == "qualified" and .controller'
tool srv secret replace teredo0 alice >"$tmp/alice.key"
check "the server has another key: service lost (C-29)" \
	wait_for 40 is clia '.state != "qualified"'
cp "$tmp/alice.key" "$tmp/client.key"
kill -HUP "$controller"
check "and so has the client: qualified again (S-32)" \
	wait_for 15 is clia '.state == "qualified"'
tool clia set teredo0 id bob
cp "$tmp/bob.key" "$tmp/client.key"
check "another identity: it says so" wait_for 10 says "another identity: bob"
kill -HUP "$controller"
check "and takes it (C-02)" wait_for 15 is clia '.id == "bob" and .state == "qualified"'
stop clia
kill "$controller" 2>/dev/null
wait "$controller" 2>/dev/null

# From configuration files, in a /etc of its own
stop srv
cat >"$tmp/up" <<'END'
set -e
mount -t tmpfs tmpfs /etc
mkdir /etc/teredo
cp "$1"/teredo0.* /etc/teredo
teredo-tool -n "$2" up teredo0
END
mkdir "$tmp/srv" "$tmp/clia"
printf '%s\n' "mode server" "local $server" "secure required" >"$tmp/srv/teredo0.conf"
{
	echo "# identifier, key, algorithm, state"
	echo "alice hex:00112233445566778899aabbccddeeff"
	echo "carl $(head -c 100 /dev/zero | tr '\0' k) hmac-sha256 renew"
} >"$tmp/srv/teredo0.secrets"
printf '%s\n' "server $server" "id carl" "key /etc/teredo/teredo0.secret" \
	"algorithm hmac-sha256" >"$tmp/clia/teredo0.conf"
head -c 100 /dev/zero | tr '\0' k >"$tmp/clia/teredo0.secret"
role[srv]=ours role[clia]=ours
check "up: a server and its secrets (S-32)" eval "
	unshare -m bash $tmp/up $tmp/srv ${ns[srv]} && tool srv -j secret list teredo0 |
	jq -e 'map([.id, .algorithm, .state]) == [[\"alice\", \"hmac-sha1\", \"valid\"],
		[\"carl\", \"hmac-sha256\", \"renew\"]]'"
unshare -m bash "$tmp/up" "$tmp/clia" "${ns[clia]}" >"$tmp/run" 2>&1
check "up: a client with identifier, key and algorithm (C-02, C-31)" \
	wait_for 20 is clia '.state == "qualified"'
nip clia link del teredo0
unset "role[clia]"

# Miredo has nonces, but no secrets
tool srv set teredo0 secure nonce
check "Miredo's client and a server with secrets (C-25, S-22)" eval "
	start_client clib miredo && client_address clib"
stop clib srv
start_server miredo
role[clia]=ours
tool clia add teredo0 server $server
check "Miredo's server and a client without (C-25, C-26)" once
tool clia set teredo0 id alice
check "a client with one does not take its word (C-30)" \
	fails_saying "authenticated|id and key" --key "$tmp/alice.key"
