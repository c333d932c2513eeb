# SPDX-License-Identifier: GPL-2.0
#
# Targets for people.  The module itself is described by Kbuild, which the
# kernel's build system reads instead of this file.
#
#	make			./teredo.ko, tools/teredo-tool, tools/link_teredo.so
#	make demo		two clients behind NATs talk to each other
#	make check		all tests; TESTS="a b" for some of them
#				TEREDO_BUSY=2 VM_CPUS=1: with two busy loops, on one CPU
#	make check KERNEL=6.12	with another Debian release's kernel, built there
#	make check-matrix	with all of them: KERNELS="6.1 6.12 7.2 7.2-rt"
#	make check-debug	the same with a debug kernel (KASAN, lockdep, ...)
#	make check-boot		services, in virtual machines booted with systemd
#	make mutants		do the tests find the faults of selftests/mutants?
#				MUTANTS="a b" for some of them, MUTANTS=5 for
#				five, which change daily
#	make coverage		lines of the module that check-debug reaches
#	make bench		benchmarks, in a virtual machine; QUICK=1 for a few
#	make lint		static checks, and the fuzzers for a few seconds
#	make fuzz		the fuzzers, FUZZ_TIME=3600 seconds each.  Fuzzers of
#				the running module are tests, with a setting of their own:
#				TEREDO_FUZZ_COUNT=10000000 VM_TIMEOUT=86400 \
#					make check-debug TESTS="fuzz fuzz-netlink"
#	make netlink		generate policies and uapi header from the spec
#	make install		module, tool, plugin, manual pages, completion, units
#	make dkms-install	the module, through DKMS
#	make clean
#
# KDIR is the build folder of the kernel to build for.  demo, check, bench and lint
# require root, to install the packages that they need.  They run natively if the
# running kernel can load the module, otherwise, or with VM=1, in a virtual machine
# with the distribution's kernel.  bench always uses the virtual machine.

# The running kernel's build folder; if missing, the newest one present; if there is
# none, the path of the first.
own_build := /lib/modules/$(shell uname -r)/build
KDIR ?= $(firstword $(wildcard $(own_build)) \
	$(shell ls -d /lib/modules/*/build/ 2>/dev/null | sort -rV | sed 's,/$$,,') $(own_build))

# Kernels for check-matrix; selftests/vm/root.sh knows where to get them.
KERNELS ?= 6.1 6.12 7.2 7.2-rt

VERSION := $(shell cat VERSION)

DESTDIR ?=
PREFIX ?= /usr/local
MANDIR ?= $(PREFIX)/share/man

# The release that KDIR builds for.  Not from kernel.release, where Debian keeps the
# upstream version.
release = $(shell cut -d'"' -f2 $(KDIR)/include/generated/utsrelease.h 2>/dev/null)
dkms_source = $(DESTDIR)/usr/src/teredo-$(VERSION)

# Report everything that is missing at once.
all:
	@CC='$(CC)' tools/missing.sh all '$(KDIR)'
	@$(MAKE) --no-print-directory module tools

# Appended to commands: give files made under sudo to the owner of the folder.  Keeps the
# command's exit status.
his = ; status=$$?; [ "$$(id -u)" != 0 ] || [ -O . ] || \
	find . -xdev -user 0 -exec chown -h --reference=. {} +; exit $$status

module:
	@CC='$(CC)' tools/missing.sh module '$(KDIR)'
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules $(his)

tools:
	$(MAKE) -C tools $(his)

# The helpers that tests need; they are not for users.
selftests:
	$(MAKE) -C selftests $(his)

demo:
	@selftests/check/packages.sh demo
	@selftests/check/machine.sh -f demo selftests/demo.sh

check:
	@selftests/check/packages.sh $(if $(KERNEL),matrix,check)
	@selftests/check/check.sh $(TESTS)

check-matrix:
	@selftests/check/packages.sh matrix
	@selftests/check/check-matrix.sh $(KERNELS)

check-debug:
	@selftests/check/packages.sh check check-debug
	@selftests/check/check-debug.sh \
		$(or $(TESTS),$(shell $(MAKE) -s -C selftests list-debug))

check-boot:
	@selftests/check/packages.sh check-boot machine
	@selftests/check/check-boot.sh $(BOOTS)

mutants:
	@wanted=$$(selftests/check/mutants.sh -p $(MUTANTS)) && selftests/check/packages.sh $$wanted
	@selftests/check/mutants.sh $(MUTANTS)

coverage:
	@selftests/check/packages.sh check check-debug
	@rm -rf selftests/output/coverage
	-@selftests/check/check-debug.sh -c $(CURDIR)/selftests/output/coverage \
		$(or $(TESTS),$(shell $(MAKE) -s -C selftests list-debug))
	@selftests/check/coverage.py selftests/output/coverage \
		$(if $(TESTS),,Documentation/coverage.rst) $(his)

bench:
	@selftests/check/packages.sh bench machine
	@selftests/bench/bench.sh $(his)

fuzz:
	@selftests/check/packages.sh fuzz
	@tools/fuzz/fuzz.sh $(his)

lint:
	@selftests/check/packages.sh lint
	@selftests/check/lint.sh $(his)

# Generated files are committed, so that a build needs no generator.
netlink:
	@Documentation/netlink/generate.sh $(CURDIR) $(his)

netlink-check:
	@dir=$$(mktemp -d) && Documentation/netlink/generate.sh $$dir && \
		for file in include/uapi/linux/teredo.h kernel/netlink/netlink-gen.h \
			kernel/netlink/netlink-gen.c kernel/base/names-gen.h \
			selftests/fuzz/fuzz-netlink-gen.h; do \
			diff -u $$file $$dir/$$file || status=1; \
		done; rm -r $$dir; exit $$status

# First check that the target is writable.
install:
	@tools/missing.sh install $(DESTDIR)/lib/modules/$(release)
	@$(MAKE) --no-print-directory install-module install-tools install-man

install-module:
	@tools/missing.sh install $(DESTDIR)/lib/modules/$(release)
	@$(MAKE) --no-print-directory module
	$(MAKE) -C $(KDIR) M=$(CURDIR) INSTALL_MOD_PATH=$(DESTDIR) \
		INSTALL_MOD_DIR=updates modules_install
	$(if $(DESTDIR),,depmod -a $(release))

install-tools:
	@$(MAKE) --no-print-directory -C tools writable DESTDIR=$(DESTDIR) PREFIX=$(PREFIX)
	@$(MAKE) --no-print-directory tools
	$(MAKE) -C tools install DESTDIR=$(DESTDIR) PREFIX=$(PREFIX)

install-man:
	@tools/missing.sh install $(DESTDIR)$(MANDIR)
	for page in Documentation/man/*.[1-8]; do \
		install -D -m 644 $$page \
			$(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/} || exit; \
	done

# Only the source, where DKMS looks for it; packages need no more. Remove files of an
# earlier version there.
dkms-source:
	@tools/missing.sh install $(dkms_source)
	install -d $(dkms_source)
	cp -r Kbuild VERSION include $(dkms_source)
	rm -rf $(dkms_source)/kernel
	install -d $(dkms_source)/kernel
	cd kernel && cp --parents *.[ch] $$(ls -d */*.[ch] | grep -v '^selftest/') \
		$(dkms_source)/kernel
	sed 's/#MODULE_VERSION#/$(VERSION)/' dkms.conf >$(dkms_source)/dkms.conf

dkms-install: dkms-needed dkms-source
	! dkms status teredo/$(VERSION) | grep -q . || \
		dkms remove teredo/$(VERSION) --all
	dkms install teredo/$(VERSION) -k $(release) \
		--kernelsourcedir $(realpath $(KDIR)) --force

dkms-needed:
	@tools/missing.sh install $(dkms_source)
	@tools/missing.sh dkms '$(KDIR)'

# Files of the kernel's build system, removed without it: its folder may be gone.
built := *.o *.ko *.mod *.mod.c *.a .*.cmd .*.d modules.order Module.symvers
clean:
	rm -rf .tmp_versions $(built)
	find kernel \( -false $(built:%=-o -name '%') \) -delete
	$(MAKE) -C tools clean
	$(MAKE) -C selftests clean

# A default KDIR is not exported: it is determined again after packages were installed.
ifneq ($(origin KDIR),file)
export KDIR
endif
export KERNEL VM QUICK BENCH FUZZ_TIME

.PHONY: all module tools selftests demo check check-matrix check-debug check-boot mutants coverage bench fuzz lint clean netlink netlink-check
.PHONY: install install-module install-tools install-man dkms-source dkms-needed dkms-install
