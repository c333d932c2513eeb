#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# packages.sh [-l] PURPOSE...: install the Debian packages that are missing for
#	build		module and tools
#	demo, check, check-debug, check-boot, mutants, bench, fuzz, lint
#			what make calls so
#	matrix		root folders with other kernels
#	machine		the virtual machine under this system's kernel
# and no others.  On other systems it is for their administrator to provide the
# same.  -l: only list those that have to be where the tests run.

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
tools=(gcc make libc6-dev pkg-config libmnl-dev nettle-dev)
lab=("${tools[@]}" kmod iproute2 iputils-ping nftables procps jq iperf3)
python=(python3)
netlink=(libnl-3-dev libnl-genl-3-dev libnl-route-3-dev)
clang=(clang libclang-rt-dev)
# The last two are for its watchdog.
qemu=(qemu-system-x86 busybox-static kmod procps python3)

# own_headers: those of the kernel that runs, if it loads modules and is the distribution's
own_headers()
{
	[[ ! ${VM:-} && -e /proc/modules && ! -e /lib/modules/$(uname -r)/build ]] &&
		apt-cache show "linux-headers-$(uname -r)" 2>/dev/null | grep -q . &&
		echo "linux-headers-$(uname -r)"
}

# any_headers: of some kernel
any_headers()
{
	compgen -G '/lib/modules/*/build/Makefile' >/dev/null || echo linux-headers-generic
}

# bootable: a kernel for the machine, with its headers
bootable()
{
	"$repo/selftests/vm/run.sh" -K &>/dev/null || echo linux-{image,headers}-amd64
}

list='' wanted=()
if [[ ${1:-} = -l ]]; then
	list=1
	shift
fi
for purpose; do
	case $purpose in
	build) wanted+=("${tools[@]}" "$(any_headers)") ;;
	demo) wanted+=("${lab[@]}" "$(own_headers)") ;;
	check) wanted+=("${lab[@]}" "${python[@]}" "${netlink[@]}" miredo miredo-server bird2
		tcpdump tshark ethtool systemd udev)
		[[ $list ]] || wanted+=("$(own_headers)") ;;
	check-boot) wanted+=("${lab[@]}" "${python[@]}" systemd udev init-system-helpers) ;;
	matrix)
		# They are folders with systems in them.
		if ((EUID)) && [[ ! $list ]]; then
			echo "packages: only root can make systems with other kernels: run this as root" >&2
			exit 1
		fi
		wanted+=("${qemu[@]}" mmdebstrap make xz-utils) ;;
	machine) wanted+=("${qemu[@]}")
		[[ $(uname -m) = x86_64 ]] || {
			echo "packages: the virtual machine is one for x86-64;" \
				"here, tests run as root where the kernel loads the module" >&2
			exit 1
		}
		wanted+=("$(bootable)") ;;
	check-debug) wanted+=(busybox-static linux-source-6.1 xz-utils patch bc flex bison libelf-dev) ;;
	mutants) wanted+=(git) ;;
	bench) wanted+=("${lab[@]}" "${python[@]}" miredo miredo-server ethtool git wireguard-tools) ;;
	fuzz) wanted+=("${tools[@]}" "${clang[@]}") ;;
	# Some of coccinelle's rules are in Python, for which it looks for libpython3.N.so.
	lint) wanted+=("${tools[@]}" "${netlink[@]}" "${clang[@]}" "$(any_headers)" git sparse
		shellcheck perl clang-tidy coccinelle libpython3-dev python3-yaml python3-jsonschema
		linux-source-6.1 linux-source-6.12) ;;
	*) echo "packages: what is '$purpose'?" >&2; exit 2 ;;
	esac
done
read -ra wanted <<<"$(printf '%s\n' "${wanted[@]}" | sort -u | tr '\n' ' ')"

if [[ $list ]]; then
	printf '%s\n' "${wanted[@]}"
	exit 0
fi

# Before much is installed for nothing
case " $* " in
*' demo '* | *' check '* | *' check-boot '* | *' bench '*) (cd "$repo" && tools/missing.sh folder) || exit 1 ;;
esac

if ! command -v apt-get >/dev/null; then
	echo "# not a Debian system; needed: ${wanted[*]}"
	exit 0
fi

installed()
{
	[[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) = installed ]]
}

missing=()
for package in "${wanted[@]}"; do
	installed "$package" || missing+=("$package")
done
((${#missing[@]})) || exit 0

if ((EUID)); then
	echo "packages: as root, install: ${missing[*]}" >&2
	exit 1
fi
echo "# installing ${#missing[@]} packages and what they need, which may take minutes: ${missing[*]}"
"$repo/selftests/check/apt.sh" "${missing[@]}" || exit 1

for package in miredo miredo-server bird2; do
	[[ " ${missing[*]} " = *" $package "* && -d /run/systemd/system ]] &&
		systemctl -q disable --now "${package%2}" 2>/dev/null
done
exit 0
