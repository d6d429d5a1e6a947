# The coordinator that leads is killed: the other one leads within 20 s and repairs what happened meanwhile.
install_operator
make_cluster cache "$(image_of valkey 9)" 3
put_keys cache 300
first=$(leader) pod=$(leader); pod=${pod%_*}
lost=$(member cache 2 primary)
export NAMESPACE_OF_CASE=$NAMESPACE
kubectl config set-context --current --namespace "$E2E_SYSTEM_NAMESPACE" --kubeconfig "$KUBECONFIG" >/dev/null
kill_server "$pod" coordinator
kubectl config set-context --current --namespace "$NAMESPACE" --kubeconfig "$KUBECONFIG" >/dev/null
kubectl delete pod "$lost" --wait=false
is_led_by_another() { local now; now=$(leader); [ -n "$now" ] && [ "$now" != "$first" ] || { echo "still '$now'"; return 1; }; }
wait_until 20 "another one leads" is_led_by_another
wait_healthy cache 3
expect_keys cache 300

# Who asks the other one is told where to ask.
leads=$(leader); leads=${leads%_*}
stands_by=$(kubectl get pods --namespace "$E2E_SYSTEM_NAMESPACE" -l app.kubernetes.io/component=coordinator -o name | grep -v "$leads" | head -n 1)
kubectl exec "$leads" --namespace "$E2E_SYSTEM_NAMESPACE" -- shardkeeper status cache | grep "cache  Ready" || fail "the leader's own status"
names_the_leader() { { kubectl exec "$stands_by" --namespace "$E2E_SYSTEM_NAMESPACE" -- shardkeeper status 2>&1 || true; } | grep "this one stands by; $leads leads"; }
wait_until 30 "the standby names the leader" names_the_leader

# Ended in order, it gives the lead away at once.
first=$(leader)
kubectl delete pod "${first%_*}" --namespace "$E2E_SYSTEM_NAMESPACE" --wait=false
wait_until 5 "another one leads at once" is_led_by_another
