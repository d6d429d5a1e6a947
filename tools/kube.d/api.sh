# shellcheck shell=bash
# etcd and kube-apiserver; sourced.

start_etcd() {
  start etcd "$KUBE_ETCD" --data-dir "$D/etcd" --listen-client-urls "http://$1:2379" --advertise-client-urls "http://$1:2379" \
    --listen-peer-urls "http://$1:2380" --initial-advertise-peer-urls "http://$1:2380" --initial-cluster "default=http://$1:2380" --unsafe-no-fsync
}

start_apiserver() {   # ETCD_IP BIND_IP PORT [FLAG…]
  local etcd=$1 bind=$2 port=$3 p=$D/pki; shift 3
  start kube-apiserver "$KUBE_BIN/kube-apiserver" --etcd-servers "http://$etcd:2379" --bind-address "$bind" --secure-port "$port" \
    --tls-cert-file "$p/server.crt" --tls-private-key-file "$p/server.key" --client-ca-file "$p/ca.crt" --token-auth-file "$p/tokens.csv" \
    --service-account-key-file "$p/sa.pub" --service-account-signing-key-file "$p/sa.key" --service-account-issuer https://kubernetes.default.svc \
    --authorization-mode Node,RBAC --service-cluster-ip-range 10.96.0.0/16 --allow-privileged=true "$@"
}

api_is_ready() { curl --silent --fail --noproxy '*' --max-time 2 --cacert "$D/pki/ca.crt" --header 'Authorization: Bearer admintoken' "$1/readyz"; }

# An address 127.77.N.1 that no other API server on this machine has. The lock is held by whoever inherits descriptor 7, so it is free again
# when etcd and kube-apiserver have ended, however they ended.
claim_address() {
  local n locks=/run/lock/shardkeeper-kube
  [ -d "$locks" ] || mkdir -m 1777 "$locks" 2>/dev/null || true
  for n in $(seq 1 250); do
    exec 7>>"$locks/127.77.$n.1" || continue
    if flock -n 7; then ADDRESS=127.77.$n.1; return; fi
  done
  die "all addresses 127.77.1.1 to 127.77.250.1 are in use"
}

# Without controllers nobody makes service accounts, so pods may do without one.
up_api_only() {
  load_programs kube-apiserver
  claim_address
  start_etcd "$ADDRESS"
  make_pki "$ADDRESS"
  make_kubeconfigs "https://$ADDRESS:6443"
  start_apiserver "$ADDRESS" "$ADDRESS" 6443 --advertise-address "$ADDRESS" --endpoint-reconciler-type none --disable-admission-plugins ServiceAccount "$@"
  WATCH="etcd kube-apiserver" wait_for 120 "API server" api_is_ready "https://$ADDRESS:6443"
}
