#include "tests/support/write_checker.h"

namespace shardkeeper::test {

using Clock = std::chrono::steady_clock;

WriteChecker::WriteChecker(WriteCheckerOptions options) : options_(std::move(options)) {}

WriteChecker::~WriteChecker() = default;

Result<void> WriteChecker::start() {
  ClusterClient client(options_.client);
  const auto topology = client.load_topology();
  if (!topology) return topology.error();
  SlotSet left = options_.slots;
  const auto add_group = [&](const std::string& name, const SlotSet& wanted) {
    const SlotSet slots = wanted.common_with(left);
    if (slots.empty()) return;
    left = left.without(slots);
    writers_.push_back(std::make_unique<SlotWriter>(options_, name.empty() ? to_string(slots) : name, slots, writers_.size()));
  };
  for (const SlotSet& group : options_.groups) add_group("", group);
  if (options_.groups.empty()) {
    for (const SlotOwner& owner : *topology) add_group("", owner.slots);
    add_group("unserved", left);
  }
  if (writers_.empty()) return invalid("write checker", "no slots to write to");
  // Each knows its way before the first starts: its first request is not slower than the others.
  for (const auto& writer : writers_)
    if (const auto known = writer->load_topology(); !known) return known.error();
  began_ = Clock::now();
  for (const auto& writer : writers_) writer->start();
  return {};
}

WriteReport WriteChecker::stop() {
  for (const auto& writer : writers_) writer->stop();
  report_ = {};
  report_.duration = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began_);
  std::vector<std::uint32_t> latencies;
  for (const auto& writer : writers_) writer->add_to(report_, latencies);
  report_.latency = percentiles_of(latencies);
  return report_;
}

WriteReport WriteChecker::verify() {
  ClusterClient client(options_.client);
  static_cast<void>(client.load_topology());  // without it every key is found by MOVED
  for (const auto& writer : writers_) writer->verify(client, report_);
  return report_;
}

std::uint64_t WriteChecker::acknowledged() const {
  std::uint64_t sum = 0;
  for (const auto& writer : writers_) sum += writer->acknowledged();
  return sum;
}

SlotWriter* WriteChecker::writer_of(int slot) const {
  for (const auto& writer : writers_)
    if (writer->slots().contains(slot)) return writer.get();
  return nullptr;
}

std::uint64_t WriteChecker::acknowledged_in(int slot) const {
  const SlotWriter* writer = writer_of(slot);
  return writer != nullptr ? writer->acknowledged() : 0;
}

WriteGap WriteChecker::longest_gap(int slot) const {
  const SlotWriter* writer = writer_of(slot);
  return writer != nullptr ? writer->longest_gap() : WriteGap{};
}

void WriteChecker::forget_gaps() {
  for (const auto& writer : writers_) writer->forget_gaps();
}

}  // namespace shardkeeper::test
