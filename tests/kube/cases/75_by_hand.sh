# Objects of ours that somebody deletes are put back, and the servers do not mind.
install_operator
make_cluster cache "$(image_of valkey 9)" 3
put_keys cache 200
before=$(servers cache)
mine() { kubectl get services,secrets,networkpolicies,poddisruptionbudgets -l shardkeeper.io/cluster=cache -o name | sort; }
wanted=$(mine)
expect_equal "objects of the cluster" 8 "$(echo "$wanted" | wc -l)"
# shellcheck disable=SC2086
kubectl delete $wanted
wait_until 30 "all are back" value_is "$wanted" mine
wait_healthy cache 3
expect_equal "the servers" "$before" "$(servers cache)"
expect_keys cache 200
