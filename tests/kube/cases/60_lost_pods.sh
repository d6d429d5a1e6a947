# A primary's pod that is deleted, and a primary's server killed with SIGKILL, are replaced by their replicas; no key is lost.
install_operator
make_cluster cache "$(image_of valkey 8)" 3
put_keys cache 500

lost=$(member cache 0 primary) heir=$(member cache 0 replica)
kubectl delete pod "$lost" --wait=false
wait_until 30 "the replica is shard 0's primary" value_is "$heir" member cache 0 primary
wait_healthy cache 3
expect_keys cache 500

killed=$(member cache 1 primary) heir=$(member cache 1 replica)
kill_server "$killed" valkey
wait_until 30 "the replica is shard 1's primary" value_is "$heir" member cache 1 primary
wait_until 60 "the killed server starts again, as a replica" value_is "$killed" member cache 1 replica
wait_healthy cache 3
expect_equal "starts of the killed server's container" 1 "$(restarts_of "$killed" valkey)"
expect_keys cache 500
