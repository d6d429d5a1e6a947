#include "bench/kube_world.h"

#include "coordinator/platform/kube/client/fields.h"
#include "coordinator/platform/kube/client/requests.h"
#include "coordinator/platform/kube/objects/json.h"
#include "coordinator/platform/kube/objects/names.h"
#include "coordinator/platform/kube/objects/secrets.h"
#include "tests/support/child_process.h"

#include <boost/json/array.hpp>

#include <cstdlib>
#include <set>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace shardkeeper::bench {

using namespace platform::kube;
using namespace std::chrono_literals;
using boost::json::array;
using boost::json::object;

namespace {

const Resource kClusters{kApiVersion, kKind, kPlural};
const Resource kNamespaces{"v1", "Namespace", "namespaces", false};
const Resource kServiceAccounts{"v1", "ServiceAccount", "serviceaccounts"};
constexpr int kWorkers = 3;
constexpr std::string_view kGate = "shardkeeper.io/in-cluster";
constexpr Duration kTurn = 20ms;  // of modelled servers while something happens
constexpr Duration kRestTurn =
    400ms;  // of a cluster that is whole: seldom enough that a hundred of them leave the machine to what is measured

bool condition_holds(const object& holder, std::string_view type) {
  const auto* condition = json::element(json::list_at(holder, {"status", "conditions"}), "type", std::string(type));
  return condition != nullptr && json::text_at(*condition, {"status"}) == "True";
}

object condition(std::string_view type, bool holds) { return {{"type", type}, {"status", holds ? "True" : "False"}}; }

object running_container(const std::string& name, const std::string& pod) {
  return {{"name", name},       {"containerID", "bench://" + pod + "-" + name},
          {"ready", true},      {"started", true},
          {"restartCount", 0},  {"image", "bench"},
          {"imageID", "bench"}, {"state", object{{"running", object{{"startedAt", "2026-01-01T00:00:00Z"}}}}}};
}

}  // namespace

struct KubeWorld::Cluster {
  explicit Cluster(Scheduler& scheduler, std::uint64_t seed) : bus(scheduler, seed) {}
  sim::SimBus bus;
  TimePoint next_turn;
};

struct KubeWorld::Pod {
  std::string name;
  std::string cluster;
  std::unique_ptr<sim::SimPod> simulated;
  std::unique_ptr<rpc::AgentServer> server;
  bool is_in_cluster = false;  // the gate's condition
  bool was_told_ready = false;
  bool was_told = false;
  bool asks_identity = false;
};

KubeWorld::KubeWorld(const std::filesystem::path& kubeconfig) : kubeconfig_(kubeconfig) {
  kubectl({"apply", "-f", SK_SOURCE_DIR "/deploy/crd/without-rules/valkeyclusters.shardkeeper.io.yaml"});
  kubectl({"wait", "--for", "condition=established", "--timeout=60s", "crd/valkeyclusters.shardkeeper.io"});
  const auto config = read_kubeconfig(kubeconfig);
  if (!config) throw std::runtime_error(to_string(config.error()));
  auto api = HttpApi::open(loop_, scheduler_, *config, {.seed = 1, .connections_max = 8});
  if (!api) throw std::runtime_error(to_string(api.error()));
  api_ = *std::move(api);
  ask(create_request(kNamespaces, "", {{"metadata", object{{"name", kNamespace}}}}));
  ask(create_request(kServiceAccounts, kNamespace, {{"metadata", object{{"name", "default"}}}}));
  make_workers();
  const Selection everything{kNamespace, "", ""};
  seen_pods_ = std::make_unique<Reflector>(*api_, scheduler_, ReflectorOptions{.resource = resources::kPods, .selection = everything},
                                           Reflector::Hooks{.changed = [this](const Change& change) { pod_changed(change); }});
  seen_clusters_ = std::make_unique<Reflector>(*api_, scheduler_, ReflectorOptions{.resource = kClusters, .selection = everything},
                                               Reflector::Hooks{.changed = [](const Change&) {}});
  seen_leases_ = std::make_unique<Reflector>(*api_, scheduler_, ReflectorOptions{.resource = resources::kLeases, .selection = everything},
                                             Reflector::Hooks{.changed = [](const Change&) {}});
  turn();
}

KubeWorld::~KubeWorld() {
  timer_.reset();
  for (auto& [name, pod] : pods_) pod->server.reset();
}

bool KubeWorld::run_until(const std::function<bool()>& condition, std::chrono::milliseconds deadline) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    loop_.restart();
    loop_.run_for(5ms);
  }
  return true;
}

std::string KubeWorld::kubectl(std::vector<std::string> arguments) const {
  const char* const program = std::getenv("KUBE_KUBECTL");
  if (program == nullptr) throw std::runtime_error("no kubectl: `tools/setup kube-api` gets the programs of Kubernetes");
  arguments.insert(arguments.begin(), {"--kubeconfig", kubeconfig_.string()});
  auto finished = test::run({.program = program, .arguments = arguments}, 90s);
  if (finished.status != test::ExitStatus{}) throw std::runtime_error("kubectl " + arguments[2] + ": " + finished.output);
  return std::move(finished.output);
}

object KubeWorld::ask(Request request) {
  std::optional<Result<boost::json::value>> reply;
  api_->call(std::move(request), [&](Result<boost::json::value> given) { reply.emplace(std::move(given)); });
  if (!run_until([&] { return reply.has_value(); }, 30s)) throw std::runtime_error("the API server does not answer");
  if (!*reply) throw std::runtime_error(to_string(reply->error()));
  return (*reply)->is_object() ? (*reply)->as_object() : object();
}

// What nobody waits for. A conflict or a missing object is answered by the next change of it.
void KubeWorld::send(Request request) {
  api_->call(std::move(request), [](const Result<boost::json::value>&) {});
}

void KubeWorld::make_workers() {
  for (int i = 1; i <= kWorkers; ++i) {
    const std::string name = "worker" + std::to_string(i);
    ask(create_request(resources::kNodes, "",
                       {{"metadata", object{{"name", name}, {"labels", object{{"kubernetes.io/hostname", name}}}}}}));
    const object status{{"conditions", array{condition("Ready", true)}}, {"nodeInfo", object{{"kubeletVersion", "v1.20.2"}}}};
    ask(merge_patch_request(resources::kNodes, {"", name}, {{"status", status}}, "status"));
  }
}

void KubeWorld::create_cluster(const std::string& name, int shards, int replicas) {
  clusters_.emplace(name, std::make_unique<Cluster>(scheduler_, clusters_.size() + 1));
  send(create_request(kClusters, kNamespace,
                      {{"metadata", object{{"name", name}}},
                       {"spec", object{{"image", "localhost/valkey:8.0.1"}, {"shards", shards}, {"replicasPerShard", replicas}}}}));
}

std::size_t KubeWorld::clusters_ready() const {
  std::size_t ready = 0;
  for (const auto& [name, cluster] : seen_clusters_->objects()) ready += condition_holds(cluster, "Ready") ? 1U : 0U;
  return ready;
}

std::size_t KubeWorld::agents() const {
  std::size_t listening = 0;
  for (const auto& [name, pod] : pods_) listening += pod->server != nullptr ? 1U : 0U;
  return listening;
}

std::string KubeWorld::leader() {
  const auto* lease = seen_leases_->find({kNamespace, "shardkeeper-coordinator"});
  return lease == nullptr ? std::string() : json::text_at(*lease, {"spec", "holderIdentity"});
}

void KubeWorld::pod_changed(const Change& change) {
  const auto name = change.name.name;
  if (change.type == Change::Type::kDeleted) {
    pods_.erase(name);
    return;
  }
  if (!json::text_at(change.object, {"metadata", "deletionTimestamp"}).empty()) {
    pods_.erase(name);
    return send(delete_request(resources::kPods, change.name, {}, 0s));
  }
  if (json::text_at(change.object, {"spec", "nodeName"}).empty()) return place(change.object);
  const auto known = pods_.find(name);
  if (known == pods_.end()) return start(change.object);
  known->second->is_in_cluster = condition_holds(change.object, kGate);
}

// Pods of a shard come one after the other: three in a row are on three workers.
void KubeWorld::place(const object& pod) {
  const std::string name = json::text_at(pod, {"metadata", "name"});
  object binding{
      {"metadata", object{{"name", name}}},
      {"target", object{{"apiVersion", "v1"}, {"kind", "Node"}, {"name", "worker" + std::to_string(1 + last_worker_++ % kWorkers)}}}};
  Request request{.method = Method::kPost, .path = path_of(resources::kPods, {kNamespace, name}, "binding")};
  binding["apiVersion"] = "v1";
  binding["kind"] = "Binding";
  request.body = std::move(binding);
  send(std::move(request));
}

void KubeWorld::start(const object& object) {
  auto pod = std::make_unique<Pod>();
  pod->name = json::text_at(object, {"metadata", "name"});
  pod->cluster = json::text_at(object, {"metadata", "labels", "shardkeeper.io/cluster"});
  const auto cluster = clusters_.find(pod->cluster);
  if (cluster == clusters_.end()) return;
  const int number = last_address_++;
  model::Pod model;
  model.name = PodName(pod->name);
  model.uid = PodUid(cluster->second->bus.random_hex().substr(0, 32));
  model.cluster = ClusterName(pod->cluster);
  model.ip = addresses_[number / 250].address(1 + number % 250);
  const auto find = [this](const std::string& address) -> sim::SimPod* {
    for (auto& [name, other] : pods_)
      if (address.starts_with(other->simulated->pod().ip + ":")) return other->simulated.get();
    return nullptr;
  };
  pod->simulated = std::make_unique<sim::SimPod>(scheduler_, cluster->second->bus, find, model);
  tell(*pod);
  pods_.emplace(pod->name, std::move(pod));
}

void KubeWorld::ask_identity(const std::string& name) {
  Pod& pod = *pods_.at(name);
  pod.asks_identity = true;
  const ObjectName secret{kNamespace, agents_secret_name(ClusterName(pod.cluster))};
  api_->call(get_request(resources::kSecrets, secret), [this, name](const Result<boost::json::value>& reply) {
    const auto known = pods_.find(name);
    if (known == pods_.end()) return;
    known->second->asks_identity = false;
    if (!reply || !reply->is_object()) return;
    const auto identities = read_agents_secret(reply->get_object());
    if (const auto own = identities.find(PodName(name)); own != identities.end()) listen(*known->second, own->second);
  });
}

void KubeWorld::listen(Pod& pod, const tls::Identity& identity) {
  auto server = rpc::AgentServer::start({pod.simulated->pod().ip + ":" + std::to_string(kAgentRpcPort), ClusterName(pod.cluster), identity},
                                        scheduler_, *pod.simulated->agent());
  if (!server) throw std::runtime_error(to_string(server.error()));
  pod.server = *std::move(server);
}

// As a kubelet does it: Ready are the containers, and what the gate asks for.
void KubeWorld::tell(Pod& pod) {
  const bool is_ready = pod.simulated->agent() != nullptr && pod.simulated->agent()->state().readiness.is_ready();
  const bool all = is_ready && pod.is_in_cluster;
  if (pod.was_told && all == pod.was_told_ready) return;
  pod.was_told = true;
  pod.was_told_ready = all;
  object status{{"phase", "Running"},
                {"podIP", pod.simulated->pod().ip},
                {"podIPs", array{object{{"ip", pod.simulated->pod().ip}}}},
                {"containerStatuses", array{running_container(kAgent, pod.name), running_container(kValkey, pod.name)}},
                {"conditions", array{condition("PodScheduled", true), condition("Initialized", true),
                                     condition("ContainersReady", is_ready), condition("Ready", all)}}};
  send(strategic_patch_request(resources::kPods, {kNamespace, pod.name}, {{"status", std::move(status)}}, "status"));
}

void KubeWorld::turn() {
  timer_ = scheduler_.after(kTurn, [this] { turn(); });
  std::set<std::string> busy;
  for (auto& [name, pod] : pods_) {
    look(*pod);
    if (!pod->was_told_ready) busy.insert(pod->cluster);
  }
  for (auto& [name, cluster] : clusters_) {
    if (scheduler_.now() < cluster->next_turn) continue;
    cluster->next_turn = scheduler_.now() + (busy.contains(name) ? kTurn : kRestTurn);
    cluster->bus.tick();
  }
}

void KubeWorld::look(Pod& pod) {
  pod.simulated->look();
  if (pod.simulated->agent() != nullptr && pod.server == nullptr && !pod.asks_identity) ask_identity(pod.name);
  tell(pod);
}

// Lines as apiserver_request_total{…,resource="pods",…,verb="GET",…} 12.
std::map<std::string, double> KubeWorld::requests() {
  const auto value_of = [](const std::string& line, const std::string& name) {
    const auto at = line.find(name + "=\"");
    if (at == std::string::npos) return std::string();
    const auto from = at + name.size() + 2;
    return line.substr(from, line.find('"', from) - from);
  };
  std::map<std::string, double> all;
  std::istringstream lines(kubectl({"get", "--raw", "/metrics"}));
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("apiserver_request_total{"))
      all[value_of(line, "verb") + " " + value_of(line, "resource")] += std::stod(line.substr(line.rfind(' ')));
  return all;
}

}  // namespace shardkeeper::bench
