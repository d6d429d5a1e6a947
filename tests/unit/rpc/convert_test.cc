// What travels comes back as it was; what is wrong is named.
#include "common/rpc/convert/command.h"
#include "common/rpc/convert/node_state.h"
#include "common/rpc/convert/topology.h"
#include "common/rpc/convert/watch.h"
#include "common/rpc/grpc_library.h"
#include "tests/unit/rpc/generators.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cctype>

namespace shardkeeper::rpc::test {
namespace {

namespace pb = shardkeeper::agent::v1;

// Through bytes, as on the wire.
template <typename Message>
Message sent(const Message& message) {
  Message received;
  EXPECT_TRUE(received.ParseFromString(message.SerializeAsString()));
  return received;
}

RC_GTEST_PROP(Convert, ANodeStateComesBack, ()) {
  const NodeState state = some_state();
  pb::NodeState message;
  convert::to_proto(state, message);
  const auto read = convert::from_proto(sent(message));
  RC_ASSERT(bool(read));
  RC_ASSERT(*read == state);
}

RC_GTEST_PROP(Convert, ACommandComesBack, ()) {
  const command::Command command = some_command();
  pb::ExecuteRequest message;
  convert::to_proto(command, message);
  const auto read = convert::from_proto(sent(message));
  RC_ASSERT(bool(read));
  RC_ASSERT(*read == command);
}

RC_GTEST_PROP(Convert, AnOutcomeComesBack, ()) {
  const command::Outcome outcome{.already_so = coin(), .ticket = maybe<command::Ticket>(some_ticket)};
  pb::ExecuteResponse message;
  convert::to_proto(outcome, message);
  RC_ASSERT(convert::from_proto(sent(message)).value() == outcome);
}

RC_GTEST_PROP(Convert, AMessageFromTheCoordinatorComesBack, ()) {
  const FromCoordinator message = some_message();
  pb::FromCoordinator wire;
  convert::to_proto(message, wire);
  const auto read = convert::from_proto(sent(wire)).value();
  RC_ASSERT(read.token == message.token && read.report_nonce == message.report_nonce && read.want_view == message.want_view);
  RC_ASSERT(read.node_timeout == message.node_timeout && read.peers == message.peers);
}

// Whatever bytes come: an answer, never a crash; and what is accepted survives another journey.
RC_GTEST_PROP(Convert, GarbageIsReadOrRefused, (const std::string& garbage)) {
  set_up_grpc();  // Protobuf says on stderr what it does not like, else
  pb::NodeState state;
  convert::to_proto(some_state(), state);
  std::string bytes = state.SerializeAsString();
  for (std::size_t i = 0; i < garbage.size() && !bytes.empty(); ++i)
    bytes[static_cast<std::size_t>(number(static_cast<int>(bytes.size())))] = garbage[i];
  pb::NodeState broken;
  if (!broken.ParseFromString(bytes)) return;
  const auto read = convert::from_proto(broken);
  if (!read) return;
  pb::NodeState again;
  convert::to_proto(*read, again);
  RC_ASSERT(convert::from_proto(again).value() == *read);
}

// "READY_REASON_GATE_SHUT" and "GateShut" must be the same thing: enumerations are matched by number.
std::string camel(const std::string& wire_name, std::size_t prefix) {
  std::string text;
  for (const char c : wire_name.substr(prefix)) text += c;
  std::string result;
  bool upper = true;
  for (const char c : text) {
    if (c != '_') result += upper ? c : static_cast<char>(std::tolower(c));
    upper = c == '_';
  }
  return result;
}

TEST(Convert, EnumeratorsMeanTheSameOnBothSides) {
  for (int wire = 1; wire < pb::ReadyReason_ARRAYSIZE; ++wire)
    EXPECT_EQ(camel(pb::ReadyReason_Name(wire), std::string("READY_REASON_").size()), to_string(static_cast<ReadyReason>(wire - 1)));
  for (int wire = 1; wire < pb::ServerCondition_ARRAYSIZE; ++wire) {
    std::string name = camel(pb::ServerCondition_Name(wire), std::string("SERVER_CONDITION_").size());
    name[0] = static_cast<char>(std::tolower(name[0]));
    EXPECT_EQ(name, to_string(static_cast<ServerCondition>(wire - 1)));
  }
  for (int wire = 1; wire < pb::FailoverMode_ARRAYSIZE; ++wire) {
    std::string name = camel(pb::FailoverMode_Name(wire), std::string("FAILOVER_MODE_").size());
    name[0] = static_cast<char>(std::tolower(name[0]));
    EXPECT_EQ(name, to_string(static_cast<command::FailoverMode>(wire - 1)));
  }
}

struct BadCase {
  std::string says;  // what the error must say
  std::string text;  // protobuf text format, merged into a good message
};

const std::string kId = "0123456789abcdef0123456789abcdef01234567";
const std::string kGoodState = R"(pod: "a" condition: SERVER_CONDITION_UP role: ROLE_PRIMARY readiness { reason: READY_REASON_READY } )";

class BadState : public ::testing::TestWithParam<BadCase> {};
TEST_P(BadState, IsNamed) {
  pb::NodeState message;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(kGoodState, &message));
  ASSERT_TRUE(convert::from_proto(message)) << "the message without the fault";
  pb::NodeState fault;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(GetParam().text, &fault));
  message.MergeFrom(fault);
  const auto read = convert::from_proto(message);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(to_string(read.error()), GetParam().says);
}
INSTANTIATE_TEST_SUITE_P(
    Convert, BadState,
    ::testing::Values(
        BadCase{"node state: node_id: expected 40 hexadecimal digits, got \"xyz\"", R"(node_id: "xyz")"},
        BadCase{"node state: primary_id: expected 40 hexadecimal digits, got \"" + std::string(40, 'A') + "\"",
                "primary_id: \"" + std::string(40, 'A') + "\""},
        BadCase{"node state: role: value 9 is not known to this version", "role: 9"},
        BadCase{"node state: condition: value -1 is not known to this version", "condition: -1"},
        BadCase{"node state: readiness.reason: value 99 is not known to this version", "readiness { reason: 99 }"},
        BadCase{"node state: slots: 5-4 is no range within 0..16383", "slots { first: 5 last: 4 }"},
        BadCase{"node state: slots: 0-16384 is no range within 0..16383", "slots { last: 16384 }"},
        BadCase{"node state: slots: 4294967295-4294967295 is no range within 0..16383", "slots { first: 4294967295 last: 4294967295 }"},
        BadCase{"node state: announced: \"localhost\" is no IP address", R"(announced { ip: "localhost" })"},
        BadCase{"node state: announced: a port is above 65535", R"(announced { port: 65536 })"},
        BadCase{"node state: server_version: server version: expected a version like 8.0.1, got \"eight\"", R"(server_version: "eight")"},
        BadCase{"node state: gate.request.start_id: is empty", R"(gate { request { server_version: "8.0.1" } })"},
        BadCase{"node state: open_slots: open slot: slot: 16384 is not within 0..16383",
                "open_slots { slot: 16384 peer_id: \"" + kId + "\" }"},
        BadCase{"node state: node_timeout_ms: 18446744073709551615 ms is longer than ten years", "node_timeout_ms: 18446744073709551615"},
        BadCase{"node state: last_life.node_id: expected 40 hexadecimal digits, got \"\"", "last_life { role: ROLE_PRIMARY }"},
        BadCase{"node state: last_life.role: is not set", "last_life { node_id: \"" + kId + "\" }"},
        BadCase{"node state: view: topology view: id: expected 40 hexadecimal digits, got \"\"", "view { rows { role: ROLE_PRIMARY } }"},
        BadCase{"node state: view: topology view: rows: are not sorted by id, or hold an id twice",
                "view { rows { role: ROLE_PRIMARY id: \"" + kId + "\" } rows { role: ROLE_PRIMARY id: \"" + kId + "\" } }"}));

TEST(Convert, AnEmptyNodeStateIsNamed) { EXPECT_EQ(to_string(convert::from_proto(pb::NodeState()).error()), "node state: pod: is empty"); }

TEST(Convert, TextsFromAnywhereStayReadable) {
  NodeState state;
  state.pod = PodName("a");
  state.readiness.detail = "ERR \xff\xfe " + std::string(70'000, 'x');
  pb::NodeState message;
  convert::to_proto(state, message);
  const auto read = convert::from_proto(sent(message));
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_TRUE(read->readiness.detail.starts_with("ERR ?? xxx"));
  EXPECT_EQ(read->readiness.detail.size(), 65'536U);
}

TEST(Convert, TooMuchIsRefused) {
  pb::NodeState good;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(kGoodState, &good));
  pb::NodeState state = good;
  for (int i = 0; i < 2001; ++i) state.mutable_view()->add_rows();
  EXPECT_EQ(to_string(convert::from_proto(state).error()), "node state: view: topology view: rows: 2001 entries, at most 2000");
  state = good;
  for (int row = 0; row < 3; ++row)
    for (int i = 0; i < 6000; ++i) state.mutable_view()->add_rows()->add_slots();
  EXPECT_FALSE(convert::from_proto(state));
  state = good;
  auto& row = *state.mutable_view()->add_rows();
  for (int i = 0; i < 16385; ++i) row.add_slots();
  EXPECT_EQ(to_string(convert::from_proto(state).error()),
            "node state: view: topology view: slot ranges of all rows: 16385 entries, at most 16384");
  state = good;
  state.mutable_readiness()->set_detail(std::string(65'537, 'x'));
  EXPECT_EQ(to_string(convert::from_proto(state).error()), "node state: readiness.detail: 65537 bytes, at most 65536");
  state = good;
  state.set_pod(std::string(254, 'x'));
  EXPECT_EQ(to_string(convert::from_proto(state).error()), "node state: pod: 254 bytes, at most 253");
}

class BadCommand : public ::testing::TestWithParam<BadCase> {};
TEST_P(BadCommand, IsNamed) {
  pb::ExecuteRequest message;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(GetParam().text, &message));
  const auto read = convert::from_proto(message);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(to_string(read.error()), GetParam().says);
}
INSTANTIATE_TEST_SUITE_P(
    Convert, BadCommand,
    ::testing::Values(BadCase{"command: is missing, or is one that this version of the agent does not know; update the agent", "token: 1"},
                      BadCase{"grant-start: start_id: is empty", "grant_start {}"},
                      BadCase{"set-config-epoch: epoch: 0 is no epoch", "set_config_epoch {}"},
                      BadCase{"meet: peers: one has no address or no port", R"(meet { peers { ip: "10.0.0.1" } })"},
                      BadCase{"meet: peers: \"valkey\" is no IP address", R"(meet { peers { ip: "valkey" port: 1 } })"},
                      BadCase{"add-slots: slots: none are named", "add_slots {}"},
                      BadCase{"replicate: primary_id: expected 40 hexadecimal digits, got \"\"", "replicate {}"},
                      BadCase{"take-ticket: ticket.replica_pod: is empty", "take_ticket {}"},
                      BadCase{"take-ticket: ticket.mode: is not set", R"(take_ticket { wanted { replica_pod: "a" } })"},
                      BadCase{"failover: mode: is not set", "failover {}"},
                      BadCase{"failover: old_primary_id: expected 40 hexadecimal digits, got \"\"",
                              "failover { mode: FAILOVER_MODE_FORCE }"},
                      BadCase{"forget: ids: expected 40 hexadecimal digits, got \"x\"", R"(forget { ids: "x" })"},
                      BadCase{"unfence: min_replicas_to_write: is negative", "unfence { min_replicas_to_write: -1 }"}));

// Without text format, which reads maps by reflection: under the thread sanitizer Protobuf's headers lay maps out as the library does not.
TEST(Convert, ASettingWithoutANameIsNamed) {
  pb::ExecuteRequest message;
  (*message.mutable_set_config()->mutable_settings())[""] = "x";
  EXPECT_EQ(to_string(convert::from_proto(message).error()), "set-config: settings: name: is empty");
}

TEST(Convert, AMessageFromTheCoordinatorIsChecked) {
  pb::FromCoordinator message;
  EXPECT_EQ(to_string(convert::from_proto(message).error()), "message from the coordinator: node_timeout_ms: is 0");
  message.set_node_timeout_ms(5000);
  message.add_peers()->set_shard(-1);
  EXPECT_EQ(to_string(convert::from_proto(message).error()), "message from the coordinator: peers.shard: is negative");
  message.clear_peers();
  for (int i = 0; i < 2001; ++i) message.add_peers();
  EXPECT_EQ(to_string(convert::from_proto(message).error()), "message from the coordinator: peers: 2001 entries, at most 2000");
}

}  // namespace
}  // namespace shardkeeper::rpc::test
