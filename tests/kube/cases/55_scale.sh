# kubectl scale adds a shard and takes one away again; keys stay and slots are even. Two shards are refused.
install_operator
make_cluster cache "$(image_of valkey 9)" 3
put_keys cache 500
kubectl scale valkeycluster cache --replicas=4
wait_healthy cache 4
expect_equal "slots of the four shards" "4096 4096 4096 4096" "$(field valkeycluster/cache '.status.shardSummary[*].slots')"
expect_keys cache 500
words=$(kubectl scale valkeycluster cache --replicas=2 2>&1) && fail "two shards were taken"
expect_match "why two shards cannot be" 'spec\.shards' "$words"
kubectl scale valkeycluster cache --replicas=3
wait_healthy cache 3
expect_keys cache 500
expect_equal "budgets" 3 "$(kubectl get poddisruptionbudgets --no-headers | wc -l)"
