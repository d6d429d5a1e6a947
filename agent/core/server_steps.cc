#include "agent/core/server_steps.h"

#include "common/valkey/error_map.h"

#include <memory>
#include <optional>

namespace shardkeeper::agent {
namespace {

// "CLUSTER MEET": enough for an error; arguments may be long or secret.
std::string name_of_call(const Arguments& arguments) {
  std::string name = arguments.front();
  if (arguments.size() > 1 && (name == "CLUSTER" || name == "CONFIG")) name += " " + arguments[1];
  return name;
}

}  // namespace

ServerSettingMap differing_settings(const valkey::Reply& reply, const ServerSettingMap& wanted) {
  ServerSettingMap differing = wanted;
  for (std::size_t i = 0; i + 1 < reply.items.size(); i += 2) {
    const auto it = differing.find(reply.items[i].text);
    if (it != differing.end() && it->second == reply.items[i + 1].text) differing.erase(it);
  }
  return differing;
}

void ServerSteps::ask(Arguments arguments, Done done, std::function<void(valkey::Reply)> then) {
  const std::string name = name_of_call(arguments);
  server_.call(std::move(arguments),
               [name, done = std::move(done), then = std::move(then), alive = alive_.watch()](Result<valkey::Reply> reply) {
                 if (alive.expired()) return;
                 if (!reply) return done(Error{reply.error().kind, name, to_string(reply.error())});
                 if (reply->is_error()) return done(valkey::to_error(name, reply->text));
                 then(std::move(*reply));
               });
}

void ServerSteps::look(const Done& done, std::function<void(valkey::parse::ClusterNodes)> then) {
  ask({"CLUSTER", "NODES"}, done, [done, then = std::move(then)](const valkey::Reply& reply) {
    auto nodes = valkey::parse::parse_cluster_nodes(reply.text);
    if (!nodes) return done(nodes.error());
    if (nodes->myself() == nullptr) return done(invalid("CLUSTER NODES", "no line is flagged myself"));
    then(std::move(*nodes));
  });
}

void ServerSteps::send_all(std::vector<Arguments> calls, std::string harmless, Done done) {
  struct Pipeline {
    std::size_t missing;
    std::optional<Error> failure;
    std::string harmless;
    Done done;
  };
  const auto pipeline =
      std::make_shared<Pipeline>(Pipeline{calls.size(), std::nullopt, std::move(harmless), std::move(done)});  // shared by its replies
  if (calls.empty()) return pipeline->done(command::Outcome{});
  for (auto& call : calls) {
    const std::string name = name_of_call(call);
    server_.call(std::move(call), [pipeline, name, alive = alive_.watch()](Result<valkey::Reply> reply) {
      if (alive.expired()) return;
      const bool is_harmless = reply && !pipeline->harmless.empty() && reply->text.starts_with(pipeline->harmless);
      if (!reply && !pipeline->failure)
        pipeline->failure = Error{reply.error().kind, name, to_string(reply.error())};
      else if (reply && reply->is_error() && !is_harmless && !pipeline->failure)
        pipeline->failure = valkey::to_error(name, reply->text);
      if (--pipeline->missing > 0) return;
      if (pipeline->failure) return pipeline->done(*pipeline->failure);
      pipeline->done(command::Outcome{});
    });
  }
}

}  // namespace shardkeeper::agent
