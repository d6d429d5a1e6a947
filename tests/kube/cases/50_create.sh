# Eight lines make a good cluster: Ready by probe and gate, shards over workers, primaries even, one budget a shard, writes through the Service.
install_operator
kubectl apply -f deploy/samples/minimal.yaml
wait_healthy cache 3 60

expect_match "kubectl get vkc" '^cache +True +3 +16384 +1\.00 +Healthy +[0-9]+s$' "$(kubectl get vkc cache --no-headers)"
for type in Ready SlotsAssigned UpToDate Balanced; do expect_equal "condition $type" True "$(condition cache $type status)"; done
for type in Progressing Degraded; do expect_equal "condition $type" False "$(condition cache $type status)"; done
expect_equal "gates that are open" 6 "$(kubectl get pods -o json | jq '[.items[].status.conditions[] | select(.type == "shardkeeper.io/in-cluster" and .status == "True")] | length')"
expect_equal "primaries on each worker" "1 1 1" "$(kubectl get pods -l shardkeeper.io/role=primary -o json | jq -r '[.items[].spec.nodeName] | group_by(.) | map(length) | join(" ")')"
for shard in 0 1 2; do
  expect_equal "workers of shard $shard" 2 "$(kubectl get pods -l shardkeeper.io/shard=$shard -o json | jq '[.items[].spec.nodeName] | unique | length')"
  expect_equal "budget of shard $shard" "2 2" "$(field poddisruptionbudget/cache-shard-$shard .spec.minAvailable) $(field poddisruptionbudget/cache-shard-$shard .status.currentHealthy)"
done
expect_equal "owners of the pods" ValkeyCluster "$(kubectl get pods -o json | jq -r '[.items[].metadata.ownerReferences[] | select(.controller) | .kind] | unique | join(" ")')"
# What an HPA multiplies by: the selector matches the primaries alone.
expect_equal "pods of the scale subresource" 3 "$(kubectl get pods -l "$(kubectl get --raw "/apis/shardkeeper.io/v1alpha1/namespaces/$NAMESPACE/valkeyclusters/cache/scale" | jq -r .status.selector)" --no-headers | wc -l)"
put_keys cache 500
expect_keys cache 500

# Nothing is written where nothing changes.
written() { kubectl get vkc,pods,services,secrets,networkpolicies,poddisruptionbudgets,endpoints -o json | jq -r '.items[] | "\(.kind)/\(.metadata.name) \(.metadata.resourceVersion)"'; }
settled() { local before; before=$(written); sleep 3; [ "$before" = "$(written)" ] || { diff <(echo "$before") <(written); return 1; }; }
wait_until 30 "its objects rest" settled
before=$(written); sleep 15
expect_equal "objects written in 15 s at rest" "$before" "$(written)"
