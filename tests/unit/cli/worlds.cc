#include "tests/unit/cli/worlds.h"

#include <google/protobuf/text_format.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace shardkeeper::cli {
namespace {

template <typename Message>
Message message(const std::string& text) {
  Message parsed;
  if (google::protobuf::TextFormat::ParseFromString(text, &parsed)) return parsed;
  std::fputs("a world does not parse\n", stderr);
  std::abort();
}

constexpr const char* kHealthyCluster = R"(
    name: "cache" shards_wanted: 3 replicas_per_shard: 1 ready: true reason: "Healthy" slots_served: 16384
    image: "localhost/valkey:8.0.1"
    shards {
      shard: 0 slots: 5461 slot_ranges: "0-5460" keys: 402113
      pods {
        name: "cache-7x2kq" worker: "worker-1" role: "primary" ready: true reason: "Ready" address: "127.12.3.1:6379"
        server_version: "8.0.1" keys: 402113 memory_bytes: 52428800 slots: 5461 config_epoch: 1
      }
      pods {
        name: "cache-p9d4z" worker: "worker-2" role: "replica" ready: true reason: "Ready" address: "127.12.3.4:6379"
        server_version: "8.0.1" keys: 402113 memory_bytes: 52428800 lag_bytes: 0
      }
    }
    shards {
      shard: 1 slots: 5461 slot_ranges: "5461-10921" keys: 401877
      pods {
        name: "cache-m3vtw" worker: "worker-2" role: "primary" ready: true reason: "Ready" address: "127.12.3.2:6379"
        server_version: "8.0.1" keys: 401877 memory_bytes: 52322304 slots: 5461 config_epoch: 2
      }
      pods {
        name: "cache-q8s6h" worker: "worker-3" role: "replica" ready: true reason: "Ready" address: "127.12.3.5:6379"
        server_version: "8.0.1" keys: 401877 memory_bytes: 52322304 lag_bytes: 1536
      }
    }
    shards {
      shard: 2 slots: 5462 slot_ranges: "10922-16383" keys: 402010
      pods {
        name: "cache-b5njf" worker: "worker-3" role: "primary" ready: true reason: "Ready" address: "127.12.3.3:6379"
        server_version: "8.0.1" keys: 402010 memory_bytes: 52428800 slots: 5462 config_epoch: 3
      }
      pods {
        name: "cache-x2r7g" worker: "worker-1" role: "replica" ready: true reason: "Ready" address: "127.12.3.6:6379"
        server_version: "8.0.1" keys: 402010 memory_bytes: 52428800 lag_bytes: 0
      }
    }
  )";

}  // namespace

admin::v1::Status healthy() {
  admin::v1::Status status;
  *status.add_clusters() = message<admin::v1::ClusterStatus>(kHealthyCluster);
  return status;
}

admin::v1::Status two_clusters() {
  admin::v1::Status both = healthy();
  *both.add_clusters() = message<admin::v1::ClusterStatus>(R"(
    name: "single" shards_wanted: 1 replicas_per_shard: 0 ready: true slots_served: 16384 image: "localhost/valkey:9.1.0"
    shards {
      shard: 0 slots: 16384 slot_ranges: "0-16383" keys: 1
      pods {
        name: "single-w4k8c" worker: "worker-2" role: "primary" ready: true reason: "Ready" address: "127.12.4.1:6379"
        server_version: "9.1.0" keys: 1 memory_bytes: 2097152 slots: 16384
      }
    }
  )");
  return both;
}

admin::v1::Status being_created() {
  return message<admin::v1::Status>(R"(
    clusters {
      name: "cache" shards_wanted: 3 replicas_per_shard: 1 ready: false reason: "Creating" message: "2 of 6 pods are Ready"
      slots_served: 10922 image: "localhost/valkey:8.0.1"
      shards {
        shard: 0 slots: 5461 slot_ranges: "0-5460"
        pods {
          name: "cache-7x2kq" worker: "worker-1" role: "primary" ready: true reason: "Ready" address: "127.12.3.1:6379"
          server_version: "8.0.1" slots: 5461
        }
        pods {
          name: "cache-p9d4z" worker: "worker-2" role: "replica" ready: false reason: "FirstSync"
          detail: "first copy from cache-7x2kq is under way" address: "127.12.3.4:6379" server_version: "8.0.1"
          lag_bytes: 73400320
        }
      }
      shards {
        shard: 1 slots: 5461 slot_ranges: "5461-10921"
        pods {
          name: "cache-m3vtw" worker: "worker-2" role: "primary" ready: true reason: "Ready" address: "127.12.3.2:6379"
          server_version: "8.0.1" slots: 5461
        }
        pods {
          name: "cache-q8s6h" worker: "worker-3" ready: false reason: "GateShut" detail: "the start is not granted yet"
          server_version: "8.0.1"
        }
      }
      shards {
        shard: 2
        pods {
          name: "cache-b5njf" worker: "worker-3" role: "primary" ready: false reason: "NoSlots"
          detail: "a primary without slots" address: "127.12.3.3:6379" server_version: "8.0.1"
        }
        pods {
          name: "cache-x2r7g" worker: "worker-1" ready: false reason: "ClusterStateFail"
          detail: "cluster_state is fail for 0.3 s" server_version: "8.0.1"
        }
      }
      spare_pods { name: "cache-f6h2k" ready: false reason: "Pending" detail: "no worker has room" }
      findings {
        family: "waiting" reason: "Creating" subject: "cluster" detail: "4 of 6 nodes are members"
        since_unix_ms: 1795341599000
      }
      operations: "add slots 10922-16383 to cache-b5njf"
    }
  )");
}

admin::v1::Status in_trouble() {
  return message<admin::v1::Status>(
      R"(
    clusters {
      name: "cache" shards_wanted: 3 replicas_per_shard: 1 ready: false reason: "ShardLost"
      message: "shard 2 lost every member" slots_served: 10922 image: "localhost/valkey:8.0.1"
      shards {
        shard: 0 slots: 5461 slot_ranges: "0-100,105-2000,2002-5464" keys: 402113
        pods {
          name: "cache-7x2kq" worker: "worker-1" role: "primary" ready: true reason: "Ready" address: "127.12.3.1:6379"
          server_version: "8.0.1" keys: 402113 memory_bytes: 52428800 slots: 5461
        }
        pods {
          name: "cache-p9d4z" worker: "worker-2" role: "replica" ready: false reason: "Hung"
          detail: "the server holds its lock and has not answered for 34 s" address: "127.12.3.4:6379" server_version: "8.0.1"
          keys: 402113 memory_bytes: 52428800 lag_bytes: 5368709120
        }
      }
      shards {
        shard: 1 slots: 5461 slot_ranges: "5461-10921" keys: 401877
        pods {
          name: "cache-m3vtw" worker: "worker-2" role: "primary" ready: true reason: "Ready" address: "127.12.3.2:6379"
          server_version: "8.0.1" keys: 401877 memory_bytes: 52322304 slots: 5461
        }
        pods {
          name: "cache-q8s6h" worker: "worker-3" role: "replica" ready: false reason: "Unreachable"
          detail: "its agent is silent for 12 s"
        }
      }
      shards { shard: 2 }
      findings {
        family: "healthy" reason: "ProcessDead" subject: "pod cache-b5njf" detail: "the lock is free and no start was granted"
        since_unix_ms: 1795341590000
      }
      findings {
        family: "throttled" reason: "StepFailed" subject: "pod cache-q8s6h" detail: "next try in 4 s: deadline passed"
        since_unix_ms: 1795341400000
      }
      findings {
        family: "unsafe" reason: "ShardLost" subject: "shard 2"
        detail: "all 2 members are known dead; slots 10922-16383 (5,462) are not served and what they held is gone since 2026-11-22 09:59:48"
        since_unix_ms: 1795341588000
      }
      findings {
        family: "misconfigured" reason: "NotHonoured" subject: "spec.nodeSelector"
        detail: "the local platform cannot honour this field" since_unix_ms: 1795330000000
      }
      findings {
        family: "waiting" reason: "PrimaryUnreachable" subject: "shard 1" detail: "left to Valkey's election"
        since_unix_ms: 1795341594000
      }
      operations: "grant start of cache-b5njf"
      operations: "forget 0123abcd on 4 nodes, because nobody runs it any more and it is still listed there"
    }
  )");
}

admin::v1::Status scaling() {
  admin::v1::Status status = healthy();
  auto& cluster = *status.mutable_clusters(0);
  cluster.set_shards_wanted(4);
  cluster.mutable_shards(0)->set_slots(4961);
  cluster.mutable_shards(0)->mutable_pods(0)->set_slots(4961);
  cluster.mutable_shards(0)->set_slot_ranges("0-4095,4596-5460");
  *cluster.add_shards() = message<admin::v1::ShardStatus>(R"(
    shard: 3 slots: 500 slot_ranges: "4096-4595" keys: 36800
    pods {
      name: "cache-k2d8v" worker: "worker-2" role: "primary" ready: true reason: "Ready" address: "127.12.3.7:6379"
      server_version: "8.0.1" keys: 36800 memory_bytes: 7340032 slots: 500 config_epoch: 4
    }
  )");
  *cluster.mutable_migration() = message<admin::v1::Migration>(R"(
    jobs {
      from: 0 to: 3 slots: "4096-5460" slots_total: 1365 slots_done: 500 keys_total: 100530 keys_done: 36800 bytes_done: 4404019
      engine: "keys" stage: "running"
    }
    slots_left: 3596 keys_left: 264700 bytes_left: 26214400
  )");
  return status;
}

admin::v1::ScalePlan scale_plan() {
  return message<admin::v1::ScalePlan>(R"(
    cluster: "cache" shards_now: 3 shards_then: 4 slots: 4096 keys: 301500 bytes: 39321600
    moves { from: 0 to: 3 slots: "4096-5460" slot_count: 1365 keys: 100530 bytes: 13107200 }
    moves { from: 1 to: 3 slots: "9557-10921" slot_count: 1365 keys: 100470 bytes: 13107200 }
    moves { from: 2 to: 3 slots: "15018-16383" slot_count: 1366 keys: 100500 bytes: 13107200 }
    shards {
      shard: 0 slots_now: 5461 slots_then: 4096 keys_now: 402113 keys_then: 301583 bytes_now: 52428800 bytes_peak: 52428800
      bytes_max: 73400320
    }
    shards {
      shard: 1 slots_now: 5461 slots_then: 4096 keys_now: 401877 keys_then: 301407 bytes_now: 52428800 bytes_peak: 52428800
      bytes_max: 73400320
    }
    shards {
      shard: 2 slots_now: 5462 slots_then: 4096 keys_now: 402010 keys_then: 301510 bytes_now: 52428800 bytes_peak: 52428800
      bytes_max: 73400320
    }
    shards { shard: 3 slots_then: 4096 keys_then: 301500 bytes_peak: 39321600 }
  )");
}

admin::v1::ScalePlan no_room() {
  return message<admin::v1::ScalePlan>(R"(
    cluster: "cache" shards_now: 3 shards_then: 1 slots: 10923 keys: 803887 bytes: 104857600
    refusal: "1 shard cannot hold the data: shard 0 needs 100 MB"
    moves { from: 1 to: 0 slots: "5461-10921" slot_count: 5461 keys: 401877 bytes: 52428800 }
    moves { from: 2 to: 0 slots: "10922-16383" slot_count: 5462 keys: 402010 bytes: 52428800 }
    shards {
      shard: 0 slots_now: 5461 slots_then: 16384 keys_now: 402113 keys_then: 1206000 bytes_now: 52428800 bytes_peak: 157286400
      bytes_max: 73400320
    }
    shards { shard: 1 slots_now: 5461 keys_now: 401877 bytes_now: 52428800 bytes_peak: 52428800 bytes_max: 73400320 }
    shards { shard: 2 slots_now: 5462 keys_now: 402010 bytes_now: 52428800 bytes_peak: 52428800 bytes_max: 73400320 }
    shortfalls {
      shard: 0 bytes_used: 52428800 bytes_planned: 104857600 bytes_max: 73400320
      text: "needs 100 MB for slots that it shall own, but uses 50 of 70 MB (0 MB on the way); moves may fill 95 %"
    }
  )");
}

admin::v1::Events events() {
  return message<admin::v1::Events>(R"(
    events {
      unix_ms: 1795341590000 cluster: "cache" warning: true reason: "ProcessDead" subject: "pod cache-7x2kq"
      message: "the server's process ended; its lock is free" count: 1
    }
    events {
      unix_ms: 1795341590047 cluster: "cache" reason: "ProcessDead" subject: "shard 0"
      message: "promote cache-p9d4z by force: it has the newest data of 1 candidate" count: 1
    }
    events {
      unix_ms: 1795341591000 cluster: "cache" reason: "Replaced" subject: "pod cache-7x2kq"
      message: "start granted: its slots are served by cache-p9d4z" count: 3
    }
  )");
}

admin::v1::Workers workers() {
  return message<admin::v1::Workers>(R"(
    workers { name: "worker-1" zone: "a" ready: true schedulable: true pods: 2 primaries: 1 }
    workers { name: "worker-2" zone: "b" ready: true schedulable: false pods: 3 primaries: 2 }
    workers {
      name: "worker-3" zone: "c" ready: false schedulable: true taints: "node.kubernetes.io/out-of-service"
      taints: "node.kubernetes.io/unreachable"
    }
  )");
}

}  // namespace shardkeeper::cli
