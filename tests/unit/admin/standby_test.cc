#include "coordinator/admin/standby_service.h"

#include <gtest/gtest.h>

namespace shardkeeper::coordinator {
namespace {

TEST(Standby, NamesWhoLeadsAndHowToAskThere) {
  StandbyService standby;
  standby.set_leader("shardkeeper-7d9f-x2k_4b1c");
  std::string said;
  standby.status("", [&](const Result<admin::v1::Status>& status) { said = to_string(status.error()); });
  EXPECT_EQ(said,
            "coordinator: this one stands by; shardkeeper-7d9f-x2k leads. Ask there: kubectl exec shardkeeper-7d9f-x2k -- shardkeeper …");
  standby.scale({}, [&](const Result<admin::v1::Scaled>& scaled) { EXPECT_EQ(to_string(scaled.error()), said); });
  EXPECT_EQ(standby.version().platform(), "kubernetes, standing by");
}

}  // namespace
}  // namespace shardkeeper::coordinator
