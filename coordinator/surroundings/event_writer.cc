#include "coordinator/surroundings/event_writer.h"

#include "common/log/log.h"
#include "coordinator/platform/kube/client/requests.h"
#include "coordinator/platform/kube/objects/names.h"
#include "coordinator/platform/kube/objects/time_text.h"

#include <string_view>

namespace shardkeeper::coordinator {

namespace kube = platform::kube;
using boost::json::object;

namespace {

constexpr std::size_t kNoteBytesMax = 1000;  // the API server takes 1,024
constexpr std::size_t kNamesMax = 2000;
constexpr std::string_view kAboutPod = "pod ";
constexpr Duration kMinute = std::chrono::minutes(1);

std::string said(const reconcile::Event& event) {
  return event.cluster.value + '\n' + event.reason + '\n' + event.subject + '\n' + event.message;
}

// Cut between characters.
std::string shortened(std::string text) {
  if (text.size() <= kNoteBytesMax) return text;
  std::size_t end = kNoteBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
  return text.substr(0, end) + "…";
}

}  // namespace

object kube_event(const reconcile::Event& event, const model::ClusterObject& cluster, const std::string& name,
                  const std::string& instance) {
  object made{{"metadata", object{{"name", name}, {"namespace", cluster.space}}},
              {"eventTime", kube::micro_time_text(event.unix_ms)},
              {"reportingController", "shardkeeper.io/coordinator"},
              {"reportingInstance", instance},
              {"action", event.reason},
              {"reason", event.reason},
              {"type", event.is_warning ? "Warning" : "Normal"},
              {"note", shortened(event.subject + ": " + event.message)},
              {"regarding", object{{"apiVersion", kube::kApiVersion},
                                   {"kind", kube::kKind},
                                   {"namespace", cluster.space},
                                   {"name", cluster.name.value},
                                   {"uid", cluster.uid}}}};
  if (event.subject.starts_with(kAboutPod))
    made["related"] =
        object{{"apiVersion", "v1"}, {"kind", "Pod"}, {"namespace", cluster.space}, {"name", event.subject.substr(kAboutPod.size())}};
  return made;
}

bool EventWriter::may_write() {
  const TimePoint now = scheduler_.now();
  if (now - minute_ >= kMinute) {
    minute_ = now;
    in_minute_ = 0;
  }
  return ++in_minute_ <= kPerMinute;
}

void EventWriter::write(const reconcile::Event& event, const model::ClusterObject& cluster) {
  if (!may_write()) return;
  const auto key = said(event);
  const auto known = names_.find(key);
  const auto done = [](const Result<boost::json::value>& reply) {
    if (!reply) log::debug("event not written", {{"reason", to_string(reply.error())}});
  };
  if (event.count > 1 && known != names_.end()) {
    const object series{{"count", event.count}, {"lastObservedTime", kube::micro_time_text(event.unix_ms)}};
    return api_.call(kube::merge_patch_request(kube::resources::kEvents, {cluster.space, known->second}, {{"series", series}}), done);
  }
  if (names_.size() >= kNamesMax) names_.clear();
  const std::string name = cluster.name.value + "." + std::to_string(event.unix_ms) + "." + std::to_string(++written_);
  names_[key] = name;
  api_.call(kube::create_request(kube::resources::kEvents, cluster.space, kube_event(event, cluster, name, instance_)), done);
}

}  // namespace shardkeeper::coordinator
