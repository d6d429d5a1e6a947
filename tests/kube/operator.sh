# shellcheck shell=bash
# Shardkeeper itself, as a user has it: installed by the real helm, driven by the real kubectl. Sourced by lib.sh.

export E2E_SYSTEM_NAMESPACE=shardkeeper-system

# Installs the chart, or leaves it as it is: every case can run alone.
install_operator() {
  helm status shardkeeper --namespace "$E2E_SYSTEM_NAMESPACE" >/dev/null 2>&1 && return
  helm install shardkeeper deploy/helm/shardkeeper --namespace "$E2E_SYSTEM_NAMESPACE" --create-namespace --wait --timeout 90s
}

# cluster_object NAME IMAGE SHARDS [LINE…]: a ValkeyCluster with one replica a shard; further lines of its spec.
cluster_object() {
  local name=$1 image=$2 shards=$3; shift 3
  printf '%s\n' "apiVersion: shardkeeper.io/v1alpha1" "kind: ValkeyCluster" "metadata: {name: $name}" "spec:" "  image: $image" "  shards: $shards" \
    "  replicasPerShard: 1" "${@/#/  }"
}

make_cluster() { cluster_object "$@" | kubectl apply -f - && wait_healthy "$1" "$3"; }   # as cluster_object

condition() { field "valkeycluster/$1" ".status.conditions[?(@.type=='$2')].$3"; }   # NAME TYPE FIELD

# is_healthy NAME SHARDS: its status says so for the present spec, and every pod is there and Ready for Kubernetes, too.
is_healthy() {
  local said pods ready generation
  generation=$(field "valkeycluster/$1" .metadata.generation)
  said=$(kubectl get valkeycluster "$1" -o json | jq -r '.status as $s | $s.conditions[] | select(.type == "Ready") | "\(.status) \(.reason) \(.observedGeneration) \($s.readyShards) \($s.slots)"')
  [ "$said" = "True Healthy $generation $2 16384" ] || { echo "its status: '$said' at generation $generation"; return 1; }
  pods=$(servers "$1" | wc -l)
  ready=$(kubectl get pods -l "shardkeeper.io/cluster=$1" -o json | jq '[.items[] | select(.metadata.deletionTimestamp == null) | .status.conditions[] | select(.type == "Ready" and .status == "True")] | length')
  [ "$pods $ready" = "$((2 * $2)) $((2 * $2))" ] || { echo "$pods pods, $ready of them Ready, instead of $((2 * $2))"; return 1; }
}
wait_healthy() { wait_until "${3:-90}" "cluster $1 is healthy with $2 shards" is_healthy "$1" "$2"; }

servers() { kubectl get pods -l "shardkeeper.io/cluster=$1" -o json | jq -r '.items[] | select(.metadata.deletionTimestamp == null) | .metadata.name'; }
# member NAME SHARD ROLE: the pod.
member() { kubectl get pods -l "shardkeeper.io/cluster=$1,shardkeeper.io/shard=$2,shardkeeper.io/role=$3" -o 'jsonpath={.items[0].metadata.name}'; }
shard_of() { field "pod/$1" '.metadata.labels.shardkeeper\.io/shard'; }

# through_service NAME: valkey-cli commands from standard input, by way of the Service for clients, from the first pod.
through_service() {
  local address; address=$(field "service/$1" .spec.clusterIP)
  kubectl exec -i "$(servers "$1" | head -n 1)" -c valkey -- valkey-cli -c -h "$address" | grep -v '^-> Redirected'
}
# put_keys NAME COUNT; every write must be acknowledged.
put_keys() { expect_equal "keys acknowledged" "$2" "$(seq 1 "$2" | sed 's/.*/SET key:& value:&/' | through_service "$1" | grep -c '^OK$')"; }
keys_right() { seq 1 "$2" | sed 's/.*/GET key:&/' | through_service "$1" | awk '$0 == "value:" NR' | wc -l; }
expect_keys() { wait_until 15 "all keys are there" value_is "$2" keys_right "$1" "$2"; }   # NAME COUNT

leader() { kubectl get lease shardkeeper-coordinator --namespace "$E2E_SYSTEM_NAMESPACE" -o 'jsonpath={.spec.holderIdentity}'; }
