#!/bin/sh
# Installs what the tests, the demo and the benchmarks need beside Go, and only what is missing:
#
#	install.sh postgres redis chromium fonts smtp-sink wrk
#
# It uses apt-get on Debian and Ubuntu (as root, or through sudo) and Homebrew on macOS. When all is
# there it does nothing and says nothing. It asks no questions. When it may not install, it prints
# the command that does and exits with 1.
set -eu

usage() {
	echo "usage: install.sh [postgres] [redis] [chromium] [fonts] [smtp-sink] [wrk]" >&2
	exit 2
}

have() { command -v "$1" >/dev/null 2>&1; }

# found takes paths, where an unmatched pattern stands for itself and so is not there.
found() {
	for path in "$@"; do
		[ ! -x "$path" ] || return 0
	done
	return 1
}

# there tells whether a need is met, looking where internal/devstack and chromedp look.
there() {
	case $1 in
	postgres)
		{ have postgres && have initdb; } || found /usr/lib/postgresql/*/bin/initdb /usr/pgsql-*/bin/initdb \
			/opt/homebrew/opt/postgresql@*/bin/initdb /usr/local/opt/postgresql@*/bin/initdb \
			/opt/homebrew/bin/initdb /usr/local/bin/initdb
		;;
	redis)
		have redis-server || have valkey-server || found /opt/homebrew/bin/redis-server /usr/local/bin/redis-server
		;;
	chromium)
		have chromium || have chromium-browser || have google-chrome || have google-chrome-stable ||
			found "/Applications/Chromium.app/Contents/MacOS/Chromium" \
				"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
		;;
	fonts) # Chinese ones, without which pages are measured with empty boxes; macOS brings its own
		[ "$(uname)" = Darwin ] || { have fc-list && [ -n "$(fc-list :lang=zh family)" ]; }
		;;
	smtp-sink) # part of Postfix; not on every user's PATH
		have smtp-sink || found /usr/sbin/smtp-sink
		;;
	wrk) have wrk ;;
	*) usage ;;
	esac
}

packages= # for apt-get
formulas= # for brew
casks=
nowhere= # needs that Homebrew cannot meet
for need in "$@"; do
	if there "$need"; then
		continue
	fi
	case $need in
	postgres) packages="$packages postgresql" formulas="$formulas postgresql@15" ;;
	redis) packages="$packages redis-server" formulas="$formulas redis" ;;
	chromium) packages="$packages chromium" casks="$casks chromium" ;;
	fonts) packages="$packages fontconfig fonts-noto-cjk" ;;
	smtp-sink) packages="$packages postfix" nowhere="$nowhere smtp-sink" ;;
	wrk) packages="$packages wrk" formulas="$formulas wrk" ;;
	esac
done
[ -n "$packages" ] || exit 0

refuse() {
	echo "install.sh: missing:$packages. $1" >&2
	exit 1
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# RUNLEVEL=1 keeps the packages' own services from starting where there is no systemd.
apt() {
	as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
		apt-get -q -y -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 "$@"
}

with_apt() {
	if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null && ! { have sudo && [ -t 0 ]; }; then
		refuse "Run as root: apt-get update && apt-get install -y --no-install-recommends$packages"
	fi
	echo "install.sh: installing$packages" >&2

	# Only the programs are wanted: no cluster made and left running, no mail system set up. A choice
	# that the machine's owner has made already is left alone, and ours is taken back at the end.
	cluster=/etc/postgresql-common/createcluster.d
	case $packages in
	*postgresql*)
		if [ -e $cluster ]; then
			cluster=
		else
			as_root mkdir -p $cluster
			echo 'create_main_cluster = false' | as_root tee $cluster/devstack.conf >/dev/null
		fi
		;;
	*) cluster= ;;
	esac
	case $packages in
	*postfix*) echo 'postfix postfix/main_mailer_type select No configuration' | as_root debconf-set-selections ;;
	esac

	# The package lists may be missing or old; that shows only when the install fails.
	status=0
	# shellcheck disable=SC2086 # a list of words
	apt install --no-install-recommends $packages >/dev/null 2>&1 ||
		{ apt update && apt install --no-install-recommends $packages; } >&2 || status=$?
	[ -z "$cluster" ] || as_root rm -r $cluster
	return $status
}

with_brew() {
	[ -z "$nowhere" ] || refuse "Homebrew has no package for:$nowhere; build it from the Postfix sources."
	echo "install.sh: installing$formulas$casks" >&2
	# shellcheck disable=SC2086 # lists of words
	[ -z "$formulas" ] || brew install $formulas >&2
	# shellcheck disable=SC2086
	[ -z "$casks" ] || brew install --cask $casks >&2
}

if have apt-get; then
	# Ubuntu has Chromium under another name.
	if grep -q '^ID=ubuntu' /etc/os-release 2>/dev/null; then
		packages=$(echo "$packages" | sed 's/ chromium/ chromium-browser/')
	fi
	with_apt
elif have brew; then
	with_brew
else
	refuse "Neither apt-get nor brew is here: install these, or their like, by the means of this system."
fi
