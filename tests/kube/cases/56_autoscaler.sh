# A HorizontalPodAutoscaler counts primaries and nothing else: at 0.8 of its target it never raises shards, above it it does, and slots follow.
install_operator
make_cluster cache "$(image_of valkey 9)" 3
put_keys cache 300
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=metrics -keyout "$CASE_FOLDER/metrics.key" \
  -out "$CASE_FOLDER/metrics.crt" 2>/dev/null
echo 80Mi >"$CASE_FOLDER/used"
tests/kube/metrics_server.py 7443 "$CASE_FOLDER/metrics.crt" "$CASE_FOLDER/metrics.key" "$CASE_FOLDER/used" >"$CASE_FOLDER/metrics.log" 2>&1 &
metrics=$!
trap 'kill "$metrics"; kubectl delete apiservice v1beta1.metrics.k8s.io --ignore-not-found >/dev/null' EXIT
version=v2; kubectl api-versions | grep -qx autoscaling/v2 || version=v2beta2   # until 1.23
kubectl apply -f - <<END
apiVersion: v1
kind: Service
metadata: {name: metrics}
spec: {type: ExternalName, externalName: 127.0.0.1, ports: [{port: 7443}]}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1beta1.metrics.k8s.io}
spec:
  group: metrics.k8s.io
  version: v1beta1
  groupPriorityMinimum: 100
  versionPriority: 100
  insecureSkipTLSVerify: true
  service: {name: metrics, namespace: $NAMESPACE, port: 7443}
---
apiVersion: autoscaling/$version
kind: HorizontalPodAutoscaler
metadata: {name: cache}
spec:
  scaleTargetRef: {apiVersion: shardkeeper.io/v1alpha1, kind: ValkeyCluster, name: cache}
  minReplicas: 3
  maxReplicas: 4
  metrics:
    - {type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 100Mi}}}
END
hpa() { kubectl get --raw "/apis/autoscaling/$version/namespaces/$NAMESPACE/horizontalpodautoscalers/cache" | jq -r "$1"; }
wait_until 60 "the autoscaler measures" value_is $((80 * 1024 * 1024)) hpa '.status.currentMetrics[0].resource.current.averageValue'
expect_equal "pods that it counts" 3 "$(hpa .status.currentReplicas)"
looks() { grep -c ': 3 pods' "$CASE_FOLDER/metrics.log"; }
looked_often() { [ "$(looks)" -ge 5 ] || { echo "$(looks) times"; return 1; }; }
wait_until 60 "it has looked five times" looked_often
expect_equal "what it wants at 0.8 of the target" 3 "$(hpa .status.desiredReplicas)"
expect_equal "shards" 3 "$(field valkeycluster/cache .spec.shards)"

echo 180Mi >"$CASE_FOLDER/used"
wait_until 60 "it asks for a shard more" value_is 4 field valkeycluster/cache .spec.shards
wait_healthy cache 4 120
expect_keys cache 300
