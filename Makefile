# SPDX-License-Identifier: GPL-2.0
#
# What people type.  The module itself is described by Kbuild, which the
# kernel's build system reads in place of this file.
#
#	make			./teredo.ko, tools/teredo-tool, tools/link_teredo.so
#	make demo		two clients behind NATs meet
#	make check		every test; TESTS="a b" for some of them
#	make lint		static checks
#	make install		module, tool, plugin, manual pages, completion, units
#	make dkms-install	the module, through DKMS
#	make clean
#
# KDIR is the build folder of the kernel to build for.  demo, check and lint
# want root, since they install the packages that are missing.  They run
# natively if the running kernel loads the module, else in a virtual machine
# under the distribution's kernel, which VM=1 asks for in any case.

# The running kernel's build folder, else the newest one there is.
KDIR ?= $(firstword $(wildcard /lib/modules/$(shell uname -r)/build) \
	$(shell printf '%s\n' /lib/modules/*/build | sort -rV))

VERSION := $(shell cat VERSION)

DESTDIR ?=
PREFIX ?= /usr
DEPMOD ?= depmod

all: module tools

module:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

tools:
	$(MAKE) -C tools

# The helpers that tests need; they are not for users.
selftests:
	$(MAKE) -C selftests

demo:
	@selftests/packages.sh demo
	@+selftests/machine.sh -f selftests/demo.sh

check:
	@selftests/packages.sh check
	@+selftests/machine.sh selftests/run.sh $(TESTS)

lint:
	@selftests/packages.sh lint
	@+selftests/lint.sh

clean:
	$(MAKE) -C $(KDIR) M=$(CURDIR) clean
	$(MAKE) -C tools clean
	$(MAKE) -C selftests clean

export KDIR VM

.PHONY: all module tools selftests demo check lint clean
