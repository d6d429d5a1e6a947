# A deleted cluster leaves nothing; an uninstalled chart leaves the CRD alone.
install_operator
make_cluster cache "$(image_of valkey 9)" 3
kubectl delete valkeycluster cache --wait=true
nothing_left() { local left; left=$(kubectl get pods,services,secrets,networkpolicies,poddisruptionbudgets,configmaps -l shardkeeper.io/cluster -o name); [ -z "$left" ] || { echo "$left"; return 1; }; }
wait_until 120 "nothing of the cluster is left" nothing_left   # a kubelet of 1.20 sees some ends of containers a minute late

kubectl delete valkeyclusters --all --all-namespaces
helm uninstall shardkeeper --namespace "$E2E_SYSTEM_NAMESPACE" --wait
left() { kubectl get deployments,services,serviceaccounts,poddisruptionbudgets,roles,rolebindings,configmaps --namespace "$E2E_SYSTEM_NAMESPACE" -o name | grep shardkeeper || true; kubectl get clusterroles,clusterrolebindings -o name | grep shardkeeper || true; }
wait_until 30 "nothing of the chart is left" value_is "" left
expect_equal "the CRD stays" valkeyclusters.shardkeeper.io "$(kubectl get crd -o json | jq -r '.items[].metadata.name' | grep valkeyclusters)"
