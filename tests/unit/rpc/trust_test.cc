// Who is let in, and what happens to those who should not be: foreign certificates, garbage, too much.
#include "common/rpc/convert/command.h"
#include "common/rpc/grpc_library.h"
#include "tests/unit/rpc/rpc_fixture.h"

#include "shardkeeper/agent/v1/agent.grpc.pb.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grpcpp/create_channel.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

namespace shardkeeper::rpc::test {
namespace {

namespace pb = shardkeeper::agent::v1;
using std::chrono::milliseconds;

class Trust : public RpcTest {
 protected:
  // A raw client with any identity, calling on a thread of its own while the loop turns here.
  template <typename Request, typename Response>
  grpc::Status call(const tls::Identity& identity, grpc::Status (pb::Agent::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request) {
    auto arguments = channel_arguments();
    arguments.SetSslTargetNameOverride("cache-a.cache.shardkeeper");
    const auto stub =
        pb::Agent::NewStub(grpc::CreateCustomChannel(target_of(address_of(*server_)), channel_credentials(identity), arguments));
    grpc::Status status;
    std::atomic<bool> ended = false;
    std::jthread caller([&] {
      grpc::ClientContext context;
      context.set_deadline(deadline_after(std::chrono::seconds(10)));
      Response response;
      status = (stub.get()->*method)(&context, request, &response);
      ended = true;
    });
    EXPECT_TRUE(loop_.run_until([&] { return ended.load(); }));
    return status;
  }

  RecordingAgent agent_{"cache-a"};
  std::unique_ptr<AgentServer> server_ = serve(agent_, "cache-a");
};

TEST_F(Trust, ACoordinatorOfAnotherCaIsRefused) {
  const auto other = tls::Authority::make(kCluster, now()).value();
  dialer_.set_identity(kCluster, other.issue_coordinator(now()).value());
  const auto watched = watch("cache-a", address_of(*server_));
  ASSERT_TRUE(loop_.run_until([&] { return !watched->losses.empty(); }));
  EXPECT_EQ(watched->losses[0].kind, ErrorKind::kUnavailable);
  loop_.run_for(milliseconds(100));
  EXPECT_TRUE(agent_.pushes.empty());
  EXPECT_TRUE(watched->states.empty());
}

// While one authority takes the place of another both ends trust both, whoever of them signed for whom. Both have the same name, as a renewed one has.
TEST_F(Trust, TwoAuthoritiesMayBeTrustedAtOnce) {
  const auto other = tls::Authority::make(kCluster, now()).value();
  for (const bool in_order : {true, false}) {
    const auto trusted =
        in_order ? authority_.certificate_pem() + other.certificate_pem() : other.certificate_pem() + authority_.certificate_pem();
    auto agent = agent_identity("cache-a");
    agent.ca_pem = trusted;
    auto server = AgentServer::start({.address = ip() + ":0", .cluster = kCluster, .identity = agent}, loop_.scheduler(), agent_);
    ASSERT_TRUE(server) << to_string(server.error());
    server_ = std::move(*server);
    for (const auto& signer : {authority_, other}) {
      auto coordinator = signer.issue_coordinator(now()).value();
      coordinator.ca_pem = trusted;
      const auto status = call(coordinator, &pb::Agent::Stub::GetState, pb::GetStateRequest());
      EXPECT_NE(status.error_code(), grpc::StatusCode::UNAVAILABLE) << in_order << status.error_message();
    }
  }
}

TEST_F(Trust, AClientWithACertificateOfAnotherCaIsRefusedByTheServer) {
  // This one trusts the agent's CA, so that only the server's check is left.
  auto mixed = tls::Authority::make(kCluster, now()).value().issue_coordinator(now()).value();
  mixed.ca_pem = authority_.certificate_pem();
  EXPECT_EQ(call(mixed, &pb::Agent::Stub::GetState, pb::GetStateRequest()).error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(agent_.samples.empty());
}

TEST_F(Trust, AClientWithoutACertificateIsRefused) {
  EXPECT_EQ(call({.ca_pem = authority_.certificate_pem(), .certificate_pem = "", .key_pem = ""}, &pb::Agent::Stub::GetState,
                 pb::GetStateRequest())
                .error_code(),
            grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(agent_.samples.empty());
}

TEST_F(Trust, AnAgentOfAnotherPodIsRefusedByTheLink) {
  const auto watched = watch("cache-b", address_of(*server_));
  ASSERT_TRUE(loop_.run_until([&] { return !watched->losses.empty(); }));
  EXPECT_EQ(watched->losses[0].where, "agent of pod cache-b");
  loop_.run_for(milliseconds(100));
  EXPECT_TRUE(watched->states.empty());
  EXPECT_TRUE(agent_.pushes.empty());
}

TEST_F(Trust, AnExpiredCertificateIsRefused) {
  dialer_.set_identity(kCluster, authority_.issue_coordinator(now() - std::chrono::days(400)).value());
  const auto watched = watch("cache-a", address_of(*server_));
  ASSERT_TRUE(loop_.run_until([&] { return !watched->losses.empty(); }));
  loop_.run_for(milliseconds(100));
  EXPECT_TRUE(watched->states.empty());
}

TEST_F(Trust, ARenewedCertificateIsUsedAtTheNextTry) {
  dialer_.set_identity(kCluster, authority_.issue_coordinator(now() - std::chrono::days(400)).value());
  const auto watched = watch("cache-a", address_of(*server_));
  ASSERT_TRUE(loop_.run_until([&] { return !watched->losses.empty(); }));
  dialer_.set_identity(kCluster, coordinator_identity());
  EXPECT_TRUE(loop_.run_until([&] { return !watched->states.empty(); }));
}

TEST_F(Trust, AClusterWithoutACertificateIsNamed) {
  Watched watched;
  watched.link =
      dialer_.dial(ClusterName("other"), PodName("other-a"), address_of(*server_), FenceToken{1}, kNodeTimeout, watched.events());
  EXPECT_TRUE(watched.losses.empty()) << "before dial returned";
  ASSERT_TRUE(loop_.run_until([&] { return !watched.losses.empty(); }));
  EXPECT_EQ(watched.losses[0], invalid("agent of pod other-a", "no certificate for cluster other to connect with"));
}

TEST_F(Trust, AnAgentMayNotWatch) {
  dialer_.set_identity(kCluster, agent_identity("cache-b"));
  const auto watched = watch("cache-a", address_of(*server_));
  ASSERT_TRUE(loop_.run_until([&] { return !watched->losses.empty(); }));
  EXPECT_EQ(watched->losses[0].kind, ErrorKind::kRefused);
  EXPECT_EQ(watched->losses[0].detail, "caller cache-b: a peer may not watch; only the coordinator may");
  EXPECT_TRUE(agent_.pushes.empty());
}

TEST_F(Trust, ACommandOfTheWrongShapeIsNamed) {
  pb::ExecuteRequest request;
  request.mutable_replicate()->set_primary_id("not an id");
  const auto status = call(coordinator_identity(), &pb::Agent::Stub::Execute, request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "primary_id: expected 40 hexadecimal digits, got \"not an id\"");
  EXPECT_EQ(call(coordinator_identity(), &pb::Agent::Stub::Execute, pb::ExecuteRequest()).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_TRUE(agent_.calls.empty());
}

TEST_F(Trust, AHugeMessageIsRefused) {
  pb::ExecuteRequest request;
  request.mutable_grant_start()->set_start_id("x");
  request.mutable_grant_start()->set_evidence(std::string(5 * 1024 * 1024, 'x'));
  EXPECT_EQ(call(coordinator_identity(), &pb::Agent::Stub::Execute, request).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  request.mutable_grant_start()->set_evidence(std::string(70'000, 'x'));
  EXPECT_EQ(call(coordinator_identity(), &pb::Agent::Stub::Execute, request).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_TRUE(agent_.calls.empty());
  EXPECT_TRUE(call(coordinator_identity(), &pb::Agent::Stub::GetState, pb::GetStateRequest()).ok());
}

// What a stranger gets who sends `bytes`: true when the connection was closed within `deadline`.
bool is_closed_on(const std::string& ip, int port, const std::string& bytes, milliseconds deadline) {
  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  ::inet_pton(AF_INET, ip.c_str(), &address.sin_addr);
  bool closed = ::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0;
  if (!bytes.empty()) static_cast<void>(::send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL));
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!closed && std::chrono::steady_clock::now() < end) {
    pollfd waits{client, POLLIN, 0};
    char buffer[4096];
    if (::poll(&waits, 1, 100) > 0) closed = ::recv(client, buffer, sizeof buffer, 0) <= 0;
  }
  ::close(client);
  return closed;
}

TEST_F(Trust, GarbageIsCutOffAndHurtsNobody) {
  const auto watched = watch("cache-a", address_of(*server_));
  ASSERT_TRUE(loop_.run_until([&] { return !watched->states.empty(); }));
  EXPECT_TRUE(is_closed_on(ip(), server_->port(), std::string(100'000, '\x7f'), std::chrono::seconds(10)));
  EXPECT_TRUE(is_closed_on(ip(), server_->port(), "GET / HTTP/1.1\r\n\r\n", std::chrono::seconds(10)));
  EXPECT_TRUE(is_closed_on(ip(), server_->port(), "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", std::chrono::seconds(10)));
  EXPECT_TRUE(is_closed_on(ip(), server_->port(), std::string("\x16\x03\x01\x02", 4), std::chrono::seconds(10)))
      << "half a greeting, then silence";
  watched->link->report_now(5);
  EXPECT_TRUE(loop_.run_until([&] { return watched->states.back().nonce == 5; }));
  EXPECT_TRUE(watched->losses.empty());
}

TEST_F(Trust, AServerThatSpeaksGarbageIsJustNotAnAgent) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  ::inet_pton(AF_INET, ip().c_str(), &address.sin_addr);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 8), 0);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  std::jthread babbler([listener] {
    const int client = ::accept(listener, nullptr, nullptr);
    const std::string garbage(10'000, '\x55');
    static_cast<void>(::send(client, garbage.data(), garbage.size(), MSG_NOSIGNAL));
    ::close(client);
    ::close(listener);
  });
  const auto watched = watch("cache-a", ip() + ":" + std::to_string(ntohs(address.sin_port)));
  ASSERT_TRUE(loop_.run_until([&] { return !watched->losses.empty(); }));
  EXPECT_EQ(watched->losses[0].kind, ErrorKind::kUnavailable);
}

TEST_F(Trust, APortThatIsTakenIsNamed) {
  const auto second = AgentServer::start({.address = address_of(*server_), .cluster = kCluster, .identity = agent_identity("cache-b")},
                                         loop_.scheduler(), agent_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), unavailable(address_of(*server_), "cannot be listened on: Address already in use"));
}

TEST_F(Trust, AddressesAndCertificatesThatAreNoneAreNamed) {
  const auto start = [&](const std::string& address, const tls::Identity& identity) {
    return AgentServer::start({.address = address, .cluster = kCluster, .identity = identity}, loop_.scheduler(), agent_).error();
  };
  for (const char* address : {"", "9780", "localhost:9780", "1.2.3:x", ":9780"})
    EXPECT_EQ(start(address, agent_identity("cache-b")).kind, ErrorKind::kInvalid) << address;
  EXPECT_EQ(start("192.0.2.1:9780", agent_identity("cache-b")),
            unavailable("192.0.2.1:9780", "cannot be listened on: Cannot assign requested address"));
  auto broken = agent_identity("cache-b");
  broken.key_pem = agent_identity("cache-b").key_pem;
  EXPECT_EQ(to_string(start(ip() + ":0", broken)), "private key: belongs to another certificate");
}

}  // namespace
}  // namespace shardkeeper::rpc::test
