#include "coordinator/model/step.h"

namespace shardkeeper::model {
namespace {

template <typename... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};

std::string list(const ServerSettingMap& settings) {
  std::string text;
  for (const auto& [name, value] : settings) text.append(" ").append(name).append("=").append(value);
  return text;
}

std::string describe(const command::Command& command) {
  std::string name(command::name_of(command));
  return std::visit(Overloaded{
                        [&](const command::GrantStart& c) { return name + " start=" + c.id.value.substr(0, 8); },
                        [&](const command::SetConfigEpoch& c) { return name + " epoch=" + to_string(c.epoch); },
                        [&](const command::RaiseEpoch& c) { return name + " above=" + to_string(c.above); },
                        [&](const command::Meet& c) {
                          std::string text = name + " peers=" + std::to_string(c.peers.size());
                          if (c.peers.size() == 1) text += " " + to_string(c.peers[0]);
                          return text;
                        },
                        [&](const command::AddSlots& c) { return name + " slots=" + to_string(c.slots); },
                        [&](const command::Replicate& c) { return name + " primary=" + c.primary.short_form(); },
                        [&](const command::TakeTicket& c) { return name + " replica=" + c.wanted.replica.value; },
                        [&](const command::Failover& c) { return name + " mode=" + std::string(to_string(c.mode)); },
                        [&](const command::Forget& c) {
                          std::string text = name;
                          for (const auto& id : c.ids) text += " " + id.short_form();
                          return text;
                        },
                        [&](const command::SetConfig& c) { return name + list(c.settings); },
                        [&](const command::ApplySettings& c) { return name + list(c.settings); },
                        [&](const command::Shutdown&) { return name; },
                        [&](const command::Unfence&) { return name; },
                        [&](const command::StartMigration& c) {
                          return name + " job=" + c.job.id + " to=" + c.job.target_pod.value +
                                 " engine=" + std::string(to_string(c.job.engine)) + " slots=" + to_string(c.job.slots);
                        },
                        [&](const command::CancelMigration& c) { return name + " job=" + c.job; },
                        [&](const command::ThrottleMigration& c) {
                          return name + " job=" + c.job + " bytes-per-second=" + std::to_string(c.bytes_per_second);
                        },
                        [&](const command::SetSlots& c) {
                          return name + " mode=" + std::string(to_string(c.mode)) + " node=" + c.node.short_form() +
                                 " slots=" + to_string(c.slots);
                        },
                        [&](const command::CopyFunctions& c) { return name + " to=" + c.target_pod.value; },
                        [&](const command::RestoreFunctions&) { return name; },
                    },
                    command);
}

std::string describe(const Action& action) {
  return std::visit(
      Overloaded{
          [](const CreatePod& a) {
            std::string text = "create-pod shard=" + to_string(a.request.shard);
            for (const auto& worker : a.request.workers_taken) text += (a.request.taken_is_hard ? " never=" : " not=") + worker.value;
            for (const auto& worker : a.request.workers_avoided) text += " rather-not=" + worker.value;
            return text;
          },
          [](const EvictPod& a) { return "evict-pod " + a.pod.value; },
          [](const RemovePod& a) { return "remove-pod " + a.pod.value; },
          [](const LabelPod& a) {
            std::string text = "label-pod " + a.pod.value;
            for (const auto& [key, value] : a.labels) text += " " + key.substr(key.find('/') + 1) + "=" + value;
            return text;
          },
          [](const SetPodCondition& a) { return "set-condition " + a.pod.value + " " + a.type + "=" + (a.holds ? "true" : "false"); },
          [](const Order& a) { return "order " + a.pod.value + " " + describe(a.command); },
          [](const Promote& a) {
            return "promote " + a.replica.value + " shard=" + to_string(a.shard) + " mode=" + std::string(to_string(a.mode)) +
                   (a.accept_stale ? " accept-stale" : "");
          },
          [](const AskReport& a) { return "ask-report " + a.pod.value; },
          [](const AskView& a) { return "ask-view " + a.pod.value; },
      },
      action);
}

}  // namespace

std::string key_of(const Step& step) {
  return std::visit(Overloaded{
                        [](const CreatePod& a) { return "create:" + to_string(a.request.shard); },
                        [](const EvictPod& a) { return "evict:" + a.pod.value; },
                        [](const RemovePod& a) { return "remove:" + a.pod.value; },
                        [](const LabelPod& a) { return "label:" + a.pod.value; },
                        [](const SetPodCondition& a) { return "condition:" + a.pod.value + ":" + a.type; },
                        [](const Order& a) { return std::string(command::name_of(a.command)) + ":" + a.pod.value; },
                        [](const Promote& a) { return "promote:" + to_string(a.shard); },
                        [](const AskReport& a) { return "report:" + a.pod.value + ":" + std::to_string(a.nonce); },
                        [](const AskView& a) { return "view:" + a.pod.value; },
                    },
                    step.action);
}

std::optional<PodName> pod_of(const Step& step) {
  return std::visit(Overloaded{
                        [](const CreatePod&) -> std::optional<PodName> { return std::nullopt; },
                        [](const Promote& a) -> std::optional<PodName> { return a.replica; },
                        [](const auto& a) -> std::optional<PodName> { return a.pod; },
                    },
                    step.action);
}

std::string to_string(const Step& step) {
  return describe(step.action) + " because=" + std::string(to_string(step.why)) + (step.detail.empty() ? "" : "(" + step.detail + ")");
}

}  // namespace shardkeeper::model
