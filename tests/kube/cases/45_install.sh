# The chart installs by the real helm under Pod Security "restricted": two coordinators are Ready, one of them leads.
install_operator
expect_equal "coordinators that are Ready" 2 "$(kubectl get deployment shardkeeper --namespace "$E2E_SYSTEM_NAMESPACE" -o 'jsonpath={.status.readyReplicas}')"
wait_until 20 "a coordinator leads" expect_match "who leads" '^shardkeeper-' "$(leader)"
expect_match "the CRD's short name" 'vkc' "$(kubectl api-resources --api-group=shardkeeper.io --no-headers)"
expect_equal "workers of the two" 2 "$(kubectl get pods --namespace "$E2E_SYSTEM_NAMESPACE" -o json | jq '[.items[].spec.nodeName] | unique | length')"
