# A worker whose kubelet ends is NotReady while its pod lives on, and comes back.
image=$(image_of valkey 8)
restricted_pod server "$image" worker3 valkey-server --port 6379 --protected-mode no --save ""
restricted_pod client "$image" worker1 valkey-server --port 6379 --protected-mode no --save ""
wait_pod_phase server Running; wait_pod_phase client Running

ready() { field node/worker3 ".status.conditions[?(@.type=='Ready')].status"; }
cluster stop worker3-kubelet
trap 'cluster start worker3-kubelet >/dev/null 2>&1 || true' EXIT
wait_until 60 "worker 3 is seen as lost" value_is Unknown ready
expect_equal "its pod answers all the same" PONG "$(kubectl exec client -- valkey-cli -h "$(field pod/server .status.podIP)" ping)"
cluster start worker3-kubelet
wait_until 30 "worker 3 is back" value_is True ready
