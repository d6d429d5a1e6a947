// Moves slots by the server's own atomic slot migration (9.0 and newer on both ends): CLUSTER MIGRATESLOTS, followed to its end.
#pragma once

#include "agent/migrate/engine.h"
#include "agent/migrate/export_meter.h"
#include "agent/migrate/slot_counts.h"
#include "agent/migrate/slot_migrations.h"
#include "agent/migrate/target.h"

#include <memory>
#include <optional>
#include <set>

namespace shardkeeper::agent {

//   looking --(own slots)--> counting --> requesting (a part of at most 100,000 keys) --> following --(success)--> verifying
//   verifying --(the target owns the part)--> requesting the next one
//   following --(failed, cancelled, gone from the list, never lets up)--> ended
// An answer to the request that does not come says nothing: the server's list does, for two seconds after it is read again, and then who owns
// the slots. An export that runs already, of a job whose end nobody saw, is followed instead of a request where it fits.
// The server sends as fast as it can. A limit on bytes is kept in the mean: by parts of about two seconds each at that rate, and pauses.
// A part is bounded by keys because the source deletes what has moved on its main thread: about 0.1 s for so many.
// THREAD the loop's.
class AtomicEngine final : public Engine {
 public:
  AtomicEngine(const MigrationJob& job, EngineParts parts)
      : job_(job), parts_(std::move(parts)), target_(job_, parts_.scheduler, parts_.calls) {}

  // Follows one that the server is at already, found in its list: begun by an agent before this one, or by somebody else. There is no
  // target's agent to ask then: that the slots have moved is read from this node's table, which has it from the target.
  static std::unique_ptr<AtomicEngine> following(const MigrationJob& job, EngineParts parts, const std::string& name);

  void start() override;
  void cancel() override;
  void throttle() override;

 private:
  void look();
  void count();
  void count_found();
  void request();
  void look_at_earlier(const std::vector<SlotMigration>& list);
  void send_request(const ExportSample& now);
  void follow_part();
  void begin_part(const ExportSample& now);
  std::uint64_t keys_of_next_part(const ExportSample& now) const;
  void pause_for_limit();
  void follow();
  void on_silence(const Error& error);
  void on_list(const std::vector<SlotMigration>& list);
  void on_not_listed();
  void on_over(const SlotMigration& migration);
  void watch_stall(const SlotMigration& migration);
  void measure(const SlotMigration& migration);
  void verify(int tries_left);
  void check_owned(const SlotSet& target_slots, int tries_left);
  void send_cancel();
  void sample(std::function<void(ExportSample)> then);
  void ask(std::vector<std::string> call, std::function<void(valkey::Reply)> then);
  void list(std::function<void(std::vector<SlotMigration>)> then);
  void look_later(std::function<void()> then);
  void note_meter();
  std::uint64_t keys_of_part() const;
  void end(MigrationProgress::Stage stage, const std::string& error) { parts_.ended(stage, error); }

  const MigrationJob job_;
  const EngineParts parts_;
  Target target_;
  bool is_found_ = false;
  SlotSet todo_;
  SlotSet part_;  // requested
  SlotCounts counts_;
  std::set<std::string> earlier_;      // names in the list before the request
  std::string name_;                   // of the running one
  std::optional<Error> unsure_;        // the request's answer did not come
  std::optional<TimePoint> unlisted_;  // since then the server answers and does not list it
  bool must_cancel_ = false;           // CANCELSLOTMIGRATIONS is to be sent, again where its answer did not come
  std::string stalled_in_;
  TimePoint stalled_since_;
  std::string why_cancelled_;
  std::optional<TimePoint> silent_since_;
  ExportMeter meter_;
  TimePoint part_began_;
  std::uint64_t bytes_before_part_ = 0;
  bool is_pausing_ = false;
  TimePoint measured_at_;
  std::unique_ptr<Timer> later_;
  Alive alive_;
};

}  // namespace shardkeeper::agent
