#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# packages.sh [-l] PURPOSE...: install the Debian packages that are missing for
# build, demo, check, check-debug, matrix (other kernels), fuzz, bench or lint.  On
# other systems it is for their administrator to provide the same.  -l: only list those
# that have to be where the tests run.

build=(gcc make libc6-dev pkg-config libmnl-dev nettle-dev kmod)
lab=("${build[@]}" iproute2 python3 iputils-ping nftables procps jq iperf3)
clang=(clang libclang-rt-dev)
machine=(qemu-system-x86 busybox-static)

list='' wanted=()
if [[ ${1:-} = -l ]]; then
	list=1
	shift
fi
for purpose; do
	case $purpose in
	build) wanted+=("${build[@]}") ;;
	demo) wanted+=("${lab[@]}") ;;
	check) wanted+=("${lab[@]}" miredo miredo-server bird2 tcpdump tshark ethtool
		systemd udev
		libnl-3-dev libnl-genl-3-dev libnl-route-3-dev) ;;
	matrix) wanted+=("${machine[@]}" mmdebstrap kmod make xz-utils) ;;
	check-debug) wanted+=("${build[@]}" busybox-static linux-source-6.1 xz-utils bc
		flex bison libelf-dev) ;;
	bench) wanted+=("${lab[@]}" miredo miredo-server ethtool git wireguard-tools
		libnl-3-dev libnl-genl-3-dev libnl-route-3-dev) ;;
	fuzz) wanted+=("${build[@]}" "${clang[@]}") ;;
	lint) wanted+=("${build[@]}" "${clang[@]}" git sparse shellcheck perl clang-tidy coccinelle
		libnl-3-dev libnl-genl-3-dev libnl-route-3-dev
		python3-yaml python3-jsonschema linux-source-6.1 linux-source-6.12) ;;
	*) echo "packages: what is '$purpose'?" >&2; exit 2 ;;
	esac
done

if [[ $list ]]; then
	printf '%s\n' "${wanted[@]}"
	exit 0
fi

if ! command -v apt-get >/dev/null; then
	echo "# not a Debian system; needed: ${wanted[*]}"
	exit 0
fi

installed()
{
	[[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) = installed ]]
}

# Headers of the running kernel, if it loads modules and is the distribution's;
# else a kernel for the machine.
if [[ ! -e /lib/modules/$(uname -r)/build ]]; then
	[[ -e /proc/modules ]] &&
		apt-cache show "linux-headers-$(uname -r)" &>/dev/null &&
		wanted+=("linux-headers-$(uname -r)")
fi
case " $* " in
*' demo '* | *' check '* | *' bench '*)
	wanted+=("${machine[@]}" linux-image-amd64 linux-headers-amd64) ;;
*)
	compgen -G '/lib/modules/*/build' >/dev/null || wanted+=(linux-headers-amd64) ;;
esac

missing=()
for package in "${wanted[@]}"; do
	installed "$package" || missing+=("$package")
done
((${#missing[@]})) || exit 0

if ((EUID)); then
	echo "packages: as root, install: ${missing[*]}" >&2
	exit 1
fi

echo "# installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive

# None of the daemons in these packages is meant to run on this host: tests
# start their own in namespaces.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
	trap 'rm -f "$policy"' EXIT
	printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"
fi
install()
{
	apt-get install -y -q --no-install-recommends "${missing[@]}" </dev/null
}
install &>/dev/null || { apt-get update -q >/dev/null; install >&2; } || exit 1

for package in miredo miredo-server bird2; do
	[[ " ${missing[*]} " = *" $package "* && -d /run/systemd/system ]] &&
		systemctl -q disable --now "${package%2}" 2>/dev/null
done
exit 0
