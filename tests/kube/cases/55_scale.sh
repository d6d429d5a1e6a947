# kubectl scale adds a shard and takes one away again under a writer: nothing that was acknowledged is lost, no write is tried for long, and slots are
# even. Two shards are refused.
install_operator
image=$(image_of valkey 9)
make_cluster cache "$image" 3
put_keys cache 500

# One write after the other, each until it is acknowledged; "ok N" for each, "again N" for each further try (20 a second).
# shellcheck disable=SC2016
restricted_pod writer "$image" "" sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i + 1))
  until valkey-cli -c -h cache set writer:$i value:$i 2>&1 | tail -n 1 | grep -qx OK; do echo "again $i"; sleep 0.05; done; echo "ok $i"; done'
wait_pod_phase writer Running
acknowledged() { kubectl logs writer --tail=-1 | sed -n 's/^ok //p' | tail -n 1; }
writes_go_on() { local seen; seen=$(acknowledged); [ "${seen:-0}" -gt "${1:-0}" ] || { echo "the last write is ${seen:-none}"; return 1; }; }
wait_until 20 "the writer writes" writes_go_on 50

kubectl scale valkeycluster cache --replicas=4
wait_healthy cache 4
expect_equal "slots of the four shards" "4096 4096 4096 4096" "$(field valkeycluster/cache '.status.shardSummary[*].slots')"
expect_keys cache 500
wait_until 20 "the writer writes with four shards" writes_go_on "$(acknowledged)"
words=$(kubectl scale valkeycluster cache --replicas=2 2>&1) && fail "two shards were taken"
expect_match "why two shards cannot be" 'spec\.shards' "$words"
kubectl scale valkeycluster cache --replicas=3
wait_healthy cache 3
expect_keys cache 500
wait_until 20 "the writer writes with three shards again" writes_go_on "$(acknowledged)"

log=$(kubectl logs writer --tail=-1)
kubectl delete pod writer --wait=true
count=$(sed -n 's/^ok //p' <<<"$log" | tail -n 1)
right=$(seq 1 "$count" | sed 's/.*/GET writer:&/' | through_service cache | awk '$0 == "value:" NR' | wc -l)
expect_equal "acknowledged writes that are there" "$count" "$right"
longest=$(sed -n 's/^again //p' <<<"$log" | sort | uniq -c | sort -rn | awk 'NR == 1 {print $1}')
[ "${longest:-0}" -le 100 ] || fail "a write was tried ${longest} times, for more than five seconds"
echo "$count writes, $(grep -c '^again' <<<"$log" || true) of them tried again, one at most ${longest:-0} times"
expect_equal "budgets" 3 "$(kubectl get poddisruptionbudgets --no-headers | wc -l)"
