# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# pause SECONDS: sleep without a fork.  With time travel, starting a program takes longer
# than sleeping for hours.

# A pipe that nobody writes to
exec {idle}<> <(:)

pause()
{
	read -rt "$1" -u "$idle" || :
}
