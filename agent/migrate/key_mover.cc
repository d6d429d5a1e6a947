#include "agent/migrate/key_mover.h"

#include "common/log/log.h"
#include "common/time/in_seconds.h"
#include "common/valkey/error_map.h"
#include "common/valkey/parse/info.h"

#include <algorithm>
#include <utility>

namespace shardkeeper::agent {
namespace {

using std::chrono::milliseconds;
using valkey::Reply;

constexpr int kFailuresMax = 3;      // a silent target blocks the source for the whole timeout each time
constexpr int kRoundsInVainMax = 5;  // countings in a row that show as many keys as before
constexpr milliseconds kCallTimeoutMin{500};
constexpr std::size_t kCallsMax = 4;
constexpr std::uint64_t kUnknownSizeBytes = 1024;

}  // namespace

// While the target is silent the source waits in MIGRATE and answers nobody: it must give up before the others take it for dead.
milliseconds KeyMover::timeout() const { return std::clamp(parts_.node_timeout / 2, kCallTimeoutMin, milliseconds(5'000)); }

void KeyMover::move(const SlotSet& slots, std::function<void(Result<Stuck>)> done) {
  slots_ = slots;
  stuck_ = {};
  done_ = std::move(done);
  total_ = 0;
  rounds_in_vain_ = 0;
  failures_in_a_row_ = 0;
  one_by_one_ = false;
  budget_.count_others_anew();
  count();
}

void KeyMover::count() {
  if (is_stopped_) return finish(conflict("moving keys", "stopped"));
  if (slots_.empty()) return finish(std::move(stuck_));
  look_for_clients();
  count_keys(port(), slots_, alive_, [this](Result<SlotCounts> counts) {
    if (!counts) return retry(counts.error());
    on_count(*std::move(counts));
  });
}

void KeyMover::on_count(SlotCounts counts) {
  // A slot that is not listed is not this node's any more: its keys are somebody else's business, and so is who owns it next.
  if (counts.size() != static_cast<std::size_t>(slots_.count()))
    return finish(conflict("moving keys", std::to_string(static_cast<std::size_t>(slots_.count()) - counts.size()) +
                                              " of the slots are not this node's any more"));
  std::erase_if(counts, [](const auto& entry) { return entry.second == 0; });
  if (counts.empty()) return finish(std::move(stuck_));
  const std::uint64_t total = total_of(counts);
  rounds_in_vain_ = total_ != 0 && total >= total_ ? rounds_in_vain_ + 1 : 0;
  total_ = total;
  if (rounds_in_vain_ >= kRoundsInVainMax)
    return leave(
        counts.begin()->first,
        refused("moving keys", std::to_string(counts.begin()->second) + " keys stay in slot " + std::to_string(counts.begin()->first) +
                                   " whatever is moved; this engine moves database 0 only, the atomic one moves all"));
  left_ = std::move(counts);
  list();
}

// Names of the next keys: of several slots where they hold few.
void KeyMover::list() {
  if (is_stopped_ || left_.empty()) return count();
  listed_.clear();
  std::size_t wanted = 0;
  std::vector<std::pair<int, std::size_t>> questions;
  while (!left_.empty() && wanted < list_max_) {
    const auto [slot, keys] = *left_.begin();
    const std::size_t names = std::min<std::size_t>(keys, list_max_ - wanted);
    questions.emplace_back(slot, names);
    wanted += names;
    left_.erase(left_.begin());
  }
  missing_ = questions.size();
  passing_.reset();
  look_for_clients();
  for (const auto& [slot, names] : questions)
    port().call({"CLUSTER", "GETKEYSINSLOT", std::to_string(slot), std::to_string(names)},
                [this, slot = slot, alive = alive_.watch()](Result<Reply> reply) {
                  if (!alive.expired()) on_list(slot, std::move(reply));
                });
}

void KeyMover::look_for_clients() {
  const std::uint64_t own = parts_.servers.calls_made();
  port().call({"INFO", "stats"}, [this, own, alive = alive_.watch()](const Result<Reply>& reply) {
    if (alive.expired() || !reply) return;  // the listing beside it tells why
    const auto info = valkey::parse::Info::parse(reply->text);
    const auto all = info && !reply->is_error() ? info->number("total_commands_processed") : std::nullopt;
    budget_.others_sent(all ? std::optional(static_cast<std::int64_t>(*all - own)) : std::nullopt);
  });
}

void KeyMover::on_list(int slot, Result<Reply> reply) {
  const bool is_too_long = !reply && reply.error().kind == ErrorKind::kInvalid;
  if (is_too_long && list_max_ == 1) final_ = reply.error();
  if (is_too_long) list_max_ = std::max<std::size_t>(1, list_max_ / 8);
  reply = valkey::refuse_error_reply("CLUSTER GETKEYSINSLOT", std::move(reply));
  if (!reply && !passing_) passing_ = reply.error();
  if (reply)
    for (auto& item : reply->items) listed_.push_back({slot, std::move(item.text), kUnknownSizeBytes});
  if (--missing_ > 0) return;
  if (final_) return finish(*final_);
  if (passing_) return retry(*passing_);
  size();
}

// Estimated by the server from a few elements of each: quick, and good enough to keep a big key alone and a limit on bytes.
void KeyMover::size() {
  if (listed_.empty()) return go_on();
  if (!can_size_) return pack();
  missing_ = listed_.size();
  for (std::size_t i = 0; i < listed_.size(); ++i)
    port().call({"MEMORY", "USAGE", listed_[i].name}, [this, i, alive = alive_.watch()](Result<Reply> reply) {
      if (alive.expired()) return;
      if (reply && reply->kind == Reply::Kind::kInteger)
        listed_[i].bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(0, reply->integer));
      if (reply && reply->is_error()) can_size_ = false;
      if (!reply && !passing_) passing_ = reply.error();
      if (--missing_ > 0) return;
      if (passing_) return retry(*passing_);
      pack();
    });
}

void KeyMover::pack() {
  batches_.clear();
  const std::size_t keys_max = one_by_one_ ? 1 : budget_.keys_max();
  for (auto& key : listed_) {
    const bool fits = !batches_.empty() && batches_.back().slot == key.slot && batches_.back().keys.size() < keys_max &&
                      batches_.back().bytes + key.bytes <= budget_.bytes_max();
    if (!fits) batches_.push_back({key.slot, {}, 0});
    batches_.back().keys.push_back(std::move(key.name));
    batches_.back().bytes += key.bytes;
  }
  go_on();
}

void KeyMover::send_next() {
  const bool can_relay = parts_.open_relay != nullptr && *parts_.open_relay;
  const bool is_slow = batches_.front().bytes >= kSlowBytes && can_relay;
  if (!is_slow && relay_kind_ == RelayKind::kPlain) return send(next_calls(), target_);
  if (!relay_) {
    if (!can_relay) return finish(refused("moving keys", "the target is older than 9.0 and cannot read what this server's MIGRATE sends"));
    auto relay = (*parts_.open_relay)(target_, relay_kind_);
    if (!relay) return retry(relay.error());
    relay_ = *std::move(relay);
  }
  if (is_slow) guard();
  send(next_call(), relay_->endpoint());
}

std::vector<KeyBatch> KeyMover::next_call() {
  std::vector<KeyBatch> calls{std::move(batches_.front())};
  batches_.pop_front();
  return calls;
}

// A call holds keys of one slot. Where slots hold few and nobody else waits for the source, several go at once: together no more than one
// may hold, and when the target falls silent they block the source no longer than one does, because each has its part of the timeout only.
// After a bad key, of which there may be more, one at a time: else each of those would be sent again for every one that is left.
std::vector<KeyBatch> KeyMover::next_calls() {
  std::vector<KeyBatch> calls = next_call();
  const bool is_alone = one_by_one_ || !stuck_.slots.empty() || budget_.do_clients_wait();
  const auto calls_max = is_alone ? 1 : std::min(kCallsMax, static_cast<std::size_t>(timeout() / kCallTimeoutMin));
  std::uint64_t bytes = calls.front().bytes;
  std::size_t keys = calls.front().keys.size();
  while (!batches_.empty() && calls.size() < calls_max) {
    bytes += batches_.front().bytes;
    keys += batches_.front().keys.size();
    if (bytes > budget_.bytes_max() || keys > budget_.keys_max()) break;
    calls.push_back(std::move(batches_.front()));
    batches_.pop_front();
  }
  return calls;
}

void KeyMover::send(std::vector<KeyBatch> calls, const Endpoint& to) {
  sent_ = {.began = parts_.scheduler.now(), .missing = calls.size(), .failed = std::nullopt};
  const auto timeout_each = timeout() / static_cast<int>(calls.size());
  for (auto& batch : calls) {
    auto call = migrate_call(batch, to, parts_.replication, timeout_each);
    port().call(std::move(call), [this, batch = std::move(batch), alive = alive_.watch()](Result<Reply> reply) {
      if (!alive.expired()) on_reply(batch, std::move(reply));
    });
  }
}

void KeyMover::on_reply(const KeyBatch& batch, Result<Reply> reply) {
  if (reply && read_migrate_answer(*reply) == MigrateAnswer::kMoved) {
    failures_in_a_row_ = 0;
    sent_.bytes += batch.bytes;
    sent_.keys += batch.keys.size();
    parts_.progress.keys_done += batch.keys.size();
    parts_.progress.bytes_done += batch.bytes;
  } else if (!sent_.failed) {
    sent_.failed = {batch, std::move(reply)};
  }
  if (--sent_.missing > 0) return;
  const bool was_slow = std::exchange(guard_, nullptr) != nullptr;
  if (was_slow || relay_kind_ == RelayKind::kPlain) relay_.reset();
  if (std::exchange(was_cut_, false) && sent_.failed && sent_.failed->reply) return on_cut(sent_.failed->batch);
  if (was_slow) cuts_ = 0;
  if (sent_.failed) return on_failed(sent_.failed->batch, sent_.failed->reply);
  on_moved();
}

// MIGRATE's own time-out holds for each piece that is sent, not for the whole: a slow target can keep the source for longer than the others
// wait before they put its replica in its place, and what clients write when it is back would be lost.
void KeyMover::guard() {
  guard_ = parts_.scheduler.after(slow_timeout(), [this] {
    was_cut_ = true;
    relay_->cut();
  });
}

// Others may have been busy just then. But its clients have waited: they are served for a while, and not often made to wait in vain.
void KeyMover::on_cut(const KeyBatch& batch) {
  const Error why =
      refused("moving keys",
              describe_failure(batch, "it stopped its server for " + in_seconds(slow_timeout()) +
                                          ", and was broken off before the others could think it dead; raise cluster-node-timeout (" +
                                          in_seconds(parts_.node_timeout) + "), or move it where servers have less to do"));
  log::warn("a slow value was broken off", {{"reason", why.detail}});
  if (++cuts_ == kCutsMax) {
    cuts_ = 0;
    return leave(batch.slot, why);
  }
  batches_.clear();
  total_ = 0;
  pause(parts_.node_timeout, &KeyMover::reconnect);
}

void KeyMover::on_failed(const KeyBatch& batch, const Result<Reply>& reply) {
  if (!reply) return retry(reply.error());
  const auto why = [&] { return refused("moving keys", describe_failure(batch, reply->text)); };
  switch (read_migrate_answer(*reply)) {
    case MigrateAnswer::kMoved: return on_moved();
    case MigrateAnswer::kTryAgain: return retry(why());
    case MigrateAnswer::kOneByOne:
      if (batch.keys.size() == 1) return leave(batch.slot, why());
      one_by_one_ = true;
      batches_.clear();
      return count();
    case MigrateAnswer::kGiveUp: return finish(why());
  }
}

void KeyMover::on_moved() {
  parts_.changed();
  const Duration wait = budget_.moved(sent_.bytes, sent_.keys, parts_.scheduler.now() - sent_.began);
  if (wait == Duration(0)) return go_on();
  pause(wait, &KeyMover::go_on);
}

void KeyMover::pause(Duration duration, void (KeyMover::*then)()) {
  after_pause_ = then;
  later_ = parts_.scheduler.after(duration, [this] { (this->*std::exchange(after_pause_, nullptr))(); });
}

// A limit of a few bytes a second makes pauses of minutes.
void KeyMover::stop() {
  if (std::exchange(is_stopped_, true) || after_pause_ == nullptr) return;
  pause(Duration(0), &KeyMover::count);
}

void KeyMover::throttle() {
  budget_.limit(parts_.progress.bytes_per_second);
  if (after_pause_ == &KeyMover::go_on) pause(Duration(0), after_pause_);
}

void KeyMover::go_on() {
  if (is_stopped_) return finish(conflict("moving keys", "stopped"));
  if (!batches_.empty()) return send_next();
  list();
}

// Its other keys stay as well: where they are does not matter to clients, and the slot cannot be closed without all of them.
void KeyMover::leave(int slot, const Error& why) {
  if (stuck_.why.empty()) stuck_.why = why.detail;
  stuck_.slots.add(slot);
  if (stuck_.slots.count() > kStuckSlotsMax) return finish(why);
  slots_ = slots_.without(SlotSet::of(slot, slot));
  batches_.clear();
  one_by_one_ = false;
  total_ = 0;
  rounds_in_vain_ = 0;
  count();
}

void KeyMover::retry(const Error& why) {
  batches_.clear();
  relay_.reset();
  total_ = 0;  // nothing was moved since: the next counting says nothing about a key that stays
  if (is_stopped_ || ++failures_in_a_row_ > kFailuresMax) return finish(why);
  pause(milliseconds(100 << failures_in_a_row_), &KeyMover::reconnect);
}

void KeyMover::reconnect() {
  if (is_stopped_) return count();
  parts_.servers.want(1, [this, alive = alive_.watch()](const Result<void>& stands) {
    if (alive.expired()) return;
    if (!stands) return finish(stands.error());
    count();
  });
}

void KeyMover::finish(Result<Stuck> result) {
  const auto done = std::exchange(done_, nullptr);
  if (done) done(std::move(result));
}

}  // namespace shardkeeper::agent
