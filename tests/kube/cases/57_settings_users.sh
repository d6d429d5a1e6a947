# spec.config and the users' Secret are followed by running servers: nothing is restarted, and what does not hold is said.
install_operator
users() { kubectl create secret generic cache-users --from-literal=users.acl="$1" --dry-run=client -o yaml | kubectl apply -f -; }
users 'user app on >one ~* &* +@all
user default on nopass ~* &* +@all -@admin'
make_cluster cache "$(image_of valkey 9)" 3 'usersSecret: {name: cache-users}'
put_keys cache 100
before=$(servers cache)

# as_app PASSWORD COMMAND…: at every server, one answer a line, equal ones once.
as_app() {
  local password=$1 pod; shift
  for pod in $before; do
    kubectl exec "$pod" -c valkey -- valkey-cli -h "$(field "pod/$pod" .status.podIP)" --user app -a "$password" --no-auth-warning "$@" | tail -n 1
  done | sort -u
}
kubectl patch valkeycluster cache --type=merge --patch '{"spec": {"config": {"maxclients": "4321", "databases": "4"}}}'
wait_until 20 "all servers follow maxclients" value_is 4321 as_app one config get maxclients
wait_until 20 "what waits for new servers is said" value_is RollNeeded condition cache UpToDate reason
expect_match "the setting's name" 'spec\.config\.databases' "$(condition cache UpToDate message)"

users 'user app on >two ~* &* +@all
user default on nopass ~* &* +@all -@admin'
wait_until 150 "the new password holds everywhere" value_is app as_app two acl whoami   # kubelets look at Secrets once a minute
expect_equal "who the old password lets in" default "$(as_app one acl whoami)"
users 'user app on >two ~* &* +@nothing'
wait_until 150 "the wrong line is said" value_is UsersRejected condition cache UpToDate reason
expect_match "its line" 'line 1: user app' "$(condition cache UpToDate message)"
users 'user app on >two ~* &* +@all
user default on nopass ~* &* +@all -@admin'
wait_until 150 "corrected" value_is RollNeeded condition cache UpToDate reason

expect_equal "the servers" "$before" "$(servers cache)"
for pod in $before; do expect_equal "restarts of $pod" 0 "$(restarts_of "$pod" valkey)"; done
wait_until 20 "clients get in as before" value_is 100 keys_right cache 100
