# Three workers are Ready, in three zones, and run the version that was asked for.
workers() { kubectl get nodes -o "jsonpath={range .items[*]}{.metadata.name} {.status.conditions[?(@.type=='Ready')].status} {.metadata.labels.topology\.kubernetes\.io/zone}{'\n'}{end}"; }

expect_equal "workers, Ready, zone" "worker1 True zone1
worker2 True zone2
worker3 True zone3" "$(workers)"

wanted=$("$KUBE_BIN/kubelet" --version); wanted=${wanted#Kubernetes }
expect_equal "the API server's version" "$wanted" "$(kubectl version -o json | jq -r .serverVersion.gitVersion)"
expect_equal "the kubelet's version" "$wanted" "$(field node/worker1 .status.nodeInfo.kubeletVersion)"
expect_match "helm speaks to it" '^\[\]$' "$(helm list --all-namespaces --output json)"
