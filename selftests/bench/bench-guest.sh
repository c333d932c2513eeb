#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# bench-guest.sh SECTION...: measure, in the machine that bench.sh starts.
# Results are lines of JSON in $VM_RESULTS/figures, for bench-report.py.
#
# Contenders, each client to client through two NATs (ab, ba) and between a
# native host and a client through a relay (hb, bh), MTU 1280:
#	none		IPv4, forwarded by B's NAT; by way of the relay, too
#	none1208	the same, TCP only, with the segments of IPv6, whose header
#			is 20 octets longer
#	sit		sit over fou, without NAT in its way of thinking: its port
#			is forwarded by both NATs
#	wireguard	likewise
#	miredo		server, relay and clients are Miredo's
#	teredo		all are ours

# shellcheck disable=SC2317 # sections are called by name
# shellcheck disable=SC2086 # figures and lists of words

. "$(dirname "$0")/../lib/lab.sh"

trap leave EXIT

figures=${VM_RESULTS:-$tmp}/figures
quick=${TEREDO_BENCH_QUICK:-}
seconds=${quick:+1}
seconds=${seconds:-3}
omit=(-O 1)
[[ ! $quick ]] || omit=()

# leave: with the module, before time leaps
leave()
{
	busy
	undo
	wait_for 20 rmmod teredo
	idle
}

# figure SECTION KEY=VALUE...: a line of the results, and one of progress.
# Values that look like numbers are numbers.
figure()
{
	local section=$1 line key value sep=''

	shift
	line="{\"section\":\"$section\""
	for sep; do
		key=${sep%%=*} value=${sep#*=}
		[[ $value =~ ^-?[0-9]+(\.[0-9]+)?$ ]] || value="\"$value\""
		line+=",\"$key\":$value"
	done
	echo "$line}" >>"$figures"
	echo "$section: $*"
}

die()
{
	echo "bench: $*" >&2
	lab_state >&2
	exit 1
}

# busy, idle: with the instruction counter as the clock, time leaps when the CPU
# idles, be it that a file is read.  That is good for tests that wait, and bad
# for all that has to be done by a certain time.
spinner=
busy()
{
	[[ $spinner ]] && return
	"$selftests/bench/bench-load" spin &
	spinner=$!
}

idle()
{
	[[ $spinner ]] || return 0
	kill "$spinner"
	wait "$spinner" 2>/dev/null
	spinner=
}

#
# The paths
#

host4=192.0.2.33
nata4=198.51.100.1
natb4=198.51.100.17

# paths_up: on top of the laboratory, IPv4 for the native host, all of it by
# way of the relay, and forwarded ports
paths_up()
{
	local nat client

	nip inet addr add 192.0.2.46/28 dev host &&
	nip inet -batch - <<-END &&
	rule add iif host to 198.51.100.0/24 lookup 100
	rule add to 192.0.2.32/28 iif natb lookup 100
	rule add to 192.0.2.32/28 iif nata lookup 100
	route add default via 192.0.2.1 table 100
	END
	nip host -batch - <<-END &&
	addr add $host4/28 dev eth0
	route add default via 192.0.2.46
	END
	on rly sysctl -qw net.ipv4.conf.{all,eth0,default}.send_redirects=0 &&
	for nat in nata:10.1.0.2 natb:10.2.0.2; do
		client=${nat#*:} nat=${nat%:*}
		on "$nat" nft -f - <<-END || return
		table ip bench {
			chain prerouting {
				type nat hook prerouting priority dstnat - 1
				iifname wan tcp dport 5201 dnat to $client
				iifname wan udp dport { 5201, 5555, 51820 } dnat to $client
			}
		}
		flush chain ip filter forward
		add rule ip filter forward iifname wan ct state new ct status & dnat != dnat drop
		END
	done
	# Who is where does not change, and asking again would show.
	for nat in inet srv rly host nata clia natb clib; do
		ns_script $nat <<-'END' || return
		for file in /proc/sys/net/ipv[46]/neigh/*/base_reachable_time_ms; do
			echo 36000000 >"$file"
		done
		END
	done
	# What was measured must not be what iperf3 takes to start.
	on host iperf3 -v >/dev/null
}

# mtu4 MTU: of all that they send by IPv4
mtu4()
{
	nip clia route change default via 10.1.0.1 mtu lock "$1" &&
	nip clib route change default via 10.2.0.1 mtu lock "$1" &&
	nip host route change default via 192.0.2.46 mtu lock "$1"
}

# sit_to NAME LOCAL REMOTE ADDRESS LINK
sit_to()
{
	local name=$1

	nip "$name" -batch - <<-END
	link add $5 type sit local $2 remote $3 encap fou encap-sport 5555 encap-dport 5555 ttl 64
	link set $5 up mtu 1280
	addr add $4 dev $5 nodad
	END
}

# wg_up NAME ADDRESS
wg_up()
{
	on "$1" wg genkey >"$tmp/$1.key" 2>/dev/null &&
	on "$1" wg pubkey <"$tmp/$1.key" >"$tmp/$1.pub" &&
	nip "$1" -batch - <<-END &&
	link add wg0 type wireguard
	link set wg0 up mtu 1280
	addr add $2 dev wg0 nodad
	END
	on "$1" wg set wg0 listen-port 51820 private-key "$tmp/$1.key"
}

# wg_peer NAME PEER ALLOWED [ENDPOINT]
wg_peer()
{
	on "$1" wg set wg0 peer "$(<"$tmp/$2.pub")" allowed-ips "$3" \
		${4:+endpoint "$4:51820"}
}

# contender_up WHO: sets to_a, to_b, to_h: how B, A and the host, and B are reached
contender_up()
{
	case $1 in
	none | none1208)
		[[ $1 = none ]] && mtu4 1280 || mtu4 1260 || return
		dest=([ab]=$natb4 [ba]=$nata4 [hb]=$natb4 [bh]=$host4) ;;
	sit)
		need_modules fou sit &&
		on clia ip fou add port 5555 ipproto 41 &&
		on clib ip fou add port 5555 ipproto 41 &&
		on rly ip fou add port 5555 ipproto 41 &&
		sit_to clia 10.1.0.2 $natb4 2001:db8:a::1/64 sit1 &&
		sit_to clib 10.2.0.2 $nata4 2001:db8:a::2/64 sit1 &&
		sit_to rly $relay $natb4 2001:db8:b::1/64 sit2 &&
		sit_to clib 10.2.0.2 $relay 2001:db8:b::2/64 sit2 &&
		nip clib -6 route add default via 2001:db8:b::1 &&
		nip inet -6 route add 2001:db8:b::/64 via 2001:db8:3::1 || return
		dest=([ab]=2001:db8:a::2 [ba]=2001:db8:a::1
		      [hb]=2001:db8:b::2 [bh]=$host)
		;;
	wireguard)
		need_modules wireguard &&
		wg_up clia 2001:db8:a::1/64 &&
		wg_up clib 2001:db8:a::2/64 &&
		wg_up rly 2001:db8:a::3/64 &&
		wg_peer clia clib 2001:db8:a::2/128 $natb4 &&
		wg_peer clib clia 2001:db8:a::1/128 $nata4 &&
		wg_peer rly clib 2001:db8:a::2/128 $natb4 &&
		wg_peer clib rly ::/0 $relay &&
		nip clib -6 route add default dev wg0 &&
		nip inet -6 route add 2001:db8:a::/64 via 2001:db8:3::1 || return
		dest=([ab]=2001:db8:a::2 [ba]=2001:db8:a::1
		      [hb]=2001:db8:a::2 [bh]=$host)
		;;
	miredo | teredo)
		local whose=${1/teredo/ours}

		start_server "$whose" && start_relay "$whose" &&
		start_client clia "$whose" && start_client clib "$whose" || return
		dest=([ab]=$(client_address clib) [ba]=$(client_address clia)
		      [hb]=$(client_address clib) [bh]=$host)
		;;
	esac
	[[ ! $open ]] && return
	open_path ab clia && open_path ba clib &&
	open_path hb host && open_path bh clib
}

# open_path PATH SENDER: by a first packet
open_path()
{
	[[ ${dest[$1]} = *:* ]] || return 0
	reaches "$2" "${dest[$1]}"
}

contender_down()
{
	local name

	case $1 in
	none*)
		mtu4 1500 ;;
	sit)
		for name in clia clib rly; do
			on "$name" ip fou del port 5555
			nip "$name" link del sit1
			nip "$name" link del sit2
		done
		nip inet -6 route del 2001:db8:b::/64 ;;
	wireguard)
		for name in clia clib rly; do
			nip "$name" link del wg0
		done
		nip inet -6 route del 2001:db8:a::/64 ;;
	miredo | teredo)
		stop srv rly clia clib ;;
	esac 2>/dev/null
	for name in nata natb; do
		on $name conntrack -F 2>/dev/null
	done
	return 0
}

rmem=$(sysctl -n net.core.rmem_default)
open=1
declare -A dest
declare -A from=([ab]=clia [ba]=clib [hb]=host [bh]=clib)
declare -A to=([ab]=clib [ba]=clia [hb]=clib [bh]=host)

#
# TCP and UDP, as iperf3 sees them
#

iperf()
{
	local path=$1

	shift
	# A batch process, for one that is woken for every single packet, or is
	# not, as chance will have it, would make figures jump by a fifth.
	wait_for 10 eval "! listening ${to[$path]} 5201" &&
	on "${to[$path]}" chrt -b 0 iperf3 -s -1 -D &&
	wait_for 10 listening "${to[$path]}" 5201 &&
	on "${from[$path]}" iperf3 -c "${dest[$path]}" -J "$@" >"$tmp/iperf3"
}

tcp()
{
	iperf "$2" -t "$seconds" "${omit[@]}" || { figure tcp who="$1" path="$2" failed=1; return; }
	figure tcp who="$1" path="$2" mbit="$(jq '.end.sum_received.bits_per_second / 1e6 | round' "$tmp/iperf3")"
}

udp()
{
	local who=$1 path=$2 size=$3 status

	# What is lost shall be lost on the way, not because iperf3 has to wait for
	# its turn with what it reads.
	sysctl -qw net.core.rmem_default=1000000
	iperf "$path" -u -b 0 -l "$size" -t "$seconds"
	status=$?
	sysctl -qw net.core.rmem_default="$rmem"
	((status == 0)) || { figure udp who="$who" path="$path" size="$size" failed=1; return; }
	# shellcheck disable=SC2046 # words
	figure udp who="$who" path="$path" size="$size" $(jq -r ".end.sum_received |
		\"pps=\(.bytes / $size / .seconds | round) lost=\(.lost_percent * 100 | round / 100)\"" "$tmp/iperf3")
}

throughput()
{
	local who path

	for who in ${contenders/none/none none1208}; do
		contender_up "$who" || { echo "$who does not work"; contender_down "$who"; continue; }
		for path in $paths; do
			[[ ! $quick || $path = ab || ! $who =~ ^(wireguard|miredo)$ ]] || continue
			tcp "$who" "$path"
			[[ $who != none1208 && (! $quick || $path = ab) ]] || continue
			udp "$who" "$path" 64
			[[ ! $quick || ! $who =~ ^(wireguard|miredo)$ ]] || continue
			udp "$who" "$path" 1200
		done
		contender_down "$who"
	done
}

# Instructions of a packet on all of its way, and of its sender alone; of 64 KiB
# of TCP with both directions and all acknowledgements
load()
{
	local who=$1 path=$2 size=$3 label=$4 receiver=$5 sent=1 received=0 took=0

	case $label in
	stream)
		eval "$("$selftests/bench/bench-load" stream "${ns[${from[$path]}]}" "$receiver" \
			"${dest[$path]}" $((packets / 16)))" ;;
	*)
		eval "$("$selftests/bench/bench-load" flow "${ns[${from[$path]}]}" "$receiver" \
			"${dest[$path]}" "$size" "$packets")" ;;
	esac
	figure insns who="$who" path="$path" size="$size" part="$label" sent="$sent" \
		mark=$((++marks)) \
		insns=$((took / 2 / sent)) lost=$((received < sent ? sent - received : 0))
}

instructions()
{
	local who size

	for who in $contenders; do
		[[ ! $quick || $who != miredo && $who != wireguard ]] || continue
		contender_up "$who" || { echo "$who does not work"; contender_down "$who"; continue; }
		for size in 64 1200; do
			load "$who" ab $size total "${ns[clib]}"
			on nata nft -f - <<-END
			table netdev gate {
				chain ingress {
					type filter hook ingress device lan priority 0
					drop
				}
			}
			END
			load "$who" ab $size tx -
			on nata nft delete table netdev gate
		done
		load "$who" ab 65536 stream "${ns[clib]}"
		load "$who" hb 64 whole "${ns[clib]}"
		contender_down "$who"
	done
}

#
# Many peers
#

helper()
{
	local name=$1

	shift
	eval "$("$selftests/bench/bench-$name" "$@")"
}

# The longest softirq since softirq_watch, in microseconds
events=/sys/kernel/tracing/events/irq
# shellcheck disable=SC2016 # the kernel's variables
softirq_watch()
{
	softirq_ignore
	echo 'hist:keys=vec:start=common_timestamp.usecs' >$events/softirq_entry/trigger &&
	echo 'hist:keys=vec:us=common_timestamp.usecs-$start:onmax($us).save(vec)' \
		>$events/softirq_exit/trigger
}

softirq_longest()
{
	awk '$1 == "max:" || /max:/ { for (i = 1; i < NF; i++)
			if ($i == "max:" && $(i + 1) > longest) longest = $(i + 1) }
		END { print longest + 0 }' $events/softirq_exit/hist
}

# shellcheck disable=SC2016 # the kernel's variables
softirq_ignore()
{
	echo '!hist:keys=vec:us=common_timestamp.usecs-$start:onmax($us).save(vec)' \
		>$events/softirq_exit/trigger
	echo '!hist:keys=vec:start=common_timestamp.usecs' >$events/softirq_entry/trigger
} 2>/dev/null

# Neither used nor filled with files
free_kb()
{
	awk '/^(MemFree|Buffers|Cached):/ { sum += $2 } END { print sum }' /proc/meminfo
}

# slab_of COUNT BEFORE: the size of what there are COUNT more of since the copy
# BEFORE of /proc/slabinfo
slab_of()
{
	awk -v count="$1" 'NR == FNR { had[$1] = $2; next }
		FNR > 2 && $2 - had[$1] > most { most = $2 - had[$1]; size = $4 }
		END { print(most > count * 0.9 ? size : 0) }' "$2" /proc/slabinfo
}

# relay_up: a relay whose datagrams go to a dummy, and come from the namespace gun
relay_up()
{
	ns_add gun &&
	nip gun -batch - <<-END &&
	link add eth0 type veth peer name gun netns ${ns[rly]}
	link set lo up
	link set eth0 up
	addr add 198.51.100.33/30 dev eth0
	route add default via 198.51.100.34
	END
	nip rly -batch - <<-END &&
	link set gun up
	addr add 198.51.100.34/30 dev gun
	link add sink type dummy
	link set sink up
	addr add 192.0.2.65/28 dev sink
	route add 198.18.0.0/15 via 192.0.2.66
	END
	start_relay ours
}

relay_down()
{
	stop rly
	nip rly link del sink
	ns_del gun
}

spread()
{
	local sent=1 received=0 took=0

	helper load tx "${ns[rly]}" "$1" "$packets"
	figure peers peers="$1" part=tx route="$2" insns=$((took / 2 / sent)) mark=$((++marks))
}

peers()
{
	local counts='1 1000 100000 1000000' n have=0 before took=0 slab sent received start
	local all=0 lost=0

	[[ ! $quick ]] || counts='1 1000 30000'
	relay_up || return
	# First, datagrams to all over the world.
	before=$(free_kb)
	cat /proc/slabinfo >"$tmp/slabinfo"
	for n in $counts; do
		helper peers fill "${ns[rly]}" teredo0 $have $((n - have)) permanent
		spread "$n" dev
		nip rly -6 route replace 2001::/32 via fe80::1 dev teredo0
		spread "$n" via
		nip rly -6 route replace 2001::/32 dev teredo0
		have=$n
	done
	nip rly -6 neigh flush all
	slab=$(slab_of "$n" "$tmp/slabinfo")
	figure memory peers="$n" slab="${slab:-0}" kb=$((before - $(free_kb)))

	softirq_watch
	helper peers dump "${ns[rly]}" teredo0
	figure dump peers="$n" by=netlink ms=$((took / 1000000)) softirq_us="$(softirq_longest)"
	start=${EPOCHREALTIME/./}
	n=$(tool rly -j show peers teredo0 | wc -c)
	figure dump peers="$have" by=teredo-tool octets="$n" \
		ms=$(((${EPOCHREALTIME/./} - start) / 1000))
	softirq_watch
	start=${EPOCHREALTIME/./}
	tool rly peer flush teredo0
	figure flush peers="$have" ms=$(((${EPOCHREALTIME/./} - start) / 1000)) \
		softirq_us="$(softirq_longest)"
	softirq_ignore

	# Then, datagrams from one place with packets from all of them.
	have=0
	for n in $counts; do
		helper peers fill "${ns[rly]}" teredo0 $have $((n - have)) permanent \
			198.51.100.33 5201
		helper load rx "${ns[gun]}" "${ns[rly]}" $relay 3545 2001:db8:3::1 \
			"$n" "$packets"
		figure peers peers="$n" part=rx route=- insns=$((took / 2 / sent)) \
			lost=$((sent - received)) mark=$((++marks))
		have=$n
	done
	tool rly peer flush teredo0

	# Last, how they come and go of themselves, while there is traffic.
	helper peers fill "${ns[rly]}" teredo0 "$have" 1 permanent 198.51.100.33 5201
	softirq_watch
	helper peers fill "${ns[rly]}" teredo0 0 "$have"
	figure fill peers="$have" ms=$((took / 1000000)) softirq_us="$(softirq_longest)"
	idle
	pause $((298 - took / 1000000000))    # until they are about to expire
	busy
	softirq_watch
	# peer 0 goes with the others: let another one speak
	helper peers fill "${ns[rly]}" teredo0 0 1 permanent 198.51.100.33 5201
	expired "$have" &
	start=$!
	while ! gone $start; do
		helper load rx "${ns[gun]}" "${ns[rly]}" $relay 3545 2001:db8:3::1 1 65536
		all=$((all + sent)) lost=$((lost + sent - received))
	done
	wait $start
	figure expire peers="$have" left="$(tool rly -j show teredo0 | jq '.[0].peers')" \
		sent="$all" lost="$lost" softirq_us="$(softirq_longest)"
	softirq_ignore
	relay_down
}

# expired COUNT: until all have gone
expired()
{
	local start='' n i

	for ((i = 0; i < 60; i++)); do
		n=$(tool rly -j show teredo0 | jq '.[0].peers')
		((n < $1)) && start=${start:-${EPOCHREALTIME/./}}
		if ((n < 3)); then
			figure expiry peers="$1" ms=$(((${EPOCHREALTIME/./} - start) / 1000))
			return
		fi
		pause 0.3    # looked at again so often
	done
}

#
# The server
#

# signers COUNT: those of bench-server, as a file of secrets
signers()
{
	seq 0 $(($1 - 1)) | xargs printf 'user%05d\n' | sed 's/.*/& &/'
}

solicitations()
{
	local who rate many count=${quick:+10000} sent received took cost inet_mac srv_mac
	local rates='20000 40000 60000 80000'

	[[ ! $quick ]] || rates='20000 80000'
	inet_mac=$(nip inet -j link show srv | jq -r '.[0].address')
	srv_mac=$(nip srv -j link show eth0 | jq -r '.[0].address')
	nip srv neigh replace 203.0.113.14 lladdr "$inet_mac" dev eth0 nud permanent
	on inet nft -f - <<-END
	table netdev gate {
		chain ingress {
			type filter hook ingress device srv priority 0
			drop
		}
	}
	END
	# what it takes to ask, at a closed door
	on srv nft -f - <<-END
	table netdev gate {
		chain ingress {
			type filter hook ingress device eth0 priority 0
			drop
		}
	}
	END
	helper server "${ns[inet]}" srv "$srv_mac" 198.18.0.0 $server "${count:-50000}" 0
	on srv nft delete table netdev gate
	cost=$((took / sent))
	# what the stack takes, when it answers by itself
	helper server "${ns[inet]}" srv "$srv_mac" 198.18.0.0 $server "${count:-50000}" 64 echo
	figure server who=echo sent="$sent" answered="$received" mark=$((++marks)) \
		insns=$(((took - cost * sent) / 2 / (received + !received)))
	for who in miredo ours; do
		start_server $who || return
		helper server "${ns[inet]}" srv "$srv_mac" 198.18.0.0 $server \
			"${count:-50000}" 64
		figure server who=${who/ours/teredo} sent="$sent" answered="$received" \
			insns=$(((took - cost * sent) / 2 / (received + !received))) \
			rate=$((received * 1000000000 / took)) \
			alone=$((received * 1000000000 / (took - cost * sent))) \
			mark=$((++marks))
		# as many as come in, not as many as are answered
		for rate in $rates; do
			helper server "${ns[inet]}" srv "$srv_mac" 198.18.0.0 $server \
				$((rate * 2)) 0 $rate
			figure offered who=${who/ours/teredo} rate=$rate sent="$sent" \
				answered=$((received * 1000000000 / took))
		done
		stop srv
	done
	for many in 1 10000; do
		start_server ours && signers $many | tool srv secret load teredo0 - &&
			tool srv set teredo0 secure required || return
		helper server "${ns[inet]}" srv "$srv_mac" 198.18.0.0 $server \
			"${count:-50000}" 64 secrets=$many
		figure server who=signed secrets=$many sent="$sent" answered="$received" \
			insns=$(((took - cost * sent) / 2 / (received + !received))) \
			mark=$((++marks))
		stop srv
	done
	on inet nft delete table netdev gate
	nip srv neigh del 203.0.113.14 dev eth0
}

#
# Qualification, and first contact
#

# delay RTT [MORE]: between A and the internet, half of it each way
delay()
{
	local rtt=$1

	shift
	on inet tc qdisc replace dev nata root netem delay $((rtt * 500))us "$@" limit 10000 &&
	on nata tc qdisc replace dev wan root netem delay $((rtt * 500))us "$@" limit 10000
}

no_delay()
{
	on inet tc qdisc del dev nata root
	on nata tc qdisc del dev wan root
}

# once WHO: sets whole_ms and first_ms
once()
{
	whole_ms=-1 first_ms=-1
	case $1 in
	miredo)
		rm -f "$tmp/clia.pid"
		helper qualify "${ns[clia]}" eth0 20 \
			miredo -f -c "$tmp/clia.conf" -p "$tmp/clia.pid" 2>/dev/null ;;
	teredo)
		nip clia link set teredo0 down
		nip clia link set teredo0 up
		helper qualify "${ns[clia]}" eth0 20 \
			teredo-tool run teredo0 --once 2>/dev/null ;;
	esac
}

qualify()
{
	local who rtt whole_ms first_ms i within runs

	need_modules sch_netem tun
	start_server ours || return
	miredo_conf clia "InterfaceName teredo0" "ServerAddress $server" \
		"ServerAddress2 $server2"
	for who in miredo teredo; do
		[[ $who = miredo ]] ||
			tool clia add teredo0 mode client server $server
		once $who	# so that it is in memory
		idle
		for rtt in 0 50 200; do
			delay $rtt
			# The median of three
			for i in 1 2 3; do
				once $who
				echo "$first_ms $whole_ms"
			done | sort -n >"$tmp/qualify"
			read -r first_ms whole_ms < <(sed -n 2p "$tmp/qualify")
			figure qualify who=$who rtt=$rtt whole_ms="$whole_ms" first_ms="$first_ms"
		done
		runs=${quick:+10}
		runs=${runs:-100}
		[[ $who = teredo ]] || runs=$((runs / 5))
		delay 50 loss 10%
		within=0
		for ((i = 0; i < runs; i++)); do
			once $who
			[[ $whole_ms = -1 ]] || ((${first_ms%.*} > 3000)) || ((++within))
		done
		figure lossy who=$who rtt=50 loss=10 runs=$runs within_3s=$within
		no_delay
		busy
	done
	nip clia link del teredo0
	stop srv
}

first_contact()
{
	local who rtt path sent received disorder first_ms

	open=''
	need_modules sch_netem
	for who in miredo teredo; do
		[[ ! $quick || $who = teredo ]] || continue
		for rtt in 0 50; do
			contender_up $who || return
			delay $rtt
			for path in ab hb; do
				[[ $path = ab ]] || no_delay
				helper load burst "${ns[${from[$path]}]}" "${ns[${to[$path]}]}" \
					"${dest[$path]}" 20 5000
				figure first who=$who rtt=$rtt path=$path sent="$sent" \
					received="$received" disorder="$disorder" \
					first_ms="$first_ms"
			done
			contender_down $who
		done
	done
	open=1
}

#
# A path that loses and reorders
#

lossy_tcp()
{
	local who what length more

	need_modules sch_netem
	# Packets are lost, not bundles of them.
	on clia ethtool -K eth0 tso off gso off >/dev/null 2>&1
	for who in none teredo; do
		contender_up $who || return
		for what in "loss 1%" "reorder 5% 50%"; do
				on inet tc qdisc replace dev natb root netem delay 5ms $what limit 10000
			on natb tc qdisc replace dev wan root netem delay 5ms limit 10000
			# How often it strikes is chance.  Reordered segments
			# would go as fast as the CPU can make them one by one,
			# so give it some that it can.
			length=${quick:+60}
			length=${length:-400} more=()
			[[ $what = loss* ]] || length=$((length / 6)) more=(-b 100M)
			idle
			iperf ab -t "$length" -O 1 "${more[@]}"
			busy
			figure netem who=$who what="${what%% *}" mbit="$(jq \
				'.end.sum_received.bits_per_second / 1e4 | round / 100' "$tmp/iperf3")"
		done
		on inet tc qdisc del dev natb root
		on natb tc qdisc del dev wan root
		contender_down $who
	done
	on clia ethtool -K eth0 tso on gso on >/dev/null 2>&1
}

#
# A client whose own uplink is a tunnel: two of them, one in the other
#

# uplink_up KIND: all that A sends goes to its NAT that way
uplink_up()
{
	local ends=("local 10.9.0.2 remote 10.9.0.1" "local 10.9.0.1 remote 10.9.0.2") what

	case $1 in
	none) return ;;
	vxlan) what="vxlan id 7 dstport 4789" ;;
	gre) what="gre key 7 csum" ;;
	gue) what="ipip encap gue encap-sport auto encap-dport 6080 encap-csum" ;;
	esac
	need_modules vxlan ip_gre ipip fou
	[[ $1 != gue ]] ||
		{ on clia ip fou add port 6080 gue && on nata ip fou add port 6080 gue; } || return
	# shellcheck disable=SC2086 # words
	nip clia -batch - <<-END && nip nata -batch - <<-NAT
	addr add 10.9.0.2/30 dev eth0
	link add up0 type ${what%% *} ${ends[0]}${what#"${what%% *}"}
	addr add 10.1.2.2/30 dev up0
	link set up0 up
	route change default via 10.1.2.1 dev up0 src 10.1.0.2
	END
	addr add 10.9.0.1/30 dev lan
	link add up0 type ${what%% *} ${ends[1]}${what#"${what%% *}"}
	addr add 10.1.2.1/30 dev up0
	link set up0 up
	route add 10.1.0.2/32 via 10.1.2.2 dev up0
	NAT
}

uplink_down()
{
	local name

	[[ $1 != none ]] || return 0
	nip clia route change default via 10.1.0.1 dev eth0
	nip nata addr del 10.9.0.1/30 dev lan
	nip clia addr del 10.9.0.2/30 dev eth0
	for name in clia nata; do
		nip $name link del up0
		[[ $1 != gue ]] || on $name ip fou del port 6080
	done
}

uplinks()
{
	local kind who path

	for kind in none vxlan gre gue; do
		uplink_up $kind || return
		for who in sit teredo; do
			contender_up $who || return
			for path in ab ba; do
				iperf $path -t "$seconds" "${omit[@]}" || {
					figure uplink who=$who kind=$kind path=$path failed=1
					continue
				}
				figure uplink who=$who kind=$kind path=$path \
					mbit="$(jq '.end.sum_received.bits_per_second / 1e6 | round' "$tmp/iperf3")" \
					again="$(jq .end.sum_sent.retransmits "$tmp/iperf3")"
			done
			contender_down $who
		done
		uplink_down $kind
	done
}

#
# Two CPUs, in a machine of its own without the instruction counter
#

# pktgen CPU...: packets a second that they send through the relay together
pktgen()
{
	local cpu dir=/proc/net/pktgen

	for cpu; do
		on rly bash -e <<-END || return
		echo rem_device_all >$dir/kpktgend_$cpu
		echo add_device src@$cpu >$dir/kpktgend_$cpu
		for line in "xmit_mode netif_receive" "count $count" "pkt_size 128" \
			"dst6 ${peer[cpu]}" "src6 $host" "dst_mac $mac" \
			"udp_dst_min 9" "udp_dst_max 9"; do
			echo "\$line" >$dir/src@$cpu
		done
		END
	done
	on rly bash -c "echo start >$dir/pgctrl"
	for cpu; do
		on rly sed -n 's/.* \([0-9]*\)pps .*/\1/p' "$dir/src@$cpu"
		on rly bash -c "echo rem_device_all >$dir/kpktgend_$cpu"
	done | awk '{ sum += $1 } END { print sum }'
}

cpus()
{
	local mac count=${quick:+50000} peer i one=0 two=0 rate

	count=${count:-200000}
	need_modules pktgen
	relay_up || return
	nip rly link add src type dummy
	nip rly link set src up
	mac=$(nip rly -j link show src | jq -r '.[0].address')
	"$selftests/bench/bench-peers" fill "${ns[rly]}" teredo0 0 2 permanent >/dev/null
	mapfile -t peer < <(tool rly -j show peers teredo0 | jq -r '.[].address')
	# Others may use the host, too: the best of several.
	for i in 1 2 3 4 5; do
		rate=$(pktgen 0) && ((rate > one)) && one=$rate
		rate=$(pktgen 0 1) && ((rate > two)) && two=$rate
	done
	figure cpus one="$one" two="$two"
	nip rly link del src
	relay_down
}

marks=0
packets=${quick:+16384}
packets=${packets:-131072}
contenders=${TEREDO_BENCH_CONTENDERS:-none sit wireguard miredo teredo}
paths=${quick:+ab hb}
paths=${TEREDO_BENCH_PATHS:-${paths:-ab ba hb bh}}

need iperf3 jq wg miredo miredo-server
need_teredo
busy
lab_up restricted restricted || die "no laboratory"
paths_up || die "no paths"

(($#)) || set -- throughput
status=0
for section; do
	"$section" && continue
	echo "bench: $section failed" >&2
	lab_state >&2
	stop srv rly clia clib
	status=1
done
cp /proc/kallsyms "${VM_RESULTS:-$tmp}/kallsyms"
exit $status
