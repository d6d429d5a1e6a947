# shellcheck shell=bash
# What cases use; sourced. Every check says what it wanted and what it got, and ends the case when it does not hold.

cluster() { local verb=$1; shift; tools/kube "$verb" --dir "$E2E_CLUSTER" "$@"; }

fail() { echo "FAILED: $*" >&2; exit 1; }

expect_equal() { [ "$2" = "$3" ] || fail "$1: expected '$2', got '$3'"; }        # WHAT EXPECTED ACTUAL
expect_match() { [[ $3 =~ $2 ]] || fail "$1: expected something like '$2', got '$3'"; }   # WHAT REGEX ACTUAL

# wait_until SECONDS WHAT COMMAND…: tries again until it succeeds; shows its last words when it never does.
wait_until() {
  local deadline=$((SECONDS + $1)) what=$2 words; shift 2
  until words=$("$@" 2>&1); do
    [ "$SECONDS" -lt "$deadline" ] || fail "$what: not in time; last: $words"
    sleep 0.3
  done
}

# value_is EXPECTED COMMAND…: for wait_until.
value_is() {
  local expected=$1 actual; shift
  actual=$("$@") || return
  [ "$actual" = "$expected" ] || { echo "'$actual' instead of '$expected'"; return 1; }
}

begin_case() {
  kubectl create namespace "$NAMESPACE" >/dev/null
  kubectl label namespace "$NAMESPACE" pod-security.kubernetes.io/enforce=restricted >/dev/null   # from 1.23 on
  kubectl config set-context --current --namespace "$NAMESPACE" --kubeconfig "$KUBECONFIG" >/dev/null
}

field() { kubectl get "$1" -o "jsonpath={$2}"; }   # KIND/NAME JSONPATH

image_of() {   # shardkeeper, or valkey MAJOR: the name of an image that was loaded
  sed -n "s|^localhost/$1:${2:-}.*|&|p" "$E2E_IMAGES" | sort -V | tail -n 1
}

# restricted_pod NAME IMAGE WORKER COMMAND…: one container `main` that meets Pod Security "restricted", on the worker given ("" for any).
restricted_pod() {
  local name=$1 image=$2 worker=$3; shift 3
  jq -n --arg name "$name" --arg image "$image" --arg worker "$worker" '$ARGS.positional as $command |
    {apiVersion: "v1", kind: "Pod", metadata: {name: $name, labels: {app: $name}},
     spec: {restartPolicy: "OnFailure", terminationGracePeriodSeconds: 1, automountServiceAccountToken: false,
            nodeSelector: (if $worker == "" then {} else {"kubernetes.io/hostname": $worker} end),
            securityContext: {runAsNonRoot: true, seccompProfile: {type: "RuntimeDefault"}},
            containers: [{name: "main", image: $image, imagePullPolicy: "Never", command: $command,
                          securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: ["ALL"]}}}]}}' \
    --args -- "$@" | kubectl apply -f - >/dev/null
}

wait_pod_phase() { wait_until "${3:-60}" "pod $1 is $2" value_is "$2" field "pod/$1" .status.phase; }

# kill_server POD CONTAINER: SIGKILL to its first process, as the kernel would do it; the kubelet learns of it afterwards.
kill_server() {
  local worker id
  worker=$(field "pod/$1" .spec.nodeName)
  id=$(field "pod/$1" ".status.containerStatuses[?(@.name==\"$2\")].containerID")
  cluster ctr "${worker#worker}" task kill --signal SIGKILL "${id#containerd://}"
}

restarts_of() { field "pod/$1" ".status.containerStatuses[?(@.name==\"$2\")].restartCount"; }

collect_case() {   # everything that may explain a failure, from the case's namespace and the coordinator's
  local namespace pod folder
  for namespace in "$NAMESPACE" ${E2E_SYSTEM_NAMESPACE:-}; do
    folder=$CASE_FOLDER/$namespace; mkdir -p "$folder"
    kubectl get events --namespace "$namespace" --sort-by=.lastTimestamp >"$folder/events" 2>&1
    kubectl get pods --namespace "$namespace" -o wide >"$folder/pods" 2>&1
    kubectl get all,configmaps,poddisruptionbudgets --namespace "$namespace" -o yaml >"$folder/objects.yaml" 2>&1
    for pod in $(kubectl get pods --namespace "$namespace" -o name 2>/dev/null); do
      kubectl logs --namespace "$namespace" "$pod" --all-containers --prefix --tail=2000 >"$folder/${pod#pod/}.log" 2>&1
      kubectl logs --namespace "$namespace" "$pod" --all-containers --prefix --previous --tail=2000 >"$folder/${pod#pod/}.previous.log" 2>/dev/null ||
        rm -f "$folder/${pod#pod/}.previous.log"
    done
  done
  kubectl get nodes -o wide >"$CASE_FOLDER/nodes" 2>&1
}

show_case() {
  local file
  for file in "$CASE_FOLDER"/*/pods "$CASE_FOLDER"/*/events "$CASE_FOLDER"/*/*.log; do
    [ -s "$file" ] || continue
    echo "--- ${file#"$CASE_FOLDER/"}"; tail -n 12 "$file"
  done
}

# shellcheck source=operator.sh
. "$(dirname "${BASH_SOURCE[0]}")/operator.sh"
