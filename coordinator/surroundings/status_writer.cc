#include "coordinator/surroundings/status_writer.h"

#include "common/log/log.h"
#include "coordinator/surroundings/kube_status.h"

namespace shardkeeper::coordinator {

namespace kube = platform::kube;

namespace {

constexpr Duration kAfterFailure = std::chrono::seconds(5);

// A merge patch: what is there and not wanted any more is taken away by naming it.
boost::json::object patch_of(const boost::json::object& there, boost::json::object wanted) {
  for (const auto& field : there)
    if (!wanted.contains(field.key())) wanted[field.key()] = nullptr;
  return {{"status", std::move(wanted)}};
}

}  // namespace

void StatusWriter::saw(const kube::ObjectName& name, const boost::json::object& status) {
  auto& entry = entries_[name];
  if (!entry.there) entry.there = status;
}

void StatusWriter::want(const kube::ObjectName& name, boost::json::object status) {
  auto& entry = entries_[name];
  entry.wanted = std::move(status);
  look(name, entry);
}

void StatusWriter::look(const kube::ObjectName& name, Entry& entry) {
  if (entry.is_writing || entry.rest || entry.wanted.empty()) return;
  const auto there = entry.there.value_or(boost::json::object());
  auto status = status_at(entry.wanted, there, scheduler_.unix_ms());
  if (status == there) return;
  entry.is_writing = true;
  api_.call(kube::merge_patch_request(resource_, name, patch_of(there, status), "status"),
            [this, alive = std::weak_ptr<bool>(alive_), name, status](const Result<boost::json::value>& reply) {
              if (const auto still = alive.lock(); !still || !*still) return;
              const auto found = entries_.find(name);
              if (found == entries_.end()) return;
              found->second.is_writing = false;
              if (reply)
                found->second.there = status;
              else if (reply.error().kind != ErrorKind::kNotFound)  // deleted meanwhile: the watch will say so
                log::warn("status cannot be written", {{"cluster", to_string(name)}, {"reason", to_string(reply.error())}});
              rest(name, found->second, reply ? kInterval : kAfterFailure);
            });
}

void StatusWriter::rest(const kube::ObjectName& name, Entry& entry, Duration duration) {
  entry.rest = scheduler_.after(duration, [this, name] {
    const auto found = entries_.find(name);
    if (found == entries_.end()) return;
    found->second.rest.reset();
    look(name, found->second);
  });
}

}  // namespace shardkeeper::coordinator
