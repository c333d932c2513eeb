# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# pause SECONDS: a sleep that forks nothing.  Where time travels, a program that is started
# takes longer than hours do.

# A pipe that nobody writes to
exec {idle}<> <(:)

pause()
{
	read -rt "$1" -u "$idle" || :
}
