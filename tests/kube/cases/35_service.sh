# A Service leads to the pod that it selects, from every worker, and follows a label from one pod to another.
image=$(image_of valkey 9)
for n in 1 2; do restricted_pod "server$n" "$image" "worker$n" valkey-server --protected-mode no --save ""; done
restricted_pod client "$image" worker3 valkey-server --protected-mode no --save ""
for pod in server1 server2 client; do wait_pod_phase $pod Running; done

kubectl create service clusterip primary --tcp=6379:6379 >/dev/null
kubectl patch service primary --patch '{"spec": {"selector": {"app": null, "role": "primary"}}}' >/dev/null
for n in 1 2; do kubectl exec "server$n" -- valkey-cli set name "server$n" >/dev/null; done
address=$(field service/primary .spec.clusterIP)
who() { kubectl exec "$1" -- valkey-cli -h "$address" get name; }

kubectl label pod server1 role=primary >/dev/null
wait_until 20 "the Service leads to server 1" value_is server1 who client
expect_equal "from the pod itself" server1 "$(who server1)"
kubectl label pod server1 role- >/dev/null; kubectl label pod server2 role=primary >/dev/null
wait_until 20 "the Service follows the label to server 2" value_is server2 who client
