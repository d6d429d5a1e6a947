# spec.tls: clients, bus and replication speak TLS and nothing else; slots move over it; a Secret is followed live, a bad one never.
install_operator
authority() {   # NAME: a new one in the folder NAME
  mkdir -p "$CASE_FOLDER/$1"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj "/CN=$1" \
    -keyout "$CASE_FOLDER/$1/ca.key" -out "$CASE_FOLDER/$1/ca.crt" 2>/dev/null
}
certificate() {   # FOLDER SUBJECT: signed by its authority
  (cd "$CASE_FOLDER/$1" && openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$2" -keyout tls.key -out tls.csr 2>/dev/null &&
    openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out tls.crt 2>/dev/null)
}
secret() {   # FOLDER: what it holds becomes the Secret
  kubectl create secret generic cache-tls --type=kubernetes.io/tls --from-file="$CASE_FOLDER/$1/ca.crt" --from-file="$CASE_FOLDER/$1/tls.crt" \
    --from-file="$CASE_FOLDER/$1/tls.key" --dry-run=client -o yaml | kubectl apply -f - >/dev/null
}
# over_tls POD COMMAND…: with the certificate that the pod itself has.
over_tls() {
  local pod=$1 at=/etc/shardkeeper/server-tls; shift
  kubectl exec "$pod" -c valkey -- valkey-cli -c -h "$(field "pod/$pod" .status.podIP)" --tls --cacert $at/ca.crt --cert $at/tls.crt --key $at/tls.key "$@"
}
subject_served_by() {   # POD
  { timeout 5 openssl s_client -connect "$(field "pod/$1" .status.podIP):6379" </dev/null 2>/dev/null || true; } | openssl x509 -noout -subject | sed 's/.*CN *= *//'
}
authority one
certificate one first
secret one
make_cluster cache "$(image_of valkey 9)" 3 'tls: {secretName: cache-tls}'
before=$(servers cache)
pod=$(head -n 1 <<<"$before")
for i in $(seq 20); do expect_equal "SET key:$i" OK "$(over_tls "$pod" set "key:$i" "value:$i")"; done
plain=$(kubectl exec "$pod" -c valkey -- valkey-cli -h "$(field "pod/$pod" .status.podIP)" ping 2>&1) || true
[ "$plain" != PONG ] || fail "plain text is answered"
for each in $before; do expect_equal "the certificate of $each" first "$(subject_served_by "$each")"; done

kubectl scale valkeycluster cache --replicas=4
wait_healthy cache 4 120
for i in $(seq 20); do expect_equal "GET key:$i" "value:$i" "$(over_tls "$pod" get "key:$i")"; done

certificate one second
secret one
renewed() { local each; for each in $before; do value_is second subject_served_by "$each" || return; done; }
wait_until 150 "the renewed certificate is served everywhere" renewed   # kubelets look at Secrets once a minute
kubectl patch secret cache-tls --type=merge --patch '{"data": {"tls.crt": "bm8gY2VydGlmaWNhdGU="}}' >/dev/null
wait_until 150 "the bad certificate is said" value_is TlsRejected condition cache UpToDate reason
expect_match "which file, and why" 'tls\.crt: is no PEM certificate' "$(condition cache UpToDate message)"
expect_equal "what is served meanwhile" second "$(subject_served_by "$pod")"
secret one
wait_until 150 "corrected" value_is True condition cache UpToDate status
for each in $before; do expect_equal "restarts of $each" 0 "$(restarts_of "$each" valkey)"; done
