# Every program of our images starts in a pod under Pod Security "restricted", on a read-only root file system, as user 65532.
shardkeeper=$(image_of shardkeeper)
version=${shardkeeper##*:}

says() {   # POD IMAGE PATTERN COMMAND…
  local pod=$1 image=$2 pattern=$3; shift 3
  restricted_pod "$pod" "$image" "" "$@"
  wait_pod_phase "$pod" Succeeded
  expect_match "what $pod says" "$pattern" "$(kubectl logs "$pod")"
}

says agent "$shardkeeper" "^${version//./\\.}$" shardkeeper-agent --version
says coordinator "$shardkeeper" "^shardkeeper-coordinator ${version//./\\.}$" shardkeeper-coordinator --version
says command-line "$shardkeeper" 'Usage: ' shardkeeper --help
says launch "$shardkeeper" '^Usage: launch VOLUME_DIR' launch --help
for major in 8 9; do
  server=$(image_of valkey $major)
  says "valkey-$major" "$server" "v=${server##*:} " valkey-server --version
done

# Which user that was, as the kernel has it: a server that runs.
restricted_pod server "$(image_of valkey 9)" "" valkey-server --protected-mode no --save ""
wait_pod_phase server Running
worker=$(field pod/server .spec.nodeName)
id=$(field pod/server '.status.containerStatuses[0].containerID')
pid=$(cluster ctr "${worker#worker}" task list | awk -v id="${id#containerd://}" '$1 == id { print $2 }')
expect_equal "the server's user" 65532 "$(cluster enter ps -o uid= -p "$pid" | tr -d ' ')"
