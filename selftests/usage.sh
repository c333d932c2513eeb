#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Command lines, right and wrong, of teredo-tool and of the plugin of ip.  A row is
#
#	STATUS | ARGUMENTS, as a shell reads them | TEXT
#
# With status 0, TEXT is in standard output, and standard error is empty.  With 1 and 2,
# TEXT is in the only line of standard error, and standard output is empty.  For ip, TEXT is
# in the first line of standard error.

. "$(dirname "$0")/lib/lib.sh"

need ip jq setpriv
need_teredo
ns_add here || skip_all "no namespace"
plan 44

export IP_LIB_DIR=$repo/tools
# Of a long value, the message contains the end, too.
long=$(printf 'a%.0s' {1..5000})
export long
umask 077

# row PROGRAM STATUS ARGUMENTS TEXT: check one
row()
{
	local program=$1 expected=$2 text=${4# } status
	local -a words lines

	eval "words=($3)"
	"$program" "${words[@]}" >"$tmp/out" 2>"$tmp/err" </dev/null
	status=$?
	mapfile -t lines <"$tmp/err"
	if ((expected == 0)); then
		((status == 0 && ${#lines[@]} == 0)) && [[ $(<"$tmp/out") = *"$text"* ]] && return
	elif [[ $program = ip ]]; then
		((status)) && [[ ${lines[0]:-} = *"$text"* && ! -s $tmp/out ]] && return
	else
		((status == expected && ${#lines[@]} == 1)) &&
			[[ ${lines[0]} = *"$text"* && ! -s $tmp/out ]] && return
	fi
	echo "status $status, not $2, or not '$text': $program $3"
	head -n 5 "$tmp/out" "$tmp/err"
	return 1
}

# rows PROGRAM: check the rows of standard input, where "!" stands for "|"
rows()
{
	local program=$1 expected arguments text failed=0

	while IFS='|' read -r expected arguments text; do
		[[ ! $expected ]] ||
			row "$program" "${expected// }" "${arguments//!/|}" "${text//!/|}" ||
			failed=1
	done
	return $failed
}

# table TITLE [PROGRAM]: check the rows of standard input, as one result.  They are many, so
# enter the namespace once.
table()
{
	check "$1" on here env tmp="$tmp" bash -c "$(declare -f row rows); rows ${2:-teredo-tool}"
}

# For a table of local addresses, in which peers are looked up
nip here link set lo up
tool here add c0 server 192.0.2.1
tool here add r0 mode relay
tool here add s0 mode server local 192.0.2.1
tool here add h0 mode host-relay
printf 'a key of 16 octets' >"$tmp/key"

table "commands: missing, unknown, ambiguous" <<'END'
2 || no command given; expected one of add, set
2 | '' | unknown command ""; expected one of add, set
2 | frobnicate | unknown command "frobnicate"; expected one of add, set
2 | s | "s" is ambiguous: set or show or secret
2 | d c0 | "d" is ambiguous: del or down
2 | -j | no command given
2 | showw | unknown command "showw"
2 | 'show peers' | unknown command "show peers"
2 | peer | peer: no command given; expected one of add, del, flush
2 | peer '' | peer: unknown command ""; expected one of add, del, flush
2 | peer show | peer: unknown command "show"; expected one of add, del, flush
2 | secret | secret: no command given; expected one of add, replace, set, del, load, list
2 | secret l s0 | secret: "l" is ambiguous: load or list
2 | secret x s0 | secret: unknown command "x"
2 | -- --help | unknown command "--help"
2 | $'\e[31mx' | unknown command "\x1b[31mx"
2 | $long | a"; expected one of add, set
2 | show $long | it is longer than 15 octets
2 | show c0 $long | is one word too many; usage:
1 | -n $long show | a: File name too long
2 | peer $long | a"; expected one of add, del, flush
END

table "commands and options cut short, where one alone begins so" <<'END'
0 | sh c0 | c0: client
0 | sho pee |
0 | show sta | c0:
0 | set c0 ref 31 |
0 | set c0 refr 30 |
2 | se c0 refr 30 | "se" is ambiguous: set or secret
0 | pee fl c0 |
0 | sec li s0 |
0 | --js --pre show r0 | "relay"
0 | show --json r0 | "relay"
0 | -jp show r0 | "relay"
2 | set c0 serve 192.0.2.1 | set: "serve" is ambiguous: server or server2
2 | set c0 '' 1 | set: unknown option ""; expected one of mode, server,
2 | run c0 --o --l | run: --learn-refresh takes longer than --once runs
2 | show --p='' | --pretty takes no value
END

table "help, wherever it is asked for" <<'END'
0 | -h | Usage:
0 | --help | Usage:
0 | help | tell more about one
0 | hel | tell more about one
0 | help help | tell more about one
0 | --he | Usage:
0 | add help | Usage: teredo-tool add DEV [OPTIONS]
0 | add --help | peers-max
0 | add nosuch --help | Usage: teredo-tool add DEV
0 | add nosuch help | Usage: teredo-tool add DEV
0 | add nosuch mode client help | Usage: teredo-tool add DEV
0 | add nosuch mode client -h | Usage: teredo-tool add DEV
0 | set help | resets
0 | del --help | Usage: teredo-tool del DEV
0 | del help | Usage: teredo-tool del DEV
0 | -h del c0 | Usage: teredo-tool del DEV
0 | show help | teredo-tool show peers
0 | show peers help | STATE
0 | show peers --help | STATE
0 | show stats -h | counters
0 | release help | remove what
0 | run help | --learn-refresh
0 | run --key --help | --key FILE
0 | run --nosuch --help | --key FILE
0 | probe help | --refresh[=SECONDS]
0 | probe --help | --refresh[=SECONDS]
0 | peer help | teredo-tool peer flush DEV
0 | peer add help | peer add DEV ADDRESS at IPV4:PORT
0 | help peer | teredo-tool peer flush DEV
0 | help pe ad | peer add DEV ADDRESS at IPV4:PORT
0 | secret replace help | secret replace DEV ID [KEYFILE!-]
0 | secret --help | teredo-tool secret load DEV FILE!-
0 | help monitor | events
0 | monitor help | events
0 | up help | /etc/teredo/NAME.conf
0 | down --help | down NAME
0 | -n nosuch show --help | Usage
2 | help nosuch | unknown command "nosuch"
2 | help peer nosuch | peer: unknown command "nosuch"
2 | help add add | help: "add" is one word too many
2 | help s | "s" is ambiguous
END

check "nothing was made or deleted by that" eval \
	"tool here -j show | jq -e 'map(.ifname) == [\"c0\", \"r0\", \"s0\", \"h0\"]'"

table "flags: before and behind the command, and wrong ones" <<'END'
0 | -V | teredo-tool
0 | show --version | teredo-tool
0 | show -j c0 | "ifname":"c0"
0 | show c0 -j -p | "ifname": "c0"
0 | --json show -- c0 | "ifname":"c0"
2 | -x show | unknown flag "-x"; expected one of --json, --pretty, --netns, --version, --help
2 | show -x | show: unknown flag "-x"
2 | show --nosuch | show: unknown flag "--nosuch"
2 | show -jx | show: unknown flag "-x"
2 | run c0 --nosuch | expected one of --json, --pretty, --netns, --version, --help, --force, --once, --learn-refresh, --key, --algorithm
2 | show --once | show: --once is not a flag of show; usage: teredo-tool show [DEV]
2 | --once show c0 | show: --once is not a flag of show
2 | add nosuch --key x | add: --key is not a flag of add
2 | show -n | show: --netns needs a value: --netns NETNS
2 | -n '' show | --netns needs a value
2 | --netns= show | --netns needs a value
2 | -n -j show | --netns needs a value
2 | -n a -n b show | --netns is given twice
1 | -n nosuch show | nosuch: no such network namespace
1 | --netns=nosuch show | nosuch: no such network namespace
1 | -nnosuch show | nosuch: no such network namespace
1 | -n / show | /: not a network namespace
2 | --json=1 show | --json takes no value
2 | run --key | run: --key needs a value: --key FILE
2 | run c0 --key | run: --key needs a value: --key FILE
2 | run c0 --key '' | run: --key needs a value
2 | run c0 --key --once | run: --key needs a value
2 | run c0 --key a --key b | run: --key is given twice
2 | run c0 --algorithm md5 | run: --algorithm "md5" is not valid; expected hmac-sha1!hmac-sha256
2 | run c0 --algorithm | run: --algorithm needs a value
END

for_others
check_says "to enter a namespace, which privilege is missing" "CAP_SYS_ADMIN is needed" \
	setpriv --reuid 65534 --clear-groups --inh-caps=-all --bounding-set=-all \
	teredo-tool -n "${ns[here]}" show

table "names of devices" <<'END'
2 | add | add: DEV is missing; usage: teredo-tool add DEV [OPTIONS]
2 | add -j | add: DEV is missing
2 | add '' | add: "" cannot be the name of a device: it is empty
2 | add -- -j | add: "-j" cannot be the name of a device: it begins with -
2 | add -- -1 | it begins with -
2 | del -1 | it begins with -
2 | add - | it begins with -
2 | add a234567890123456 | it is longer than 15 octets
2 | add 'a b' | it must contain no space and none of / : %
2 | add a%d | no space and none of / : %
2 | add $'a\vb' | "a\x0bb" cannot be
2 | add ../x | no space and none of /
2 | add .. | it stands for a folder
2 | add all | it stands for all links
2 | add default | it stands for all links
2 | show '' | it is empty
2 | show peers a/b | show peers: "a/b" cannot be the name of a device
2 | run '' | it is empty
2 | monitor '' | it is empty
2 | up ../../etc/x | up: "../../etc/x" cannot be
2 | down '' | it is empty
1 | show nosuch | nosuch: no such device
1 | del nosuch | no such device
1 | set nosuch ttl 1 | no such device
1 | peer flush nosuch | no such device
1 | monitor nosuch | no such device
1 | show lo | lo: device is not of type teredo
1 | show peers lo | lo: device is not of type teredo
1 | show stats lo | lo: device is not of type teredo
1 | show peers nosuch | nosuch: no such device
1 | secret list lo | lo: device is not of type teredo
1 | secret list nosuch | nosuch: no such device
0 | show s0 | service     192.0.2.1, port 3544
0 | show r0 | port chosen when set up
1 | add c0 | c0: there is a link of that name already; `set` changes a Teredo one
1 | show h | h: no such device
END

table "words: missing, too many, others" <<'END'
2 | del | del: DEV is missing; usage: teredo-tool del DEV
2 | del c0 r0 | del: "r0" is one word too many; usage: teredo-tool del DEV
2 | del c0 c0 | one word too many
2 | set | set: DEV is missing; usage: teredo-tool set DEV OPTIONS
2 | set c0 | set: OPTIONS is missing
2 | set c0 refresh | set: refresh needs a value: SECONDS
2 | set c0 refresh 30 30 | set: unknown option "30"
2 | set c0 refresh 30 refresh 31 | set: refresh is given twice
2 | set c0 ref 30 refresh 30 | set: refresh is given twice
2 | set c0 server a server b | set: server is given twice
2 | set c0 mtu 1300 | ip link set DEV mtu N
2 | set c0 colour blue | set: unknown option "colour"; expected one of mode, server, server2
2 | set c0 Refresh 30 | unknown option "Refresh"
2 | show c0 r0 | show: "r0" is one word too many
2 | show stats c0 r0 | show stats: "r0" is one word too many
2 | show peers c0 r0 | show peers: "r0" is one word too many
2 | show peers c0 state | show peers: state needs a name: probing!trusted!unreachable!temporary!active
2 | show peers state lost | show peers: "lost" is not a state of a peer; expected probing!trusted
2 | show peers state '' | "" is not a state of a peer
2 | show peers state trusted state trusted | show peers: state is given twice
2 | show peers 2001:: 2001:: | one address too many
2 | show peers 1:2 | "1:2" is not an IPv6 address
2 | monitor c0 r0 | monitor: "r0" is one word too many
2 | run | run: DEV is missing; usage: teredo-tool run DEV [table N] [metric N] [--force] [--once]
2 | run c0 r0 | run: "r0" is one word too many
2 | up | up: NAME is missing
2 | up --unit | up: --unit needs a value: --unit INSTANCE
2 | up --unit a b | up: "b" is one word too many
2 | up --unit a/b | "a/b" cannot
2 | show --unit a | show: --unit is not a flag of show
2 | release | release: DEV is missing
2 | release c0 r0 | release: "r0" is one word too many
1 | release nosuch | no such device
1 | release r0 | only a client has a controller
2 | up a b | up: "b" is one word too many
2 | down | down: NAME is missing
2 | down a b | down: "b" is one word too many
5 | run r0 | mode relay needs no controller
2 | run c0 table | table
2 | run c0 mode relay | "mode" is one word too many
2 | run c0 metric -1 | metric
2 | run c0 t | run: table needs a value: N
2 | run c0 t 1 m x | run: metric "x" is not a number
2 | run c0 m 1 metric 2 | run: metric is given twice
END

table "peers" <<'END'
2 | peer add | peer add: DEV is missing; usage: teredo-tool peer add DEV ADDRESS at IPV4:PORT
2 | peer add c0 | peer add: ADDRESS is missing
2 | peer add c0 2001:: | peer add: at is missing
2 | peer add c0 2001:: at | peer add: IPV4:PORT is missing
2 | peer add c0 2001:: by 192.0.2.1:1 | "by" where "at" is expected
2 | peer add c0 2001:: at 192.0.2.1:1 x | "x" is one word too many
2 | peer add c0 192.0.2.1 at 192.0.2.1:1 | "192.0.2.1" is not an IPv6 address
2 | peer add c0 '' at 192.0.2.1:1 | "" is not an IPv6 address
2 | peer add c0 fe80::1%lo at 192.0.2.1:1 | is not an IPv6 address
2 | peer add c0 2001::/32 at 192.0.2.1:1 | is not an IPv6 address
2 | peer add c0 2001:: at 192.0.2.1 | "192.0.2.1" is not IPV4:PORT, with a port from 1 to 65535
2 | peer add c0 2001:: at 192.0.2.1:0 | with a port from 1 to 65535
2 | peer add c0 2001:: at 192.0.2.1:65536 | with a port from 1 to 65535
2 | peer add c0 2001:: at 192.0.2.1:012 | with a port from 1 to 65535
2 | peer add c0 2001:: at '192.0.2.1: 1' | with a port from 1 to 65535
2 | peer add c0 2001:: at 192.0.2.300:1 | is not IPV4:PORT
2 | peer add c0 2001:: at '' | is not IPV4:PORT
2 | peer del c0 | peer del: ADDRESS is missing
2 | peer del c0 x | "x" is not an IPv6 address
2 | peer del c0 :: :: | one word too many
2 | peer flush | peer flush: DEV is missing
2 | peer flush c0 r0 | "r0" is one word too many
1 | peer add c0 fe80::1 at 192.0.2.1:1 | address is not of global scope
1 | peer add c0 2001::1 at 10.0.0.1:1 | mapped-address is not global unicast
1 | peer del c0 2001::1 | no such peer
END

table "secrets" <<END
2 | secret add | secret add: DEV is missing
2 | secret add s0 | secret add: ID is missing; usage: teredo-tool secret add DEV ID [KEYFILE!-] [algorithm NAME]
2 | secret add s0 '' | the identifier has 0 octets, not 1 to 255
2 | secret add s0 $(printf %0256d 0) | the identifier has 256 octets, not 1 to 255
2 | secret add s0 x '' | KEYFILE is empty
2 | secret add s0 x algorithm | algorithm needs a name: hmac-sha1!hmac-sha256
2 | secret add s0 x algorithm md5 | algorithm "md5" is not valid; expected hmac-sha1!hmac-sha256
2 | secret add s0 x $tmp/key hmac-sha1 | "$tmp/key" where "algorithm" is expected
2 | secret add s0 x $tmp/key algorithm md5 | is not valid
2 | secret add s0 x $tmp/key algorithm hmac-sha1 x | "x" is one word too many
1 | secret add s0 x /nosuch | key file /nosuch: No such file
1 | secret add s0 x - | key file -: it is empty
1 | secret add c0 x $tmp/key | only a server has secrets
0 | secret add s0 alice $tmp/key |
1 | secret add s0 alice $tmp/key | there is a secret with this id already
1 | secret add s0 alice | there is a secret with this id already
0 | secret replace s0 alice $tmp/key |
0 | secret replace s0 bob | hex:
2 | secret set s0 alice | secret set: valid!renew!revoked is missing
2 | secret set s0 alice bad | "bad" is not a state of a secret; expected valid!renew!revoked
2 | secret set s0 alice valid x | one word too many
1 | secret set s0 nobody valid | there is no secret with this id
2 | secret del s0 | secret del: ID is missing
1 | secret del s0 nobody | there is no secret with this id
2 | secret load s0 | secret load: FILE!- is missing
2 | secret load s0 '' | FILE is empty
1 | secret load s0 /nosuch | /nosuch: No such file
2 | secret list | secret list: DEV is missing
2 | secret list s0 x | one word too many
END
loads()
{
	local text lines status=0

	while IFS='|' read -r text lines; do
		# shellcheck disable=SC2059 # with its escapes
		printf "$lines" >"$tmp/load"
		tool here secret load s0 "$tmp/load" >"$tmp/out" 2>&1
		[[ $? = 1 && $(wc -l <"$tmp/out") = 1 && $(<"$tmp/out") = *"load:$text"* ]] &&
			continue
		echo "not '$text': $lines"
		cat "$tmp/out"
		status=1
	done <<-'END'
	1: not ID KEY [ALGORITHM [STATE]]|onlyid\n
	1: not ID KEY|id 0123456789abcdef md5\n
	1: not ID KEY|id 0123456789abcdef hmac-sha1 good\n
	1: not ID KEY|id 0123456789abcdef hmac-sha1 valid x\n
	1: what follows "hex:" is not|id hex:0\n
	2: the identifier is listed twice|id 0123456789abcdef\nid 0123456789abcdee\n
	1: it contains a zero octet|id 0123\0000456789abcdef\n
	END
	return $status
}
check "files of secrets: one line, with the number of the line" loads
check "a secret that was refused is the one of before" eval "
	tool here secret set s0 alice revoked && ! tool here secret add s0 alice &&
	tool here -j secret list s0 | jq -e '.[] | select(.id == \"alice\").state == \"revoked\"'"

table "probe" <<'END'
2 | probe | probe: HOST is missing; usage: teredo-tool probe HOST [HOST...] [--refresh[=SECONDS]]
2 | probe '' | probe: HOST "" is not valid: it is empty
2 | probe --refresh 5 localhost | "5" is not a HOST; use --refresh=5
2 | probe --refresh= localhost | --refresh needs a value: --refresh=SECONDS
2 | probe --refresh=0 localhost | is not 1 to 89 seconds
2 | probe --refresh=90 localhost | is not 1 to 89 seconds
2 | probe --refresh=5s localhost | is not 1 to 89 seconds
2 | probe --refresh=-1 localhost | is not 1 to 89 seconds
2 | probe localhost 5 | HOST "5" is not valid: an IPv4 address has four numbers from 0 to 255
2 | probe 192.0.2.1:3544 | its port is always 3544
2 | probe 2001:db8::1 | a server has an IPv4 address
2 | probe -- -x | HOST "-x" is not valid
2 | probe -1 | HOST "-1" is not valid
2 | probe --id x localhost | probe: --key is missing: --id NAME and --key FILE go together
2 | probe --key x localhost | probe: --id is missing
2 | probe --algorithm hmac-sha1 localhost | probe: --algorithm is for a key
2 | probe --once localhost | probe: --once is not a flag of probe
END

table "hosts" <<'END'
2 | set c0 server 300.1.1.1 | set: server "300.1.1.1" is not valid: an IPv4 address has four numbers from 0 to 255
2 | set c0 server 1 | four numbers
2 | set c0 server 1.2 | four numbers
2 | set c0 server 0x7f.1 | four numbers
2 | set c0 server 0x7f000001 | four numbers
2 | set c0 server 192.0.2.01 | four numbers
2 | set c0 server 192.0.2.1. | four numbers
2 | set c0 server 192.0.2.1.5 | four numbers
2 | set c0 server ' 192.0.2.1' | neither a host name nor an IPv4 address
2 | set c0 server 192.0.2.1:3544 | its port is always 3544
2 | set c0 server 2001:db8::1 | a server has an IPv4 address
2 | set c0 server 192.0.2.1, | a host of the list is empty
2 | set c0 server ,a | a host of the list is empty
2 | set c0 server a,,b | a host of the list is empty
2 | set c0 server a..b | neither a host name
2 | set c0 server 'a b' | neither a host name
2 | set c0 server a/b | neither a host name
2 | set c0 server a-.b | neither a host name
2 | set c0 -- server -a | server "-a" is not valid
2 | set c0 server -once | set: unknown flag "-o"
2 | set c0 server $'a\e[1m' | server "a\x1b[1m" is not valid
2 | set c0 server a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q | there are more than 16 servers
2 | set c0 server port | server "port" is not valid: that is an option
2 | set c0 server help | that is an option; for a host of that name, append a dot
2 | set c0 server a,ttl | that is an option
2 | set c0 server port 3545 | that is an option
2 | set c0 server none,192.0.2.1 | `none` means no server, and stands alone
2 | set c0 server 192.0.2.1,none | `none` means no server, and stands alone
2 | set c0 server any | for a host of that name, append a dot
2 | set c0 server http://a.example/ | neither a host name
2 | set c0 server ${long:0:300} | too long for a name
2 | set c0 server2 1.2 | server2 "1.2" is not valid; expected IPV4
2 | set c0 server2 a.example | expected IPV4
2 | set c0 server2 '' | expected IPV4
2 | set c0 local 0x7f.1 | local "0x7f.1" is not valid; expected IPV4
1 | set c0 server 10.0.0.1 | server must be a global unicast address
1 | set c0 server 127.0.0.1 | server must be a global unicast address
1 | set c0 server 0.0.0.1 | server must be a global unicast address
0 | set c0 server teredo.example.,192.0.2.1,xn--a.example,a_b |
0 | set c0 server port. |
0 | set c0 server none |
0 | set c0 server '' |
1 | set c0 server 192.0.2.1 server2 192.0.2.1 | server2 must differ from server
0 | set c0 server2 none local any |
0 | set c0 server2 0.0.0.0 local 0.0.0.0 |
END

table "numbers and other values" <<'END'
2 | set c0 port 65536 | set: port "65536" is not a number from 0 to 65535
2 | set c0 port -1 | port "-1" is not a number from 0 to 65535
2 | set c0 port 1e3 | port "1e3" is not a number
2 | set c0 port 010 | port "010" is not a number
2 | set c0 port 00 | port "00" is not a number
2 | set c0 port ' 5' | port " 5" is not a number
2 | set c0 port '5 ' | port "5 " is not a number
2 | set c0 port +5 | port "+5" is not a number
2 | set c0 port '' | port "" is not a number from 0 to 65535
2 | set c0 port 0x | port "0x" is not a number
2 | set c0 port 12x | port "12x" is not a number
2 | set c0 port teredo | port "teredo" is not a number
2 | set c0 mark 4294967296 | mark "4294967296" is not a number from 0 to 4294967295
2 | set c0 mark 99999999999999999999999 | is not a number from 0 to 4294967295
2 | set c0 mark 1/0xff | is not a number
2 | set c0 refresh 0 | refresh "0" is not a number of seconds from 1 to 3600
2 | set c0 refresh 3601 | is not a number of seconds from 1 to 3600
2 | set c0 refresh 30s | is not a number of seconds from 1 to 3600
2 | set c0 refresh 0.5 | is not a number of seconds
2 | set c0 ttl 256 | ttl "256" is not a number from 0 to 255
2 | set c0 queue 1025 | queue "1025" is not a number from 0 to 1024
2 | set c0 peers-max 0 | peers-max "0" is not a number from 1 to 16777216
2 | set c0 discovery yes | discovery "yes" is not valid; expected on!off
2 | set c0 discovery 1 | expected on!off
2 | set c0 secure on | secure "on" is not valid; expected off!nonce!required
2 | set c0 df on | df "on" is not valid; expected unset!set
2 | set c0 mode Client | mode "Client" is not valid; expected client!relay
2 | set c0 mode '' | mode "" is not valid
2 | set c0 prefix 2001:: /32 | unknown option "/32"
2 | set c0 prefix 2001::/ | prefix "2001::/" is not valid; expected PREFIX
2 | set c0 prefix 2001::/129 | is not valid
1 | set c0 prefix 2001::/33 | prefix must be 32 bits long
1 | set c0 prefix fe80::/32 | prefix is not of global scope
1 | set c0 mode mn | mode is not supported by this module
1 | set c0 fallback on | fallback is not supported by this module
0 | set c0 mark 0x10 ttl 0 |
0 | set c0 mark 0 queue 0 port 0 |
0 | set c0 queue 32 fallback off id '' |
END
check "hexadecimal is what it says, in the place of a sum" eval "tool here set c0 mark 0x1F &&
	tool here -j show c0 | jq -e '.[0].mark == 31' && tool here set c0 mark 0"

table "options that the mode has no use for, where the tool sees it" <<'END'
2 | add x0 mode relay server 192.0.2.1 | add: server is for mode client, not for mode relay
2 | add x0 mode relay server a.example | add: server is for mode client, not for mode relay
2 | add x0 server a.example mode host-relay | server is for mode client, not for mode host-relay
2 | add x0 mode relay server2 192.0.2.1 | server2 is for modes client and server, not for mode relay
2 | add x0 mode relay refresh 20 | refresh is for mode client, not for mode relay
2 | add x0 mode relay discovery on | discovery is for mode client, not for mode relay
2 | add x0 mode relay secure nonce | secure is for modes client and server, not for mode relay
2 | add x0 mode relay id me | id is for mode client, not for mode relay
2 | add x0 mode server local 192.0.2.1 server 192.0.2.1 | server is for mode client, not for mode server
2 | add x0 mode server local 192.0.2.1 id me | id is for mode client, not for mode server
2 | add x0 relaying on | relaying is for mode server, not for mode client
1 | add x0 gateway 192.0.2.1 | gateway is not supported by this module
1 | add x0 fallback on | fallback is not supported by this module
2 | set r0 mode server local 192.0.2.1 refresh 20 | refresh is for mode client, not for mode server
0 | add x0 mode relay server none refresh 30 discovery off secure off relaying off id '' |
0 | del x0 |
END

table "and where the module does" <<'END'
1 | set r0 server 192.0.2.1 | r0: server is for mode client, not for mode relay
1 | set r0 server a.example | server-name is for mode client, not for mode relay
1 | set r0 server2 192.0.2.1 | server2 is for modes client and server, not for mode relay
1 | set r0 refresh 20 | refresh is for mode client, not for mode relay
1 | set r0 discovery on | discovery is for mode client, not for mode relay
1 | set r0 secure nonce | secure is for modes client and server, not for mode relay
1 | set r0 relaying on | relaying is for mode server, not for mode relay
1 | set r0 id me | id is for mode client, not for mode relay
1 | set h0 server 192.0.2.1 | server is for mode client, not for mode host-relay
1 | set h0 server a.example | server-name is for mode client, not for mode host-relay
1 | set h0 server2 192.0.2.1 | server2 is for modes client and server, not for mode host-relay
1 | set h0 refresh 20 | refresh is for mode client, not for mode host-relay
1 | set h0 discovery on | discovery is for mode client, not for mode host-relay
1 | set h0 secure required | secure is for modes client and server, not for mode host-relay
1 | set h0 relaying on | relaying is for mode server, not for mode host-relay
1 | set h0 id me | id is for mode client, not for mode host-relay
1 | set s0 server 192.0.2.1 | server is for mode client, not for mode server
1 | set s0 server a.example | server-name is for mode client, not for mode server
1 | set s0 discovery on | discovery is for mode client, not for mode server
1 | set s0 id me | id is for mode client, not for mode server
1 | set s0 refresh 20 | refresh is for mode client, not for mode server
1 | set c0 relaying on | relaying is for mode server, not for mode client
0 | set r0 server none server2 none refresh 30 discovery off secure off relaying off id '' |
END

info()
{
	nip here -d -j link show "$1" | jq -c '.[0].linkinfo.info_data'
}

# A link that changes its mode loses options of the former mode.
changes_mode()
{
	local status

	tool here add x0 server 192.0.2.1,a.example server2 192.0.2.9 refresh 20 discovery on \
		secure nonce id me ttl 9 &&
	tool here set x0 mode host-relay && tool here -j show x0 | tee "$tmp/json" |
		jq -e '.[0] | .server == null and .server_name == null and .server2 == null and
		.refresh == 30 and .id == null and .secure == "off" and .ttl == 9 and
		(.discovery or .relaying | not)' &&
	tool here set x0 mode client server 192.0.2.1 ttl 9 && tool here set x0 mode client &&
	tool here -j show x0 | jq -e '.[0] | .server == "192.0.2.1" and .ttl == 9' &&
	tool here del x0
	status=$?
	cat "$tmp/json"
	return $status
}
check "a change of mode forgets what is not for all of them" changes_mode

# What ip dumps, defaults included, can be given back to it.
replays()
{
	local link words

	for link in c0 r0 s0; do
		tool here set $link ttl 7 queue 9
		mapfile -t words < <(info $link | jq -r 'del(.peers_max, .server_name) |
			to_entries[] | .key, (if .value == true then "on"
			elif .value == false then "off" else .value end)')
		echo "$link: ${words[*]}"
		nip here link add x0 type teredo "${words[@]}" &&
		[[ $(info x0) = "$(info $link)" ]] &&
		nip here link set x0 type teredo "${words[@]}" &&
		nip here link del x0 || return
		# The same with its output for people
		eval "words=($(nip here -d link show $link | sed -n 's/.* teredo \(mode.*\) addrgen.*/\1/p'))"
		echo "$link: ${words[*]}"
		nip here link add x0 type teredo "${words[@]}" &&
		[[ $(info x0) = "$(info $link)" ]] &&
		nip here link del x0 || return
	done
}
check "what ip shows of a link makes the same one again" replays

table "ip: options of the plugin" ip <<'END'
1 | link add x0 type teredo colour blue | teredo: unknown option "colour"; expected one of mode, server
1 | link add x0 type teredo serve x | teredo: "serve" is ambiguous: server or server2
1 | link add x0 type teredo ttl | teredo: ttl needs a value: N
1 | link add x0 type teredo ttl 1 ttl 2 | teredo: ttl is given twice
1 | link add x0 type teredo ttl 256 | teredo: ttl "256" is not a number from 0 to 255
1 | link add x0 type teredo ttl '' | teredo: ttl "" is not a number from 0 to 255
1 | link add x0 type teredo '' | teredo: unknown option ""
1 | link add x0 type teredo mode bogus | teredo: mode "bogus" is not valid; expected client
1 | link add x0 type teredo server 300.1.1.1 | teredo: server "300.1.1.1" is not valid
1 | link add x0 type teredo server $'a\e' | teredo: server "a\x1b" is not valid
1 | link add x0 type teredo relaying on | teredo: relaying is for mode server, not for mode client
1 | link add x0 type teredo mode relay server 192.0.2.1 | teredo: server is for mode client, not for mode relay
1 | link set r0 type teredo mode relay refresh 20 | teredo: refresh is for mode client, not for mode relay
1 | link set r0 type teredo refresh 20 | Error: refresh is for mode client, not for mode relay.
1 | link add x0 type teredo mode mn | mode is not supported by this module
1 | link add x0 type teredo help | Usage: ... teredo [ mode
1 | link add x0 type teredo mode client help | Usage: ... teredo [ mode
0 | link add x0 type teredo mod relay que 9 |
0 | -d link show x0 | mode relay
0 | link del x0 |
END
check "of which none made a link" eval \
	"tool here -j show | jq -e 'map(.ifname) == [\"c0\", \"r0\", \"s0\", \"h0\"]'"

# An /etc/teredo of our own
cat >"$tmp/with-etc" <<-END
#!/bin/sh
mount --bind "$tmp/etc" /etc && exec "\$@"
END
chmod +x "$tmp/with-etc"
mkdir -p "$tmp/etc/teredo"

# file TEXT LINES: `up` refuses such a file, with the text in its single line
file()
{
	local text=$1

	# shellcheck disable=SC2059 # with its escapes
	printf "$2" >"$tmp/etc/teredo/f0.conf"
	on here unshare -m "$tmp/with-etc" teredo-tool up f0 >"$tmp/out" 2>&1 </dev/null
	[[ $? = 1 && $(wc -l <"$tmp/out") = 1 && $(<"$tmp/out") = *"$text"* ]] && return
	echo "not '$text': $2"
	cat "$tmp/out"
	return 1
}

files()
{
	local text lines status=0

	while IFS='|' read -r text lines; do
		file "${text//!/|}" "$lines" || status=1
	done <<-'END'
	f0.conf:2: unknown option "colour"; expected one of mode,|\ncolour blue\n
	f0.conf:1: unknown option "help"; expected one of|help me\n
	f0.conf:1: "refr" is abbreviated|refr 30\n
	f0.conf:1: "serve" is ambiguous: server or server2|serve a\n
	f0.conf:1: server takes one value|server\n
	f0.conf:1: server takes one value|server a b\n
	f0.conf:2: server is given twice|server a\nserver b\n
	f0.conf:2: mtu is given twice|mtu 1280\nmtu 1300\n
	f0.conf:1: mtu "100" is not valid; expected a number from 1280 to 65507|mtu 100\n
	f0.conf:1: mtu "65508" is not valid|mtu 65508
	f0.conf:1: sunset "no" is not valid; expected on!off|sunset no\n
	f0.conf:1: learn-refresh "yes" is not valid; expected on!off|learn-refresh yes\n
	f0.conf:1: until "2027-02-30" is not valid; expected a valid date, YYYY-MM-DD|until 2027-02-30\n
	f0.conf:1: algorithm "md5" is not valid; expected hmac-sha1!hmac-sha256|algorithm md5\n
	f0.conf:1: address "x" is not valid; expected ADDRESS[/LEN]|address x\n
	f0.conf:1: route "1.2.3.4" is not valid|route 1.2.3.4\n
	f0.conf:1: server "300.1.1.1" is not valid|server 300.1.1.1\n
	f0.conf:1: unknown option "\x1b[31m"|\033[31m 1\n
	f0.conf:1: it contains a zero octet|server a\000b\n
	f0: address ff02::1/128: a link cannot have that address|mode relay\naddress ff02::1\n
	f0.conf: server is for mode client, not for mode relay|server a\nmode relay\n
	f0.conf: key is for mode client, not for mode relay|key /x\nmode relay\n
	f0.conf: sunset is for mode client, not for mode relay|sunset off\nmode relay\n
	END
	return $status
}
check "files: one line, with the file and the line in it" files

echo "sunset no" >"$tmp/etc/teredo/c0.conf"
check_says "a controller, which would do without one, says so" \
	'c0.conf:1: sunset "no" is not valid; expected on|off; the file is ignored' \
	on here unshare -m "$tmp/with-etc" teredo-tool run c0 --once

#
# Values chosen by others, on terminals
#

bad=$'\e]0;x\a\x9b31m\xff\xe2\x80\xae'
harmless()
{
	! LC_ALL=C grep -nP '[\x00-\x08\x0b-\x1f\x7f-\xff]' "$1"
}

nip here link add "n$bad" type teredo
tool here set "n$bad" id "id$bad"
tool here set c0 id "id$bad" server 192.0.2.1
nip here link set c0 up
spawn here teredo-tool monitor >"$tmp/monitor" 2>&1
text_monitor=$spawned
spawn here teredo-tool -j monitor >"$tmp/monitor.json" 2>&1
json_monitor=$spawned
tool here secret replace s0 "id$bad" "$tmp/key"

# The reason contains the name of the file.
hostile()
{
	tool here run c0 --once --key "/no$bad" >"$tmp/run" 2>&1
	tool here -j show c0 | jq -e '.[0].reason | test("key file /no")'
}
wait_for 10 eval "tool here set c0 refresh 29 && tool here set c0 refresh 30 &&
	grep -q configured $tmp/monitor && [[ -s $tmp/monitor.json ]]"
check "a reason, a name and an id with escape sequences" hostile
tool here peer add c0 2001::1 at 192.0.2.9:9
tool here peer del c0 2001::1
nip here link set "n$bad" name "m$bad"
wait_for 10 eval "grep -q 'was called' $tmp/monitor && grep -q peer-del $tmp/monitor.json && grep -q 'key file' $tmp/monitor.json"
kill $text_monitor $json_monitor
shown()
{
	local args

	while read -r args; do
		# shellcheck disable=SC2086 # words
		tool here $args >"$tmp/text" 2>&1
		harmless "$tmp/text" || { echo "$args"; return 1; }
	done <<-'END'
	show
	show stats
	show peers
	secret list s0
	-j show
	-j -p show
	-j show stats
	-j secret list s0
	END
	tool here show "m$bad" | grep -F 'm\x1b]0;x\x07\x9b31m\xff\xe2\x80\xae: client'
}
check "are quoted in what is shown" shown
check "in what is monitored" eval "cat -v $tmp/monitor; harmless $tmp/monitor &&
	grep -F 'key file /no\\x1b]0;x' $tmp/monitor && grep -F 'was called n\\x1b' $tmp/monitor"
check "a peer that goes: a sentence" eval "wait_for 10 grep 'peer 2001::1 removed' $tmp/monitor &&
	grep -E 'removed, at 192[.]0[.]2[.]9:9 [(]hand[)]: (never heard|heard [0-9.]+ s ago)\$' $tmp/monitor &&
	! grep -F '  ' $tmp/monitor"
check "in messages" eval "cat -v $tmp/run; harmless $tmp/run && grep -F '\\x1b]0;x\\x07' $tmp/run"
check "by the plugin" eval "nip here -d link show 'm$bad' | sed -n 's/.* id /id /p' >$tmp/text;
	cat -v $tmp/text; grep -F 'id\\x1b]0;x' $tmp/text && harmless $tmp/text"
check "and JSON is JSON" eval "
	for args in 'show' 'show stats' 'show peers' 'secret list s0' '-p show'; do
		tool here -j \$args >$tmp/json && jq -e . <$tmp/json >/dev/null &&
		python3 -c 'import json, sys; json.load(open(sys.argv[1], encoding=\"utf-8\"))' \
			$tmp/json || { echo \$args; cat -v $tmp/json; exit 1; }
	done
	jq -es 'length > 0' <$tmp/monitor.json"
check "of which the text comes back, but for what is no UTF-8" eval "
	tool here -j show | jq -e '.[] | select(.ifname | startswith(\"m\")) |
	.ifname == \"m\u001b]0;x\u0007\ufffd31m\ufffd\u202e\" and .id == \"id\" + .ifname[1:]'"

#
# Where the output goes
#

# to WHERE TEXT ARGUMENTS...: it fails, with the text in its single line
to()
{
	local where=$1 text=$2 status

	shift 2
	echo "$* $where"
	case $where in
	closed) tool here "$@" >&- 2>"$tmp/err" ;;
	full) tool here "$@" >/dev/full 2>"$tmp/err" ;;
	esac
	status=$?
	cat "$tmp/err"
	[[ $status = 1 && $(wc -l <"$tmp/err") = 1 && $(<"$tmp/err") = *"$text"* ]]
}

unwritable()
{
	local where

	for where in closed full; do
		to $where "cannot write the output" show && to $where "cannot write the output" -j show &&
		to $where "cannot write the output" show stats && to $where "cannot write the output" help &&
		to $where "cannot write the output" -V && to $where "cannot write the output" secret list s0 &&
		to $where "cannot write the output" probe 10.0.0.1 || return
	done
}
check "output that cannot be written: one line, and no success" unwritable
check "what has no output needs none" eval "tool here set c0 ttl 8 >&- <&- && tool here set c0 ttl 0 >/dev/full"

monitors_full()
{
	local pid

	spawn here teredo-tool monitor >/dev/full 2>"$tmp/err"
	pid=$spawned
	wait_for 20 eval "tool here set c0 ttl 9; tool here set c0 ttl 0; gone $pid"
	wait "$pid"
	[[ $? = 1 ]] && grep -x "teredo-tool: cannot write the output: No space left on device" "$tmp/err"
}
check "monitor ends, and says why" monitors_full
check_says "probe without a file to spare" "192.0.2.1: Too many open files" eval "
	(ulimit -n 4; exec teredo-tool probe 192.0.2.1)"

tool here secret add s0 kept "$tmp/key"
tool here secret set s0 kept revoked
unseen()
{
	local text="the secret cannot be printed, so it is not used" where

	for where in closed full; do
		to $where "$text" secret add s0 unseen && to $where "$text" -j secret add s0 unseen &&
		to $where "$text" secret replace s0 kept || return
	done
	tool here -j secret list s0 | jq -e 'map(select(.id == "unseen")) == [] and
		map(select(.id == "kept").state) == ["revoked"]'
}
check "a secret that nobody has seen is not used" unseen
check_says "nor is one printed that cannot be used" "only a server has secrets" \
	tool here secret replace c0 x
check "of which nothing is seen" eval "! tool here secret replace c0 x 2>/dev/null | grep ."

#
# JSON
#

has_keys()
{
	local filter=$1 key

	shift
	for key; do
		jq -es "$filter | has(\"$key\")" <"$tmp/json" >/dev/null ||
			{ echo "no $key"; cat "$tmp/json"; return 1; }
	done
}

keys()
{
	tool here -j show c0 >"$tmp/json" &&
	has_keys '.[0][0]' ifname ifindex mode state address mapped nat server server2 local \
		port prefix mtu refresh peers peers_max controller server_name link_netnsid &&
	tool here peer add c0 2001::1 at 192.0.2.9:9 &&
	tool here -j show peers >"$tmp/json" &&
	has_keys '.[0][0]' ifname ifindex dev address mapped state kind path idle_rx_ms \
		idle_tx_ms queued bubbles &&
	tool here -j show stats c0 >"$tmp/json" && has_keys '.[0][0]' ifname rx-bubble &&
	info r0 >"$tmp/json" && has_keys '.[0]' mode peers-max peers_max ttl local &&
	jq -e '.server == null and .server2 == null and .id == null' <"$tmp/json" &&
	tool here set c0 server a.example,192.0.2.1 && info c0 >"$tmp/json" &&
	jq -e '.server == "a.example,192.0.2.1" and .server_name == .server' <"$tmp/json"
}
check "the keys that scripts rely on, by one name everywhere" keys
check "events have a time" eval "head -n 3 $tmp/monitor.json
	jq -es 'length > 0 and all(.time | test(\"^20..-..-..T..:..:..[.]...Z\$\"))' <$tmp/monitor.json"

#
# Messages
#

# journal STREAM COMMAND...: run it as if the service manager had set up that stream
journal()
{
	: >"$tmp/log"
	# shellcheck disable=SC2094 # only its number is read
	JOURNAL_STREAM=$(stat -c %d:%i "$tmp/log") "$@" >>"$tmp/log" 2>&1
	cat "$tmp/log"
}
check "to the journal: a priority, and no name of our own" eval "
	journal tool here run r0 | grep '^<3>r0: mode relay' && printf x >$tmp/short &&
	chmod 600 $tmp/short &&
	journal tool here secret add s0 short $tmp/short | grep '^<4>s0: warning: a key of 1 oct'"
check "elsewhere: the name, and no priority" eval "
	JOURNAL_STREAM=1:1 tool here run r0 2>&1 | grep '^teredo-tool: r0: mode relay'"
check "a line between devices" eval "
	tool here show | grep -c '^\$' | grep -x 4 && tool here show stats | grep -c '^\$' | grep -x 4 &&
	tool here show c0 | grep -c '^\$' | grep -x 0"
