# shellcheck shell=bash
# What all parts of tools/kube share; sourced. $D is the state folder, an absolute path.

say() { printf '%s\n' "kube: $*" >&2; }
die() { say "error: $*"; exit 1; }

load_programs() {   # KUBE_BIN, KUBE_ETCD, KUBE_KUBECTL, KUBE_HELM; what the caller has set stays
  local line
  while IFS= read -r line; do export "${line?}"; done < <("$TOOLS/setup" kube-env)
  local name
  for name in "$@"; do
    [ -x "${KUBE_BIN:-}/$name" ] || die "no $name in KUBE_BIN=${KUBE_BIN:-}: run tools/setup kube (or kube-api, for up --api-only)"
  done
  [ -n "${KUBE_ETCD:-}" ] && [ -n "${KUBE_KUBECTL:-}" ] || die "etcd or kubectl is missing: run tools/setup kube"
}

# start NAME COMMAND…: in the background, without the caller's terminal and pipes. log/NAME.log, run/NAME.pid, and run/NAME.command for `start`.
# Descriptor 7 is inherited on purpose: it is the lock that says that this folder, or this address, is in use.
start() {
  local name=$1; shift
  printf '%q ' "$@" >"$D/run/$name.command"
  setsid ${PDEATHSIG:+setpriv --pdeathsig KILL} nohup "$@" </dev/null >>"$D/log/$name.log" 2>&1 8>&- 9>&- &
  echo $! >"$D/run/$name.pid"
  disown   # bash need not tell that it was killed
}

is_running() {
  local pid; pid=$(cat "$D/run/$1.pid" 2>/dev/null) || return
  is_of_folder "$pid" || { sleep 0.1; is_of_folder "$pid"; }   # while it becomes another program its command line is empty
}
is_of_folder() { [ -d "/proc/$1" ] && grep -qsaF -- "$D/" "/proc/$1/cmdline"; }

# wait_for SECONDS WHAT COMMAND…: until it succeeds. Ends early when a component that is named in $WATCH has ended.
wait_for() {
  local deadline=$((SECONDS + $1)) what=$2 name; shift 2
  until "$@" >/dev/null 2>&1; do
    for name in ${WATCH:-}; do
      is_running "$name" || { tail -n 15 "$D/log/$name.log" >&2; die "$name ended while waiting for $what (whole log: $D/log/$name.log)"; }
    done
    [ "$SECONDS" -lt "$deadline" ] || { for name in ${WATCH:-}; do tail -n 15 "$D/log/$name.log" >&2; done; die "no $what in time (logs: $D/log)"; }
    sleep 0.2
  done
}

# Processes that were started for this folder: their command line names it. By name too, since a pager may show one of its logs.
processes_of_folder() {
  local pid comm
  grep -lsaF -- "$D/" /proc/[0-9]*/cmdline | sed 's|/proc/||;s|/cmdline||' | while read -r pid; do
    comm=$(cat "/proc/$pid/comm" 2>/dev/null) || continue
    case $comm in etcd|kube-*|kubelet|containerd|containerd-shim*|cluster-init|unshare) echo "$pid" ;; esac
  done
}

kill_processes_of_folder() {
  local pids deadline=$((SECONDS + 20))
  while pids=$(processes_of_folder); [ -n "$pids" ]; do
    # shellcheck disable=SC2086
    kill -KILL $pids 2>/dev/null || true   # the API server would drain for a minute
    [ "$SECONDS" -lt "$deadline" ] || die "cannot end processes: $pids"
    sleep 0.05
  done
}
