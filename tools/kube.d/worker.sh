# shellcheck shell=bash
# One worker: a containerd and a kubelet with everything of their own; sourced.

# Settings that a kubelet and containerd need to share a machine with others of their kind, without systemd and with fewer capabilities than
# on a machine of their own.
prepare_worker() {
  local n=$1 w=$D/worker$1
  mkdir -p "$w/cni"
  ip address add "10.99.0.$n/32" dev sk-workers
  cat >"$w/containerd.toml" <<X
version = 2
root = "$w/root"
state = "$w/state"
[grpc]
  address = "$w/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "$w/opt"
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true   # a negative one needs CAP_SYS_RESOURCE
  sandbox_image = "localhost/pause:1"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$w/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
X
  # Every worker's plugin uses the same bridge, so pods of all workers and the API server reach each other.
  cat >"$w/cni/10-pods.conflist" <<X
{"cniVersion": "0.4.0", "name": "worker$n", "plugins": [
  {"type": "bridge", "bridge": "sk-pods", "isGateway": true, "ipMasq": false, "hairpinMode": true,
   "ipam": {"type": "host-local", "dataDir": "$w/ipam", "routes": [{"dst": "0.0.0.0/0"}],
            "ranges": [[{"subnet": "10.88.0.0/16", "rangeStart": "10.88.$n.2", "rangeEnd": "10.88.$n.250", "gateway": "10.88.0.1"}]]}}]}
X
  cat >"$w/kubelet.yaml" <<X
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
cgroupDriver: cgroupfs
cgroupsPerQOS: false
enforceNodeAllocatable: []
makeIPTablesUtilChains: false
volumePluginDir: $w/plugins
failSwapOn: false
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
address: 10.99.0.$n
healthzPort: 0
readOnlyPort: 0
nodeStatusUpdateFrequency: 4s
syncFrequency: 10s   # looks at Secrets of pods as often
evictionHard: {memory.available: 50Mi, nodefs.available: 1%, imagefs.available: 1%}
X
  # From 1.31 on a kubelet refuses cgroup v1 unless told; older ones refuse the setting.
  [ "$(kubelet_minor)" -lt 31 ] || echo "failCgroupV1: false" >>"$w/kubelet.yaml"
}

kubelet_minor() { "$KUBE_BIN/kubelet" --version | sed 's/^Kubernetes v1\.\([0-9]*\).*/\1/'; }

# Paths that no setting moves are every worker's own, in a mount namespace that a process of its own holds: a kubelet deletes logs of pods that it
# does not know, and nothing is left on the machine. Logs lie in log/pods/workerN.
start_mounts() {
  local n=$1
  mkdir -p "$D/log/pods/worker$n"
  # shellcheck disable=SC2016
  start "worker$n-mounts" unshare --mount --propagation private -- bash -euc '
    mkdir -p /var/log/pods; mount --bind "$1" /var/log/pods
    for path in /run/netns /run/containerd /var/lib/cni /var/lib/kubelet /var/log/containers; do mkdir -p "$path"; mount -t tmpfs tmpfs "$path"; done
    mount --make-rshared /   # pods may ask for volumes whose mounts they share
    touch "$2"; exec -a "$2" sleep infinity' - "$D/log/pods/worker$n" "$D/worker$n/mounts"
  WATCH="worker$n-mounts" wait_for 20 "mounts of worker $n" test -e "$D/worker$n/mounts"
}

# start_on WORKER NAME COMMAND…
start_on() { local n=$1 name=$2; shift 2; start "worker$n-$name" nsenter --target "$(cat "$D/run/worker$n-mounts.pid")" --mount -- "$@"; }

start_containerd() { start_on "$1" containerd "${KUBE_CONTAINERD:-containerd}" -c "$D/worker$1/containerd.toml"; }

ctr_of() { local n=$1; shift; ctr --address "$D/worker$n/containerd.sock" --namespace k8s.io "$@"; }

load_into() {   # WORKER TAR…
  local n=$1 tar; shift
  wait_for 30 "containerd of worker $n" ctr_of "$n" version
  for tar in "$@"; do ctr_of "$n" images import "$tar" >/dev/null || die "worker $n cannot load $tar"; done
}

start_kubelet() {
  local n=$1 w=$D/worker$1 runtime=()
  [ "$(kubelet_minor)" -ge 24 ] || runtime=(--container-runtime remote)   # it was docker by default, and the flag is gone from 1.27 on
  start_on "$n" kubelet "$KUBE_BIN/kubelet" --config "$w/kubelet.yaml" --kubeconfig "$D/admin.conf" "${runtime[@]}" \
    --container-runtime-endpoint "unix://$w/containerd.sock" --hostname-override "worker$n" --root-dir "$w/kubelet" --cert-dir "$w/certificates" \
    --node-ip "10.99.0.$n" --node-labels "topology.kubernetes.io/zone=zone$(((n - 1) % 3 + 1))"
}
