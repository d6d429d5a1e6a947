# What cannot be is refused with its field, or becomes a condition; the running cluster is left as it is; correcting the object heals it.
install_operator
image=$(image_of valkey 9)
refused() {   # WHAT REGEX LINE…
  local what=$1 pattern=$2 words; shift 2
  words=$(cluster_object bad "$image" 3 "$@" | kubectl apply -f - 2>&1) && fail "$what was taken"
  expect_match "why $what is refused" "$pattern" "$words"
}
words=$(cluster_object bad "$image" 2 | kubectl apply -f - 2>&1) && fail "two shards were taken"
expect_match "why two shards are refused" 'spec\.shards' "$words"
refused "an unknown field" 'hostNetwork' "hostNetwork: true"
refused "a wrong quantity" 'memory' "resources: {limits: {memory: 1GB}}"

# A setting that is ours: taken by this API server (no CEL before 1.25), then said.
make_cluster cache "$image" 3
put_keys cache 200
before=$(servers cache)
kubectl patch valkeycluster cache --type=merge --patch '{"spec": {"config": {"appendonly": "yes"}}}' || true
if [ "$(field valkeycluster/cache .spec.config.appendonly)" = yes ]; then
  said() { kubectl get valkeycluster cache -o json | jq -r '.status.conditions[] | "\(.type) \(.status) \(.reason) \(.message)"'; }
  names_it() { said | grep -q appendonly || { said; return 1; }; }
  wait_until 20 "a condition names the setting" names_it
  kubectl patch valkeycluster cache --type=json --patch '[{"op": "remove", "path": "/spec/config/appendonly"}]'
fi
wait_healthy cache 3
expect_equal "the servers" "$before" "$(servers cache)"
expect_keys cache 200

# What only its pods can tell: an image that no worker has, a setting that the server does not know. Corrected, they heal without further help.
says() { kubectl get valkeycluster "$1" -o json | jq -r '.status.conditions[]? | "\(.type) \(.status) \(.reason) \(.message)"' | grep "$2" || { kubectl get valkeycluster "$1" -o json | jq -c .status.conditions; return 1; }; }   # NAME REGEX
cluster_object lost localhost/valkey:9.1.99 1 | kubectl apply -f -
cluster_object odd "$image" 1 'config: {no-such-setting: "1"}' | kubectl apply -f -
wait_until 60 "the status says that the image cannot be had" says lost 'ErrImage\|ImagePull'
wait_until 60 "the status says that the server does not start" says odd 'PodTrouble.*no-such-setting\|PodTrouble.*CrashLoopBackOff'
cluster_object lost "$image" 1 | kubectl apply -f -
cluster_object odd "$image" 1 | kubectl apply -f -
wait_healthy lost 1
wait_healthy odd 1
