# spec.agentTls: another authority signs the certificates between coordinator and agents; waited for, announced before it signs when it changes.
install_operator
authority() {   # NAME: a new one in a Secret of cert-manager's form, without the label
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj "/CN=$1" \
    -keyout "$CASE_FOLDER/tls.key" -out "$CASE_FOLDER/tls.crt" 2>/dev/null
  kubectl create secret generic agents-authority --type=kubernetes.io/tls --from-file="$CASE_FOLDER/tls.crt" --from-file="$CASE_FOLDER/tls.key" \
    --dry-run=client -o yaml | kubectl apply -f - >/dev/null
}
signer() {   # POD: of what its agent shows
  { timeout 5 openssl s_client -connect "$(field "pod/$1" .status.podIP):9780" </dev/null 2>/dev/null || true; } | openssl x509 -noout -issuer | sed 's/.*CN *= *//'
}
trusted_by_agents() { field secret/cache-agents '.data.ca\.crt' | base64 -d | openssl storeutl -noout -text -certs /dev/stdin | sed -n 's/.*Subject: CN *= *//p' | paste -sd' '; }

authority one
cluster_object cache "$(image_of valkey 9)" 3 'agentTls: {authoritySecretName: agents-authority}' | kubectl apply -f - >/dev/null
# The name may be taken by the last case's cluster for a moment.
is_said() { grep 'Secret agents-authority: .* label shardkeeper.io/certificate-authority=true' <<<"$(condition cache Ready message)"; }
wait_until 60 "what the cluster waits for is said, with the way out" is_said
expect_equal "Ready meanwhile" False "$(condition cache Ready status)"
kubectl label secret agents-authority shardkeeper.io/certificate-authority=true >/dev/null
wait_healthy cache 3 120
pods=$(servers cache)
for pod in $pods; do expect_equal "who signed for the agent of $pod" one "$(signer "$pod")"; done

authority two
kubectl label --overwrite secret agents-authority shardkeeper.io/certificate-authority=true >/dev/null
wait_until 30 "the new authority is trusted beside the old one" value_is "one two" trusted_by_agents
for pod in $pods; do expect_equal "who signs until everybody trusts both" one "$(signer "$pod")"; done
# Agents take the longer list without a restart, and pods made meanwhile are signed by the old one still.
sleep 5
is_healthy cache 3 >/dev/null || fail "the cluster is not healthy any more: $(is_healthy cache 3)"
kubectl scale valkeycluster cache --replicas=4
wait_healthy cache 4 120
for pod in $(servers cache); do expect_equal "who signed for the agent of $pod" one "$(signer "$pod")"; done
for pod in $pods; do expect_equal "restarts of $pod" 0 "$(restarts_of "$pod" agent)"; done
