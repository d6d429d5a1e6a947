# kubectl scale adds a shard and takes one away again under a writer: nothing that was acknowledged is lost, no write waits for long, and slots are
# even. Two shards are refused.
install_operator
make_cluster cache "$(image_of valkey 9)" 3
put_keys cache 500

# A hundred writes after the other, each hundred again until all of it is acknowledged, for five seconds at most.
wrote=$CASE_FOLDER/wrote
touch "$wrote.again"
hundred() { seq "$1" $(($1 + 99)) | sed 's/.*/SET writer:& value:&/' | { through_service cache || true; } | grep -c '^OK$' || true; }
write_on() {
  local from=1 begin
  while [ ! -e "$wrote.end" ]; do
    begin=$SECONDS
    until [ "$(hundred "$from")" = 100 ]; do
      echo again >>"$wrote.again"
      [ $((SECONDS - begin)) -le 5 ] || { echo "writes from $from on are not acknowledged" >"$wrote.stuck"; return; }
    done
    echo $((from + 99)) >"$wrote"
    from=$((from + 100))
  done
}
acknowledged() { cat "$wrote" 2>/dev/null || echo 0; }
writes_go_on() { local now; now=$(acknowledged); [ "$now" -gt "$1" ] || { cat "$wrote.stuck" 2>/dev/null || echo "the last write is $now"; return 1; }; }
write_on &
writer=$!
trap 'touch "$wrote.end"; wait "$writer" || true' EXIT
wait_until 20 "the writer writes" writes_go_on 100

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

touch "$wrote.end"
wait "$writer"
[ ! -e "$wrote.stuck" ] || fail "$(cat "$wrote.stuck")"
count=$(acknowledged)
right=$(seq 1 "$count" | sed 's/.*/GET writer:&/' | through_service cache | awk '$0 == "value:" NR' | wc -l)
expect_equal "acknowledged writes that are there" "$count" "$right"
echo "$count writes; $(wc -l <"$wrote.again") hundreds of them were sent again"
expect_equal "budgets" 3 "$(kubectl get poddisruptionbudgets --no-headers | wc -l)"
