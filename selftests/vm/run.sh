#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Run a command as root under a distribution's own kernel, in QEMU.
#
#	selftests/vm/run.sh [OPTIONS] COMMAND [ARGUMENTS...]
#	selftests/vm/run.sh [OPTIONS]			an interactive shell
#
# The guest's root is the host's root, read-only (9p), so that every program
# and library installed here is there, too.  /tmp, /run and /var are memory.
# The repository is there at its own path, read-only; the command starts in the
# folder it was called from, when that is inside of the repository.  teredo.ko
# is not loaded: tests do it, or say `selftests/vm/run.sh -m COMMAND`.  With
# another root folder (-r), a repository inside of that is where it is seen from
# there.
#
# Standard output and error come out as the guest writes them.  The exit
# status is the command's, or
#	124	the guest did not end in time, or was lost (panic, hang)
#	125	the machine could not be started
#	99	the command succeeded, but the kernel complained (oops, WARN,
#		lockdep, leak, stuck reference), or teredo.ko did not unload
#
# Options:
#	-k KVER		boot this kernel of /boot (KVER=).  By default the one
#			that ./teredo.ko was built for, else the newest one
#			with a build folder
#	-d FOLDER	boot the debug kernel that debug-kernel.sh left in FOLDER,
#			with its own teredo.ko, as a User Mode Linux (one CPU)
#	-r FOLDER	the guest's root in place of the host's; it has the
#			kernels, too (see root.sh)
#	-m		load ./teredo.ko first
#	-s COMMAND	boot the root's own systemd, as a system with nothing
#			enabled in it whose root can be written to (memory); before
#			that starts, run this command, with words separated by
#			blanks.  What is to be run is a unit of multi-user.target
#	-f		fast: without slub_debug; for figures of performance
#	-t SECONDS	limit for the whole run (VM_TIMEOUT=), default 900
#	-o FOLDER	results: writable in the guest as $VM_RESULTS (VM_OUT=)
#	-K		only print which kernel would be booted
#	-h		this text
#
# Further variables: VM_ACCEL=kvm|tcg (default: kvm where it boots a kernel),
# VM_CPUS (2), VM_MEM (3G), VM_APPEND (more kernel command line), VM_QEMU (more
# options of QEMU), VM_PRELOAD (a library for the debug kernel), VM_VERBOSE=1 (kernel messages on the terminal as well).
# Variables named TEREDO_* are handed on to the guest, and so is TESTS.
#
# VM_ACCEL=icount: emulation with the instruction counter as the guest's clock,
# 2 ns each, so that figures do not depend on the host or on what else it does.
# One CPU, 4G.  While the guest idles, its clock jumps to the next timer; several
# CPUs take turns, and share the 500 million instructions of a second.
#
# Examples:
#	selftests/vm/run.sh -m ip link add teredo0 type teredo
#	selftests/vm/run.sh -m bash -c 'ip link add t0 type teredo; dmesg'
#	selftests/vm/run.sh selftests/check/run.sh netns miredo

set -u
export LC_ALL=C

vm_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
repo=$(cd "$vm_dir/../.." && pwd -P)

kver=${KVER:-}
timeout=${VM_TIMEOUT:-900}
out=${VM_OUT:-}
base=''
load='' fast='' print_kver='' debug='' systemd=''

usage()
{
	sed -n '/^#$/,/^$/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
}

die()
{
	echo "vm: $*" >&2
	exit 125
}

# Started again, it has what is left of the time.
((SECONDS += ${VM_AGAIN:-0}))
again=("$0" "$@")
while getopts d:r:k:ms:ft:o:Kh opt; do
	case $opt in
	d) debug=$(cd "$OPTARG" && pwd -P) || die "no $OPTARG" ;;
	k) kver=$OPTARG ;;
	r) base=$(cd "$OPTARG" && pwd -P) || die "no $OPTARG" ;;
	m) load=1 ;;
	s) systemd=$OPTARG ;;
	f) fast=1 ;;
	t) timeout=$OPTARG ;;
	o) out=$OPTARG ;;
	K) print_kver=1 ;;
	h) usage; exit 0 ;;
	*) usage >&2; exit 125 ;;
	esac
done
shift $((OPTIND - 1))

# bootable KVER: is there a kernel with its modules?
bootable()
{
	[[ -r $base/boot/vmlinuz-$1 && -e $base/lib/modules/$1/modules.dep ]]
}

pick_kernel()
{
	local v

	if [[ -r $repo/teredo.ko ]]; then
		v=$(modinfo -F vermagic "$repo/teredo.ko" | cut -d' ' -f1)
		bootable "$v" && echo "$v" && return
	fi
	for v in $(cd "$base/lib/modules" 2>/dev/null && printf '%s\n' * | sort -rV); do
		[[ -e $base/lib/modules/$v/build ]] && bootable "$v" && echo "$v" && return
	done
	return 1
}

# require PROGRAM...
require()
{
	local program

	for program; do
		command -v "$program" >/dev/null ||
			die "$program is missing: install qemu-system-x86 busybox-static kmod"
	done
}

# Where the debug kernel's modules are seen; a system without a kernel has no such folder.
if [[ $debug && ! -d /lib/modules ]]; then
	mkdir -p /lib/modules || die "cannot make /lib/modules"
fi
if [[ ! $debug ]]; then
	[[ $kver ]] || kver=$(pick_kernel) ||
		die "no kernel to boot: install linux-image-amd64 and linux-headers-amd64"
	bootable "$kver" || die "no $base/boot/vmlinuz-$kver, or its modules are missing"
	if [[ $print_kver ]]; then
		echo "$kver"
		exit 0
	fi
	require qemu-system-x86_64 busybox modprobe
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/teredo-vm.XXXXXX") || die "no temporary folder"
# shellcheck disable=SC2317 # called by the trap
cleanup()
{
	[[ ${machine_pid:-} ]] && kill "$machine_pid" 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT
head -c 8M /dev/zero 2>/dev/null >"$work/room" || die "no room in ${work%/*} (TMPDIR)"
rm "$work/room"
trap 'exit 130' INT
trap 'exit 143' TERM

if [[ $out ]]; then
	mkdir -p "$out" || die "cannot make $out"
else
	out=$work/results
	mkdir "$out"
fi
out=$(cd "$out" && pwd -P)
rm -f "$out"/{status,started,alive,frozen,dmesg,console.log}

# The initramfs: busybox, the modules that a 9p root needs, and the init of
# init.sh, which mounts the root and hands over to guest.sh.
make_initramfs()
{
	local root=$work/initramfs module name

	mkdir -p "$root"/{bin,modules,proc,sys,dev,root}
	cp "$(command -v busybox)" "$root/bin/busybox"
	cp "$vm_dir/init.sh" "$root/init"
	modprobe -d "$base/" -S "$kver" -a --show-depends virtio_pci 9pnet_virtio 9p |
		awk '$1 == "insmod" && !seen[$2]++ { print $2 }' >"$work/modules"
	[[ -s $work/modules ]] || die "$kver lacks the modules for a 9p root"
	while read -r module; do
		name=${module##*/}
		case $module in
		*.xz) xz -dc "$module" >"$root/modules/${name%.xz}" ;;
		*.zst) zstd -qdc "$module" >"$root/modules/${name%.zst}" ;;
		*) cp "$module" "$root/modules/$name" ;;
		esac || die "cannot unpack $module"
		name=${name%%.ko*}
		echo "$name.ko" >>"$root/modules/order"
	done <"$work/modules"
	(cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null) |
		gzip -1 >"$work/initramfs.gz"
}

# What every machine has in common; console on the first serial port.
qemu_machine()
{
	local accel=$1 cpu

	case $accel in
	kvm) cpu=host ;;
	icount) accel=tcg,thread=single cpu=max ;;
	*) accel=tcg,thread=multi cpu=max ;;
	esac
	machine=(qemu-system-x86_64 -M q35 -accel "$accel" -cpu "$cpu"
		 -nodefaults -no-user-config -display none -no-reboot
		 -kernel "$base/boot/vmlinuz-$kver" -initrd "$work/initramfs.gz")
	[[ $1 != icount ]] || machine+=(-icount "shift=1,sleep=off")
}

# kvm_works: /dev/kvm may exist and yet fail at once or hang the guest, so let
# it boot the kernel as far as our init.  The answer holds for this boot of the
# host, and is remembered.
kvm_works()
{
	local cache

	[[ -w /dev/kvm ]] || return 1
	cache=${TMPDIR:-/tmp}/teredo-vm-$UID-kvm-$(cat /proc/sys/kernel/random/boot_id)
	if [[ ! -O $cache ]]; then
		qemu_machine kvm
		timeout -s KILL 10 "${machine[@]}" -m 512M -serial stdio \
			-append "console=ttyS0 quiet panic=-1 vm_probe" \
			</dev/null 2>/dev/null | grep -q vm-probe-ok &&
			echo yes >"$cache" || echo no >"$cache"
	fi
	[[ $(<"$cache") = yes ]]
}

accel=${VM_ACCEL:-auto}
if [[ $debug ]]; then
	accel=uml
else
	make_initramfs
fi
if [[ $accel = auto ]]; then
	accel=tcg
	kvm_works && accel=kvm
fi
[[ $accel != icount ]] || : "${VM_CPUS:=1}" "${VM_MEM:=4G}"

# Where the guest sees the repository
guest_repo=${repo#"$base"}
mkdir -p "$base$guest_repo" || die "no $guest_repo in $base"

# The command, for guest.sh to source.
{
	cwd=$(pwd -P)
	[[ $cwd/ = "$repo"/* ]] || cwd=$repo
	printf 'cd %q\n' "$guest_repo${cwd#"$repo"}"
	printf 'export VM_RESULTS=/run/vm VM_ACCEL=%q\n' "$accel"
	compgen -e | grep -E '^(TEREDO_|TESTS$)' | while read -r name; do
		printf 'export %s=%q\n' "$name" "${!name}"
	done
	printf 'load=%s systemd=%q\n' "$load" "$systemd"
	printf 'command=('
	(($#)) && printf '%q ' "$@"
	printf ')\n'
	[[ ! -t 1 ]] || echo 'terminal=1'
	# Where the interactive shell gets its size from.
	[[ -t 0 ]] && printf 'stty_size=%q\n' "$(stty size)"
} >"$out/command"

# What every kernel is told.  A busy host without KVM is slow, but not stuck.
append="panic_on_oops=1 loglevel=5 log_buf_len=8M audit=0 random.trust_cpu=on"
append+=" rcupdate.rcu_cpu_stall_timeout=60 watchdog_thresh=30 vm_repo=$guest_repo"

share()
{
	local tag=$1 path=$2 mode=${3:-}

	machine+=(-fsdev "local,id=$tag,path=${path//,/,,},security_model=none,multidevs=remap$mode"
		  -device "virtio-9p-pci,fsdev=$tag,mount_tag=$tag")
}

# The whole machine, and what makes the command's terminal its standard input
# and output ($attach), or just its output.
if [[ $debug ]]; then
	# While nothing runs, its clock leaps to the next timer, and while something
	# does, it stands still.  A terminal's people have a clock of their own.
	(($#)) && append+=" time-travel=inf-cpu"
	read -ra words <<<"$append ${VM_APPEND:-}"
	# First terminal: the command.  Second: the kernel's messages.
	machine=(env ${VM_PRELOAD:+LD_PRELOAD="$VM_PRELOAD"} "$debug/linux" "mem=${VM_MEM:-1G}" "umid=machine" "uml_dir=$work"
		 root=host rootfstype=hostfs rootflags=/ ro "init=$vm_dir/init.sh" "${words[@]}"
		 "vm_uml=$debug" "vm_results=$out"
		 con=null 'con2=null,fd:2' console=tty2)
	output=('con1=null,fd:1')
	attach=('con1=fd:0,fd:1')
	messages=$out/console.log
else
	# A busy host may not give the machine the time in which it looks for its timer.
	append+=" console=ttyS0 panic=-1 tsc=reliable no_timer_check mitigations=off"
	# What watchdog.sh asks for: stacks of all CPUs and tasks.
	append+=" unknown_nmi_panic panic_print=0x41"
	# Poison and red zones for all; who allocated and freed only for our own
	# caches, since recording it for each packet takes most of the time.
	[[ $fast ]] || append+=" slub_debug=FZP;FZPU,teredo*"
	qemu_machine "$accel"
	read -ra more <<<"${VM_QEMU:-}"
	machine+=(-smp "${VM_CPUS:-2}" -m "${VM_MEM:-3G}" -append "$append ${VM_APPEND:-}" "${more[@]}")
	share root "$base/" ,readonly=on
	share repo "$repo" ,readonly=on
	share results "$out"
	# First port: the kernel's messages.  Second: the command.
	machine+=(-serial "file:$out/console.log")
	output=(-serial stdio -monitor "unix:$work/monitor,server,nowait")
	attach=(-chardev 'stdio,id=tty,signal=off' -serial chardev:tty)
	messages=$work/machine.err
fi

# However this script ends, it takes the machine with it.
bound=(setpriv --pdeathsig TERM timeout --foreground)
if (($#)); then
	"${bound[@]}" -s KILL $((timeout > SECONDS ? timeout - SECONDS : 1)) \
		"${machine[@]}" "${output[@]}" </dev/null 2>"$messages" &
else
	saved=$(stty -g 2>/dev/null)
	"${bound[@]}" 1d "${machine[@]}" "${attach[@]}" <&0 2>"$messages" &
fi
machine_pid=$!
(($#)) && [[ ! $debug ]] && "$vm_dir/watchdog.sh" "$out" "$work/monitor" "$machine_pid" &

[[ ${VM_VERBOSE:-} ]] &&
	tail --pid=$machine_pid -q -F "$out/console.log" 2>/dev/null >&2 &

wait "$machine_pid" 2>/dev/null
(($? == 137)) && [[ ! -e $out/frozen ]] && echo "vm: no end after $timeout s" >&2
machine_pid=
[[ ${saved:-} ]] && stty "$saved"

if [[ ! -s $out/console.log ]]; then
	cat "$messages" >&2
	die "${machine[0]##*/} did not start"
fi

log=$out/dmesg
[[ -s $log ]] || log=$out/console.log
complaints=0
"$vm_dir/klog.sh" "$log" >&2 || complaints=1

# stood_still: one that takes no NMI, or waits for its files.  Whatever else it waits
# for is a finding.
stood_still()
{
	[[ -e $out/frozen ]] || return
	! grep -q 'Kernel panic' "$out/console.log" || grep -q p9_client_rpc "$out/console.log"
}

# ran_what_was: the kernel died of a breakpoint, and the octet in front of where it was
# is none.  Kernels patch themselves by way of breakpoints, and QEMU before 8.2 may
# translate for one CPU what another one is just writing.
ran_what_was()
{
	local code

	code=$(sed -n '/int3: 0000/,/Code: /s/.*Code: //p' "$out/console.log" | head -n 1)
	[[ $accel = tcg && $code = *' <'* && $code != *' cc <'* ]]
}

# A guest that is lost for its emulator's sake is started again, once.
if [[ ! -s $out/status && ! ${VM_AGAIN:-} ]] && { stood_still || ran_what_was; }; then
	cat "$out/frozen" "$out/console.log" 2>/dev/null >&2
	echo "vm: that was the emulator; starting it again" >&2
	cleanup
	VM_AGAIN=$SECONDS exec "${again[@]}"
fi

if [[ ! -s $out/status ]]; then
	lines=40
	[[ ! -e $out/frozen ]] || { cat "$out/frozen" >&2; lines=2000; }
	echo "vm: the guest was lost; end of its console:" >&2
	tail -n $lines "$out/console.log" >&2
	exit 124
fi
status=$(<"$out/status")
((status == 0 && complaints)) && status=99
exit "$status"
