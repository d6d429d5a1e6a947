# shellcheck shell=bash
# A cluster with workers, as seen from outside its namespaces; sourced.

up_cluster() {
  [ "$(id -u)" = 0 ] || die "workers need root; up --api-only does not"
  load_programs kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy
  local name; for name in "${KUBE_CONTAINERD:-containerd}" runc ctr ip unshare nsenter; do command -v "$name" >/dev/null || die "no $name: run tools/setup kube"; done
  mkdir -p "$D/images"
  "$TOOLS/images" --out "$D/images" pause >/dev/null
  [ -z "$IMAGES" ] || cp "$IMAGES"/*.tar "$D/images/"
  setsid unshare --net --mount --pid --fork --kill-child -- "$TOOLS/kube.d/cluster-init" "$D/" "$WORKERS" "$@" \
    </dev/null >>"$D/log/init.log" 2>&1 8>&- 9>&- &
  until [ -e "$D/run/ready" ]; do
    [ ! -e "$D/run/failed" ] && kill -0 $! 2>/dev/null || { cat "$D/log/init.log" >&2; die "the cluster did not come up (logs: $D/log)"; }
    sleep 0.1
  done
}

init_pid() {   # the cluster's first process, as numbered here
  local pid; pid=$(cat "$D/run/init" 2>/dev/null) && grep -qsaF -- "$D/" "/proc/$pid/cmdline" || die "no cluster is up in $D"
  echo "$pid"
}

# Into the network alone (files and processes stay those of the caller), or into all namespaces.
enter_network() { local pid; pid=$(init_pid) || exit; exec nsenter --target "$pid" --net -- "$@"; }
enter() { local pid; pid=$(init_pid) || exit; INSIDE=1 nsenter --target "$pid" --net --mount --pid -- "$@"; }

exec_inside() {
  load_programs
  [ -e "$D/run/init" ] || die "no cluster with workers is up in $D"
  export KUBECONFIG=$D/admin.conf PATH
  PATH=$(dirname "$KUBE_KUBECTL"):$(dirname "${KUBE_HELM:-$KUBE_KUBECTL}"):$PATH
  enter_network "$@"
}

load() {
  local worker
  [ $# -gt 0 ] || die "load what?"
  init_pid >/dev/null
  for worker in "$D"/worker[0-9]*; do load_into "${worker##*worker}" "$@"; done
}

# runc's cgroups outlive their processes. Containers that runc removed itself have none.
remove_cgroups() {
  local id path
  for id in "$D"/worker*/state/io.containerd.runtime.v2.task/k8s.io/*; do
    [ -e "$id" ] || continue
    for path in /sys/fs/cgroup/*/k8s.io/"${id##*/}" /sys/fs/cgroup/k8s.io/"${id##*/}"; do [ ! -d "$path" ] || rmdir "$path" 2>/dev/null || true; done
  done
  rmdir /sys/fs/cgroup/*/k8s.io /sys/fs/cgroup/k8s.io 2>/dev/null || true   # unless others have some
}
