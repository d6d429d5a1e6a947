#include "tests/golden/script.h"

#include "coordinator/plan/decide.h"
#include "tests/property/perfect_actor.h"
#include "tests/unit/plan/cluster_builder.h"

#include <functional>
#include <map>
#include <sstream>

namespace shardkeeper::test {
namespace {

using Words = std::map<std::string, std::string>;

std::chrono::milliseconds milliseconds_of(const std::string& text) {
  const long value = std::stol(text);
  return text.ends_with("ms") ? std::chrono::milliseconds(value) : std::chrono::milliseconds(1000 * value);
}

class Story {
 public:
  // RETURNS false for a command that does not exist.
  bool tell(const std::string& line) {
    std::istringstream in(line);
    std::string name;
    in >> name;
    Words words;
    for (std::string word; in >> word;) {
      const auto at = word.find('=');
      words[word.substr(0, at)] = at == std::string::npos ? "" : word.substr(at + 1);
    }
    if (name == "cluster") {
      world_.shards(std::stoi(words["shards"])).replicas(std::stoi(words["replicas"]));
      if (words.contains("policy"))
        world_.spec().shard_loss_policy = words["policy"] == "Wait" ? model::ShardLossPolicy::kWait : model::ShardLossPolicy::kRecreate;
      return true;
    }
    const auto command = commands().find(name);
    if (command == commands().end()) return false;
    command->second(world_, words);
    return true;
  }

  std::string decide() {
    auto outcome = plan::decide(world_.snapshot(), history_);
    history_ = std::move(outcome.history);
    std::string text;
    for (const auto& step : outcome.decision.steps) text += to_string(step) + "\n";
    for (const auto& finding : outcome.decision.findings) text += to_string(finding) + "\n";
    return text.empty() ? "nothing to do\n" : text;
  }

  // Up to `passes` passes, or until five of them found nothing to do. Labels, conditions and questions are done and not told.
  std::string run(int passes_max) {
    std::string text;
    int quiet = 0;
    for (int pass = 1; pass <= passes_max && quiet < 5; ++pass) {
      auto outcome = plan::decide(world_.snapshot(), history_);
      history_ = std::move(outcome.history);
      std::string told;
      for (const auto& step : outcome.decision.steps)
        if (is_work(step)) told += to_string(step) + "\n";
      if (!told.empty()) text += "pass " + std::to_string(pass) + "\n" + told;
      quiet = told.empty() ? quiet + 1 : 0;
      carry_out(world_, outcome.decision.steps);
    }
    return text + owners();
  }

  // Everybody up answers the newest question.
  void report() {
    world_.remember([&](model::History& h) { h.last_nonce = history_.last_nonce; });
    world_.reported();
  }
  // A new coordinator process remembers nothing, and its streams begin anew.
  void restart_coordinator() {
    history_ = {};
    for (const auto& node : std::vector(world_.nodes())) world_.node(node.pod).nonce = 0;
  }

 private:
  static bool is_work(const model::Step& step) {
    return !std::holds_alternative<model::LabelPod>(step.action) && !std::holds_alternative<model::SetPodCondition>(step.action) &&
           !std::holds_alternative<model::AskView>(step.action) && !std::holds_alternative<model::AskReport>(step.action);
  }
  std::string owners() const {
    std::string text = "then\n";
    for (const auto& node : world_.nodes())
      if (node.pod_exists && node.life == BuiltNode::Life::kUp && !node.slots.empty())
        text += node.pod + " owns " + std::to_string(node.slots.count()) + " slots: " + to_string(node.slots) + "\n";
    return text;
  }

  using Command = std::function<void(ClusterBuilder&, Words&)>;
  static const std::map<std::string, Command>& commands() {
    static const std::map<std::string, Command> all{
        {"dead", [](auto& w, auto& a) { w.dead(a["pod"]); }},
        {"container-ended", [](auto& w, auto& a) { w.container_ended(a["pod"]); }},
        {"out-of-service", [](auto& w, auto& a) { w.out_of_service(a["worker"]); }},
        {"silent", [](auto& w, auto& a) { w.silent(a["pod"], milliseconds_of(a["for"])); }},
        {"unheard", [](auto& w, auto& a) { w.unheard(a["pod"]); }},
        {"hung", [](auto& w, auto& a) { w.hung(a["pod"]); }},
        {"pod-gone", [](auto& w, auto& a) { w.pod_gone(a["pod"]); }},
        {"first-start", [](auto& w, auto& a) { w.first_start(a["pod"]); }},
        {"fresh", [](auto& w, auto& a) { w.fresh(a["pod"]); }},
        {"promoted", [](auto& w, auto& a) { w.promoted(a["pod"]); }},
        {"failed", [](auto& w, auto& a) { w.failed(a["pod"]); }},
        {"forgotten", [](auto& w, auto& a) { w.forgotten(a["pod"]); }},
        {"extra", [](auto& w, auto& a) { w.extra(a["pod"], std::stoi(a["shard"]), a["worker"]); }},
        {"first-sync", [](auto& w, auto& a) { w.node(a["pod"]).has_synced = false; }},
        {"offset", [](auto& w, auto& a) { w.node(a["pod"]).offset = std::stoull(a["bytes"]); }},
        {"island", [](auto& w, auto& a) { w.island(1, {a["pod"]}); }},
        {"epoch", [](auto& w, auto& a) { w.node(a["pod"]).epoch = {std::stoull(a["is"])}; }},
        {"slots", [](auto& w, auto& a) { w.node(a["pod"]).slots = SlotSet::parse(a["are"]).value(); }},
        {"primary", [](auto& w, auto& a) { w.node(a["pod"]).is_primary = true, w.node(a["pod"]).follows.clear(); }},
        {"joined", [](auto& w, auto& a) { w.node(a["pod"]).in_cluster = true, w.node(a["pod"]).cluster_ok = true, w.unforget(a["pod"]); }},
        {"wait", [](auto& w, auto& a) { w.pass_time(milliseconds_of(a["time"])); }},
        {"functions", [](auto& w, auto& a) { w.node(a["pod"]).functions_hash = std::stoull(a["hash"]); }},
        {"asked", [](auto& w, auto& a) { w.asked(std::stoi(a["shards"])); }},
        {"version", [](auto& w, auto& a) { set_version(w, ServerVersion::parse(a["is"]).value()); }},
        {"keys", [](auto& w, auto& a) { w.node(a["pod"]).keys = std::stoull(a["are"]); }},
        {"paused", [](auto& w, auto&) { w.spec().paused = true; }},
    };
    return all;
  }

  static void set_version(ClusterBuilder& world, const ServerVersion& version) {
    for (const auto& node : std::vector(world.nodes())) world.node(node.pod).version = version;
  }

  ClusterBuilder world_;
  model::History history_;
};

}  // namespace

Result<std::string> retold(const std::string& script) {
  Story story;
  std::string told;
  std::istringstream in(script);
  bool in_answer = false;
  int passes = 0;  // of `run`; 0: `decide`
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (in_answer && !line.empty()) continue;  // the old answer
    in_answer = false;
    told += line + "\n";
    if (line.empty() || line.starts_with("#")) continue;
    if (line == "----") {
      told += passes == 0 ? story.decide() : story.run(passes);
      in_answer = true;
    } else if (line == "report") {
      story.report();
    } else if (line == "coordinator-restarts") {
      story.restart_coordinator();
    } else if (line == "decide" || line == "run") {
      passes = line == "run" ? 60 : 0;
    } else if (line.starts_with("run passes=")) {
      passes = std::stoi(line.substr(11));
    } else if (!story.tell(line)) {
      return invalid("line " + std::to_string(number), "no such command: " + line);
    }
  }
  return told;
}

}  // namespace shardkeeper::test
