# SPDX-License-Identifier: GPL-2.0
#
# What people type.  The module itself is described by Kbuild, which the
# kernel's build system reads in place of this file.
#
#	make			./teredo.ko, tools/teredo-tool, tools/link_teredo.so
#	make demo		two clients behind NATs meet
#	make check		every test; TESTS="a b" for some of them
#				TEREDO_BUSY=2 VM_CPUS=1: beside busy loops, on one CPU
#	make check KERNEL=6.12	under another Debian release's kernel, built there
#	make check-matrix	under all of them: KERNELS="6.1 6.12 7.2 7.2-rt"
#	make check-debug	the same under a kernel that watches (KASAN, lockdep, ...)
#	make check-boot		services: in virtual machines that systemd boots
#	make mutants		do the tests find the faults of selftests/mutants?
#				MUTANTS="a b" for some of them, MUTANTS=5 for
#				five, others each day
#	make coverage		what of the module that reaches, line by line
#	make bench		figures, in the virtual machine; QUICK=1 for a few
#	make lint		static checks, and the fuzzers for some seconds
#	make fuzz		the fuzzers; FUZZ_TIME=3600 for how long each.  Those of the
#				module at work are tests, whose length is another one's:
#				TEREDO_FUZZ_COUNT=10000000 VM_TIMEOUT=86400 \
#					make check-debug TESTS="fuzz fuzz-netlink"
#	make netlink		generate policies and uapi header from the spec
#	make install		module, tool, plugin, manual pages, completion, units
#	make dkms-install	the module, through DKMS
#	make clean
#
# KDIR is the build folder of the kernel to build for.  demo, check, bench and
# lint want root, since they install the packages that are missing, each its own.
# They run natively if the running kernel loads the module, else in a virtual machine
# under the distribution's kernel, which VM=1 asks for in any case; bench always
# in the machine.

# The running kernel's build folder, else the newest one there is, else where the
# first would be.
own_build := /lib/modules/$(shell uname -r)/build
KDIR ?= $(firstword $(wildcard $(own_build)) \
	$(shell ls -d /lib/modules/*/build/ 2>/dev/null | sort -rV | sed 's,/$$,,') $(own_build))

# Those that check-matrix takes; selftests/vm/root.sh knows where they are from.
KERNELS ?= 6.1 6.12 7.2 7.2-rt

VERSION := $(shell cat VERSION)

DESTDIR ?=
PREFIX ?= /usr/local
MANDIR ?= $(PREFIX)/share/man

# The release that KDIR builds for.  Not kernel.release, which Debian leaves
# at the upstream version.
release = $(shell cut -d'"' -f2 $(KDIR)/include/generated/utsrelease.h 2>/dev/null)
dkms_source = $(DESTDIR)/usr/src/teredo-$(VERSION)

# All that is missing is said at once.
all:
	@CC='$(CC)' tools/missing.sh all '$(KDIR)'
	@$(MAKE) --no-print-directory module tools

# By sudo: what is in somebody's folder stays his.  Behind a command, whose status it keeps.
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

# First of all it is asked whether anything can be put there.
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

# The source alone, where DKMS looks for it; packages stop here. What an earlier version
# had there is not to be found by this one.
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

# What the kernel's build system leaves, removed without it: its folder may be gone.
built := *.o *.ko *.mod *.mod.c *.a .*.cmd .*.d modules.order Module.symvers
clean:
	rm -rf .tmp_versions $(built)
	find kernel \( -false $(built:%=-o -name '%') \) -delete
	$(MAKE) -C tools clean
	$(MAKE) -C selftests clean

# What nobody has chosen is chosen when packages are there.
ifneq ($(origin KDIR),file)
export KDIR
endif
export KERNEL VM QUICK BENCH FUZZ_TIME

.PHONY: all module tools selftests demo check check-matrix check-debug check-boot mutants coverage bench fuzz lint clean netlink netlink-check
.PHONY: install install-module install-tools install-man dkms-source dkms-needed dkms-install
