#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Servers by name: several addresses, changed addresses, and a name service that is dead
# when the client starts.

# shellcheck source=selftests/lib/watch.sh
. "$(dirname "$0")/lib/watch.sh"

need jq python3 unshare
need_teredo
lab_up restricted restricted || skip_all "no laboratory"
plan 8

start_server ours || skip_all "no server"
start_second_server || skip_all "no second server"
printf '%s\n' "nameserver 127.0.0.1" "options timeout:1 attempts:1" >"$tmp/resolv.conf"
cat >"$tmp/with-names" <<-END
#!/bin/sh
mount --bind "$tmp/resolv.conf" /etc/resolv.conf && exec "\$@"
END
chmod +x "$tmp/with-names"
[[ -e /etc/resolv.conf ]] || skip_all "no /etc/resolv.conf to put another one over"

spawn clia python3 "$selftests/lib/dns.py" "$tmp/names" 2>"$tmp/dns.log"
role[clia]=ours
tool clia add teredo0 server teredo.example,192.0.2.9 refresh 2
nip clia link set teredo0 up
watch clia || skip_all "nothing to watch with"
nip nata link set lan down
spawn clia unshare -m "$tmp/with-names" teredo-tool run teredo0 >"$tmp/run" 2>&1
daemon[clia]=$spawned
stopwatch
check "no network, no name service: offline, and why (C-22, C-64)" \
	wait_for 60 is clia '.state == "offline" and .reason != null'
check "it says which name leads nowhere" grep -F "server teredo.example: " "$tmp/run"

# The network comes, then the name service, with two servers under one name.
nip nata link set lan up
printf '%s\n' $server 192.0.2.1 >"$tmp/names"
stopwatch
check "the name service answers: qualified (C-22)" wait_for 120 qualified clia
figure "the name service comes back: qualified"
check "by one of the addresses of the name" is clia \
	".server == \"$server\" or .server == \"192.0.2.1\""

# The name gets another address; a working server is kept.
used=$(tool clia -j show teredo0 | jq -r '.[0].server')
address=$(client_address clia)
if [[ $used = "$server" ]]; then
	next=192.0.2.1 from=srv
else
	next=$server from=rly
fi
echo "$next" >"$tmp/names"
check "the name changes, the server answers: nothing happens" stays 5 has_only clia "$address"
nip "$from" link set teredo0 down
stopwatch
check "the server is lost: the name is looked up again (C-22)" \
	wait_for 60 is clia ".state == \"qualified\" and .server == \"$next\""
figure "the server is lost, its name leads elsewhere: qualified"
check "the reason has both (C-64)" reason "server $used lost, now $next"

# Both addresses belong to one name: neither is preferred.
printf '%s\n' "$used" "$next" >"$tmp/names"
nip "$from" link set teredo0 up
address=$(client_address clia)
check "of one name, no address is preferred (C-23)" stays 20 has_only clia "$address"
