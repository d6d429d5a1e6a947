// What a coordinator that stands by answers to the CLI: who leads, and how to ask there.
#pragma once

#include "common/rpc/admin_server.h"

#include <string>

namespace shardkeeper::coordinator {

// THREAD the loop's.
class StandbyService final : public rpc::AdminHandler {
 public:
  // `leader`: as its lease has it, POD or POD_something.
  void set_leader(const std::string& leader);

  void status(const std::string&, Done<admin::v1::Status> done) override { done(reason_); }
  void events(const admin::v1::EventsRequest&, Done<admin::v1::Events> done) override { done(reason_); }
  void workers(Done<admin::v1::Workers> done) override { done(reason_); }
  void cordon(const std::string&, Done<void> done) override { done(reason_); }
  void uncordon(const std::string&, Done<void> done) override { done(reason_); }
  void lose(const admin::v1::LoseWorkerRequest&, Done<void> done) override { done(reason_); }
  void confirm_lost(const std::string&, Done<void> done) override { done(reason_); }
  void accept_stale(const std::string&, Done<void> done) override { done(reason_); }
  void plan_scale(const admin::v1::ScaleRequest&, Done<admin::v1::ScalePlan> done) override { done(reason_); }
  void scale(const admin::v1::ScaleRequest&, Done<admin::v1::Scaled> done) override { done(reason_); }
  admin::v1::Version version() override;
  // A watcher sees nothing until this process leads; then its stream ends, and it asks again.
  void watch_opened(std::uint64_t, const std::string&, Push) override {}
  void watch_closed(std::uint64_t) override {}

 private:
  Error reason_ = refused("coordinator", "this one stands by");
};

}  // namespace shardkeeper::coordinator
