# Servers in pods reach each other over their own addresses; exec and logs work; a server killed with SIGKILL is started again.
image=$(image_of valkey 9)
for n in 1 2; do restricted_pod "server$n" "$image" "worker$n" valkey-server --port 6379 --protected-mode no --save ""; done
for n in 1 2; do wait_pod_phase "server$n" Running; done

one=$(field pod/server1 .status.podIP) two=$(field pod/server2 .status.podIP)
expect_match "worker 1 gives its own addresses" '^10\.88\.1\.' "$one"
expect_match "worker 2 gives its own addresses" '^10\.88\.2\.' "$two"
ping() { kubectl exec "$1" -- valkey-cli -h "$2" ping; }
wait_until 20 "server 1 answers server 2's pod" value_is PONG ping server2 "$one"
wait_until 20 "server 2 answers server 1's pod" value_is PONG ping server1 "$two"
expect_match "logs" 'Ready to accept connections' "$(kubectl logs server1)"

kill_server server1 main
wait_until 30 "the kubelet starts server 1 again" value_is 1 restarts_of server1 main
wait_until 20 "server 1 answers again" value_is PONG ping server2 "$one"
expect_equal "how the first one ended" 137 "$(field pod/server1 '.status.containerStatuses[0].lastState.terminated.exitCode')"
